// SPDX-License-Identifier: Apache-2.0
//
// A Rearrangement brings a store to another number of shards, before the broker starts: the shards
// that wrote the logs are made once more and take what they still owe each other; then all that
// they keep is written into logs of the next generation, each client's to the shard that it belongs
// to from now on, and the manifest is replaced. Until then a crash leaves the store as it was.
//
// Owner:   Server.      Thread: its owner's; blocks.
// Limits:  memory: all that the store keeps but the middle of long queues, and one of the old
//          shards.
#pragma once

#include "core/state/state_mover.h"
#include "server/durability/instant_log.h"
#include "server/option_schema.h"
#include "server/shard_thread.h"
#include "store/chunks/chunk_files.h"
#include "store/recovery/store_directory.h"

#include <memory>
#include <span>
#include <vector>

namespace sluice::server {

/// The first turns of shards whose threads have not started: what they tell each other of what they
/// found has been heard when this returns.
void begin_runs(std::span<const std::unique_ptr<ShardThread>> shards);

class Rearrangement {
 public:
  struct Parts {
    os::Disk& disk;
    store::StoreDirectory& directory;
    const AllOptions& options;
    Log& log;
    core::LogClock clock;
  };

  explicit Rearrangement(const Parts& parts);
  ~Rearrangement();

  store::Checked<void> run(std::uint16_t shards);

 private:
  std::size_t ring_bytes() const {
    return static_cast<std::size_t>(parts_.options.server.server.ring_bytes);
  }
  std::unique_ptr<ShardThread> make_shard(std::uint16_t index, std::uint16_t count,
                                          RingMatrix& rings, core::ChunkStore* chunks);
  store::Checked<void> restore();
  std::unexpected<store::Problem> refuse(const std::vector<core::DirectChunks::Lost>& lost) const;
  store::Checked<void> open_chunks(std::uint16_t shard);

  const Parts parts_;
  const std::uint16_t old_count_;
  RingMatrix rings_;
  std::vector<std::unique_ptr<store::ChunkFiles>> chunks_;
  std::vector<std::unique_ptr<InstantLog>> logs_;
  std::vector<std::unique_ptr<ShardThread>> shards_;
};

}  // namespace sluice::server
