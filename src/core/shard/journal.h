// SPDX-License-Identifier: Apache-2.0
//
// Journal collects what a turn changes of durable state, and holds back what must not leave before
// that is safe. All records of a turn are one batch with one ticket; an acknowledgement that stands
// for one of them waits until the driver answers that ticket, or a later one. Acknowledgements of
// one connection leave in the order they were made. What need not be on the disk waits beside the
// rest, until the operating system has it.
//
// Owner:   Shard (exactly one).      Thread: its shard's.
// Never:   I/O: the batch leaves as the `persist` effect.
// Limits:  what is held is bounded by what clients may have unacknowledged (mqtt.receive_maximum).
#pragma once

#include "base/bytes.h"
#include "base/ring_buffer.h"
#include "codec/types.h"
#include "core/ids.h"
#include "core/message/durability.h"

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
  Durability until = Durability::fsync;  ///< what the log must have done: os or fsync
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
           (!held_.empty() && held_[held_.size() - 1].ticket == ticket()) || is_written_awaited();
  }
  /// True if there is a batch to make durable; the next one begins. Once a turn.
  bool close_batch() {
    if (!is_batch_open()) return false;
    closed_changes_ = changes_;
    ++ticket_;
    return true;
  }

  void hold(Held held) { ring_of(held.until).push_back(std::move(held)); }
  /// What was held last need not wait after all. REQUIRES: something is held so.
  Held take_last(Durability until) { return ring_of(until).pop_back(); }
  /// Hands out, in order, what waited for tickets up to `durable`.
  template <class Visitor>
  void release(Ticket durable, Visitor&& visit) {
    if (!held_for_os_.empty()) [[unlikely]]
      release_written(durable, visit);
    let_go(held_, durable, visit);
  }
  /// The same for what the operating system has up to that ticket, and maybe the disk has not.
  template <class Visitor>
  void release_written(Ticket written, Visitor&& visit) {
    let_go(held_for_os_, written, visit);
  }
  /// Whether something waits for the operating system alone.
  bool has_written_waiting() const { return !held_for_os_.empty(); }
  /// The same, by the batch that is being filled.
  bool is_written_awaited() const {
    return !held_for_os_.empty() && held_for_os_[held_for_os_.size() - 1].ticket == ticket();
  }
  std::size_t held() const { return held_.size() + held_for_os_.size(); }

 private:
  RingBuffer<Held>& ring_of(Durability until) {
    return until == Durability::os ? held_for_os_ : held_;
  }
  template <class Visitor>
  static void let_go(RingBuffer<Held>& ring, Ticket ticket, Visitor&& visit) {
    while (!ring.empty() && ring.front().ticket <= ticket) {
      const Held held = ring.pop_front();
      visit(held);
    }
  }

  std::uint64_t ticket_ = 1;
  std::uint64_t changes_ = 0;
  std::uint64_t closed_changes_ = 0;
  RingBuffer<Held> held_;
  RingBuffer<Held> held_for_os_;
};

}  // namespace sluice::core
