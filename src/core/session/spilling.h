// SPDX-License-Identifier: Apache-2.0
//
// Spilling keeps the queues of a shard short in memory: what waits in the middle of a long one
// leaves as chunks by the effect `chunk`, and comes back before its client needs it. Bodies leave
// memory only once they are known to be safe; the log has them too, until a checkpoint names the
// chunk in their place.
//
// Owner:   Delivering (exactly one).      Thread: its shard's.
// State:   what is being written; since when nothing can be.
// Limits:  session.queue_memory_messages, session.queue_memory_bytes. Messages that came by shared
//          subscriptions, and bodies that many queues share, stay in memory.
#pragma once

#include "core/shard/context.h"

#include <cstdint>

namespace sluice::core {

class Spilling {
 public:
  explicit Spilling(Context& context) : c_(context) {}

  /// After something joined the queue.
  void after_push(Session& session) {
    if (c_.setup.chunks == nullptr) return;
    if (c_.spill_rules().is_too_long(session.outbound())) [[unlikely]]
      shorten(session);
  }
  /// After something left the queue of a client that is there: what it needs next is asked for.
  void look_ahead(Session& session);
  void on_written(const ChunkAnswer& answer);
  /// True if the session has more to send now, or to drop.
  bool on_read(const ChunkAnswer& answer);

 private:
  /// How long nothing is tried after there was no room.
  static constexpr Duration refusal_pause = std::chrono::seconds(2);
  /// Chunks that are being written at most: a disk that is slow must not fill memory twice.
  static constexpr std::uint32_t writes_max = 256;

  void shorten(Session& session);
  void send_away(Session& session, Chunk& chunk);
  Session* find(const ChunkAnswer& answer);

  Context& c_;
  Instant next_try_{};
  std::uint32_t writes_ = 0;  // not answered
  bool is_refused_ = false;
};

}  // namespace sluice::core
