// SPDX-License-Identifier: Apache-2.0
//
// An OutboundWindow holds the operations of a client that wait for an answer: publishes of QoS 1
// and 2 with their bytes for a re-send, subscribes and unsubscribes. Packet identifiers are given
// in a circle, so an identifier names a place in a ring and the order of sending is kept.
//
// Owner:   ClientMachine.      Thread: its owner's.
// Never:   allocation for a message that fits the bytes its place had before.
// Limits:  65,535 identifiers from the oldest unanswered operation to the newest.
// Spec:    MQTT 5.0 §2.2.1, §4.3, §4.4.
#pragma once

#include "base/bytes.h"
#include "codec/types.h"

#include <cstdint>
#include <vector>

namespace sluice::client {

/// What an operation waits for.
enum class Stage : std::uint8_t { free, puback, pubrec, pubcomp, suback, unsuback };

class OutboundWindow {
 public:
  struct Entry {
    Stage stage = Stage::free;
    bool is_sent = false;     ///< on this connection
    bool is_counted = false;  ///< takes one of the server's Receive Maximum
    bool is_repeat = false;   ///< was sent on an earlier connection: DUP
    std::uint32_t filters = 0;
    std::vector<std::uint8_t> bytes;  ///< the PUBLISH as sent, empty for the others
  };

  /// True if there is an identifier left.
  bool has_room() const { return end_ - begin_ < ids_max; }
  /// The identifier that add() will give next.
  codec::PacketId next_id() const { return id_of(end_); }
  /// REQUIRES: has_room().
  Entry& add(Stage stage);
  /// The entry that an earlier run has given that identifier, behind those of the ones restored
  /// before; null if it cannot stand there.
  Entry* restore(codec::PacketId id, Stage stage);
  /// The entry of an identifier, or null if nothing waits under it. Valid until the next add().
  Entry* find(codec::PacketId id);
  /// REQUIRES: an entry of this identifier.
  void remove(codec::PacketId id);
  void clear();

  /// Operations that wait.
  std::size_t size() const { return size_; }
  /// Walks entries in the order of sending, free ones included, by position from begin() to end().
  std::uint64_t begin() const { return begin_; }
  std::uint64_t end() const { return end_; }
  Entry& at(std::uint64_t position) { return ring_[position & (ring_.size() - 1)]; }
  static codec::PacketId id_of(std::uint64_t position) {
    return static_cast<codec::PacketId>(position % ids_max + 1);
  }

 private:
  static constexpr std::uint64_t ids_max = 65'535;
  void grow();
  void release(Entry& entry);

  std::vector<Entry> ring_;  ///< a power of two
  std::uint64_t begin_ = 0;  ///< the oldest that waits
  std::uint64_t end_ = 0;
  std::size_t size_ = 0;
};

}  // namespace sluice::client
