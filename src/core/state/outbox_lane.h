// SPDX-License-Identifier: Apache-2.0
//
// An OutboxLane is what one shard owes another: messages that were acknowledged, or will be, on
// this shard's log, and that the other's log does not have yet. Sequences grow by one; the other
// shard tells up to which it has them. The lane also knows what came the other way.
//
// Owner:   State, one for each other shard.      Thread: its shard's.
// Limits:  limits.outbox_bytes_max, looked at by whoever adds.
#pragma once

#include "base/ring_buffer.h"
#include "core/ids.h"
#include "core/message/message.h"

#include <cstdint>
#include <string>

namespace sluice::core {

struct OutboxEntry {
  std::uint64_t sequence = 0;
  MessageRef message{};
  std::string shared{};              ///< $share/NAME/FILTER if it is for one member of a group
  SessionSlot session = no_session;  ///< of the member on the other shard; unknown after a restart
  std::uint32_t number = 0;          ///< Session::number of the member
  std::uint8_t hops = 0;
  bool is_for_subscribers = false;
  bool is_to_retain = false;
  bool is_again = false;  ///< made of an entry from before a restart; not in the log
};

struct OutboxLane {
  RingBuffer<OutboxEntry> entries;  ///< consecutive sequences
  std::uint64_t last_sequence = 0;  ///< used on this lane, or known to the other shard
  std::uint64_t applied = 0;        ///< of what the other shard has sent to this one
};

}  // namespace sluice::core
