// SPDX-License-Identifier: Apache-2.0
//
// NextGeneration writes what a StateMover has taken into logs of the next generation of a store,
// one for each shard, and makes them the ones that count. Until then a crash leaves the store as it
// was.
//
//   prepare();  what is moved may have chunks in chunk_stores();  write();
//
// Owner:   Rearrangement, or the simulator.      Thread: one; blocks.
#pragma once

#include "core/state/record_writer.h"
#include "core/state/state_mover.h"
#include "store/chunks/chunk_files.h"
#include "store/recovery/store_directory.h"
#include "store/wal/log_writer.h"

#include <memory>
#include <vector>

namespace sluice::server {

class NextGeneration {
 public:
  struct Parts {
    os::Disk& disk;
    store::StoreDirectory& directory;
    store::SegmentSizes sizes;
    std::uint64_t chunk_file_bytes;
    core::LogClock clock;
  };

  explicit NextGeneration(const Parts& parts) : parts_(parts) {}

  store::Checked<void> prepare(std::uint16_t shards);
  std::vector<core::ChunkStore*> chunk_stores() const;
  /// REQUIRES: a mover to as many shards.
  store::Checked<void> write(core::StateMover& mover, Instant now);

 private:
  static constexpr std::size_t batch_bytes = std::size_t{256} << 10;

  store::Checked<void> write(core::State& state, const store::LogPlace& place, Instant now);

  const Parts parts_;
  std::vector<store::LogPlace> places_;
  std::vector<std::unique_ptr<store::ChunkFiles>> chunks_;
};

}  // namespace sluice::server
