// SPDX-License-Identifier: Apache-2.0
//
// ChunkStore keeps chunks of queues outside memory, for those who may wait for it: a shard that
// starts, before its first turn, and whoever moves what a store keeps. In turns the effect `chunk`
// says the same without waiting.
//
// Owner:   the server, or the simulator.      Thread: that of its user; blocks.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "core/ids.h"
#include "core/shard/chunk_requests.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

class ChunkStore {
 public:
  virtual ~ChunkStore() = default;

  /// Gives the checksum by which it is to be asked for. Not durable before the store is synced.
  virtual Result<std::uint32_t> write(ChunkId id, ByteView bytes) = 0;
  /// What was written; parse_error if that is not what is there.
  virtual Result<std::vector<std::uint8_t>> read(ChunkId id, std::uint32_t checksum) = 0;
  /// It is named by a log that is being read: it stays until it is released.
  virtual void keep(ChunkId id) = 0;
  /// It is not needed once the log does not name it any more.
  virtual void release(ChunkId id) = 0;
  /// The last one that it has ever seen.
  virtual ChunkId last() const = 0;
};

/// Does what a shard asks, and gives the answer; none is wanted to what is to be forgotten.
ChunkAnswer carry_out(ChunkStore& store, const ChunkRequest& request);

}  // namespace sluice::core
