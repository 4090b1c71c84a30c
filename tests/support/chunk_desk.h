// SPDX-License-Identifier: Apache-2.0
//
// A ChunkDesk carries out what a shard asks of its chunks, in turns after the one that asked: what
// a thread of the broker does, without the thread.
//
// Owner:   a driver of a shard.      Thread: one.
#pragma once

#include "core/shard/shard.h"
#include "core/state/chunk_store.h"

#include <deque>
#include <limits>
#include <utility>

namespace sluice::testing {

class ChunkDesk {
 public:
  /// Null: the shard asks for nothing.
  explicit ChunkDesk(core::ChunkStore* store) : store_(store) {}

  void take(core::ChunkRequest request) { requests_.push_back(std::move(request)); }
  bool has_work() const { return !requests_.empty() && turn_max_ > 0; }
  /// So many in each turn, from now on.
  void set_turn_max(std::size_t count) { turn_max_ = count; }
  /// In a turn.
  void carry_out(core::Shard& shard) {
    for (std::size_t i = 0; i < turn_max_ && !requests_.empty(); ++i) {
      const core::ChunkRequest request = std::move(requests_.front());
      requests_.pop_front();
      const core::ChunkAnswer answer = core::carry_out(*store_, request);
      if (request.kind != core::ChunkRequest::Kind::forget) shard.on_chunk(answer);
    }
  }

 private:
  core::ChunkStore* const store_;
  std::deque<core::ChunkRequest> requests_;
  std::size_t turn_max_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace sluice::testing
