// SPDX-License-Identifier: Apache-2.0
//
// SpillRules say how much of a queue stays in memory, and what of it may leave.
//
// Thread:  any (a value).
#pragma once

#include "core/state/state.h"

#include <algorithm>
#include <cstdint>

namespace sluice::core {

struct SpillRules {
  std::uint64_t messages = 0;  ///< of one queue; 0: all stay
  std::uint64_t bytes = 0;     ///< of one queue, as they are counted

  /// Chunks are a quarter of what stays, and not large.
  Queue::Cut cut() const {
    return {.messages = static_cast<std::size_t>(std::clamp<std::uint64_t>(messages / 4, 1, 256)),
            .bytes = static_cast<std::size_t>(
                std::clamp<std::uint64_t>(bytes / 4, 1, std::uint64_t{128} << 10))};
  }
  bool is_too_long(const Outbound& outbound) const {
    const Queue& queue = outbound.queue;
    if (messages == 0) return false;
    return queue.staying_messages() > messages ||
           outbound.queue_bytes - queue.away_bytes() - queue.leaving_bytes() > bytes;
  }
  /// What a session leaves to other members of its group must be at hand when it ends. What is in
  /// memory alone is not to be found elsewhere after a restart. And a body
  /// that many queues share takes more room as a copy for each than it does in memory.
  bool may_leave(const Chunk& chunk) const {
    constexpr std::uint64_t written_for_freed_max = 8;
    std::uint64_t written = 0;
    std::uint64_t freed = 0;
    for (const Delivery& delivery : *chunk.deliveries) {
      if (delivery.is_shared || delivery.is_volatile || !delivery.message) return false;
      const Message& message = *delivery.message;
      written += counted_bytes(message);
      freed += sizeof(Delivery) + message.memory_bytes() / message.references();
    }
    return written <= freed * written_for_freed_max;
  }
};

}  // namespace sluice::core
