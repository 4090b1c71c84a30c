// SPDX-License-Identifier: Apache-2.0
//
// NextGeneration writes what a StateMover has taken into logs of the next generation of a store,
// one for each shard, and makes them the ones that count. Until then a crash leaves the store as it
// was.
//
// Owner:   Rearrangement, or the simulator.      Thread: one; blocks.
#pragma once

#include "core/state/record_writer.h"
#include "core/state/state_mover.h"
#include "store/recovery/store_directory.h"
#include "store/wal/log_writer.h"

namespace sluice::server {

class NextGeneration {
 public:
  struct Parts {
    os::Disk& disk;
    store::StoreDirectory& directory;
    store::SegmentSizes sizes;
    core::LogClock clock;
  };

  explicit NextGeneration(const Parts& parts) : parts_(parts) {}

  store::Checked<void> write(core::StateMover& mover, Instant now);

 private:
  static constexpr std::size_t batch_bytes = std::size_t{256} << 10;

  store::Checked<void> write(core::State& state, const store::LogPlace& place, Instant now);

  const Parts parts_;
};

}  // namespace sluice::server
