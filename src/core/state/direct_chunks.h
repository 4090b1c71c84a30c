// SPDX-License-Identifier: Apache-2.0
//
// DirectChunks keeps the queues of a State short in memory while no turns run: chunks are written
// and read at once.
//
// Owner:   Replay, StateMover.      Thread: its owner's; blocks.
// Limits:  session.queue_memory_messages, session.queue_memory_bytes.
#pragma once

#include "core/state/chunk_store.h"
#include "core/state/record_writer.h"
#include "core/state/spill_rules.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::core {

class DirectChunks {
 public:
  /// `store`: null if nothing is kept outside memory; then nothing leaves it, and what has left it
  /// is lost.
  DirectChunks(State& state, ChunkStore* store, const SpillRules& rules, const LogClock& clock)
      : state_(state), store_(store), rules_(rules), clock_(clock) {
    if (store_ != nullptr) state_.note_chunk(store_->last());
  }

  /// The log names it.
  void note_imaged(ChunkId id) {
    if (store_ != nullptr) store_->keep(id);
  }
  /// After something was queued: what is too long leaves memory.
  void after_push(SessionSlot slot);
  /// The first of the queue can be taken when this returns, if there is one.
  void before_pop(SessionSlot slot);
  /// What left memory for good.
  void release();
  /// What could not be read, and whose it was.
  struct Lost {
    std::string client_id;
    std::uint32_t messages = 0;
  };
  const std::vector<Lost>& lost() const { return lost_; }

 private:
  bool write(Session& session, Chunk& chunk);

  State& state_;
  ChunkStore* const store_;
  const SpillRules rules_;
  const LogClock clock_;
  std::vector<Lost> lost_;
  bool has_failed_ = false;  // to write: all that is to come stays in memory
};

}  // namespace sluice::core
