// SPDX-License-Identifier: Apache-2.0
//
// Journal collects what a turn changes of durable state, and holds back what must not leave before
// that is safe. All records of a turn are one batch with one ticket; an acknowledgement that stands
// for one of them waits until the driver answers that ticket, or a later one. Acknowledgements of
// one connection leave in the order they were made.
//
// Owner:   Shard (exactly one).      Thread: its shard's.
// Never:   I/O: the batch leaves as the `persist` effect.
// Limits:  what is held is bounded by what clients may have unacknowledged (mqtt.receive_maximum).
#pragma once

#include "base/bytes.h"
#include "base/ring_buffer.h"
#include "codec/types.h"
#include "core/ids.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

/// What waits for the log: an acknowledgement, a CONNACK with all that comes behind it, a delivery
/// that may be sent.
struct Held {
  enum class Kind : std::uint8_t { acknowledgement, connack, delivery };

  Ticket ticket{};
  ConnId conn;
  SessionSlot session = no_session;
  codec::PacketId packet_id = 0;
  Kind kind = Kind::acknowledgement;
  std::vector<std::uint8_t> bytes;
};

class Journal {
 public:
  /// The ticket of the batch that is being filled.
  Ticket ticket() const { return Ticket{ticket_}; }
  /// How many changes of durable state were noted: compare before and after to see whether one was.
  std::uint64_t changes() const { return changes_; }
  void note_change() { ++changes_; }

  /// True if the batch holds something, or something waits for it: close_batch() is due.
  bool is_batch_open() const {
    return changes_ != closed_changes_ ||
           (!held_.empty() && held_[held_.size() - 1].ticket == ticket());
  }
  /// True if there is a batch to make durable; the next one begins. Once a turn.
  bool close_batch() {
    if (!is_batch_open()) return false;
    closed_changes_ = changes_;
    ++ticket_;
    return true;
  }

  void hold(Held held) { held_.push_back(std::move(held)); }
  /// What was held last need not wait after all. REQUIRES: something is held.
  Held take_last() { return held_.pop_back(); }
  /// Hands out, in order, what waited for tickets up to `durable`.
  template <class Visitor>
  void release(Ticket durable, Visitor&& visit) {
    while (!held_.empty() && held_.front().ticket <= durable) {
      const Held held = held_.pop_front();
      visit(held);
    }
  }
  std::size_t held() const { return held_.size(); }

 private:
  std::uint64_t ticket_ = 1;
  std::uint64_t changes_ = 0;
  std::uint64_t closed_changes_ = 0;
  RingBuffer<Held> held_;
};

}  // namespace sluice::core
