// SPDX-License-Identifier: Apache-2.0
//
// Output collects what each connection is to be sent in a turn, so that the driver writes once per
// connection. Packets are encoded into an arena that lives until the end of the turn; a
// connection's lane is a list of pieces of it, and pieces that touch are one. The same bytes for a
// hundred subscribers are therefore encoded once and stand in a hundred lanes, and a batch to one
// subscriber is one piece. Large payloads are referred to by their Message. What a socket did not
// take moves to memory of the lane when the turn ends.
//
// Owner:   Shard.
// Thread:  its shard's; the driver of the shard calls gather(), consume() and end_turn() in the
//          same one.
// Never:   I/O. Allocation once warm, unless a socket is full.
// Limits:  the caller looks at backlog_bytes() before it adds (limits.write_buffer_bytes).
#pragma once

#include "base/assert.h"
#include "base/bytes.h"
#include "base/ring_buffer.h"
#include "core/ids.h"
#include "core/message/message.h"
#include "core/output/arena.h"

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace sluice::core {

class Output {
 public:
  Output();
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output();

  // --- for the core ---

  /// Room for `size` contiguous bytes in the arena, valid until end_turn(). Follow with commit()
  /// before the next reserve().
  MutableByteView reserve(std::size_t size) { return packets_.reserve(size); }
  /// The first `size` bytes of the last reserve() are written; they may now be sent any number of
  /// times.
  ByteView commit(std::size_t size) { return packets_.commit(size); }
  /// The same for acknowledgements. They have an arena of their own: those that answer one read lie
  /// side by side although each may stand for messages written to others in between.
  MutableByteView reserve_ack(std::size_t size) { return acks_.reserve(size); }
  ByteView commit_ack(std::size_t size) { return acks_.commit(size); }
  /// Appends committed bytes to a connection's lane.
  void send(ConnId conn, ByteView committed);
  /// Appends a part of a message's payload by reference; the message lives until it is written.
  void send_payload(ConnId conn, const MessageRef& message, ByteView part);

  /// Bytes that sockets have not taken in earlier turns.
  std::size_t backlog_bytes(ConnId conn) const {
    if (backlog_bytes_ == 0) return 0;
    const Lane* lane = find_lane(conn);
    return lane != nullptr && lane->backlog ? lane->backlog->bytes : 0;
  }
  /// All bytes not written yet.
  std::size_t pending_bytes(ConnId conn) const;
  /// Bytes appended to lanes since begin of the turn, for the turn's bound.
  std::size_t turn_bytes() const { return turn_bytes_; }

  // --- for the driver ---

  /// Connections with something to write that has been added in this turn, in the order of their
  /// first bytes. Each once.
  std::span<const ConnId> dirty() const { return dirty_; }
  /// Fills `slices` with the next unwritten pieces, at most `bytes_max` in all; returns how many.
  std::size_t gather(ConnId conn, std::span<ByteView> slices, std::size_t bytes_max) const;
  /// The first `size` bytes of a lane are written.
  void consume(ConnId conn, std::size_t size);
  /// True once after a lane that held bytes of earlier turns has become empty.
  bool take_drained(ConnId conn);
  /// Drops what a connection has not been sent: its transport is gone.
  void drop(ConnId conn);
  /// Takes all unwritten bytes of a lane out of this Output (the connection moves to another
  /// thread). Rarely called.
  std::vector<std::uint8_t> take(ConnId conn);
  /// Moves what is left in the lanes out of the arena and starts the next turn.
  void end_turn();
  /// Memory of the arena and of all backlogs.
  std::size_t bytes() const;

 private:
  static constexpr std::uint32_t none = 0xffffffffU;

  struct Piece {
    const std::uint8_t* data = nullptr;
    std::size_t size = 0;
    std::uint32_t next = none;
    std::uint32_t owner = none;  // index into owners_: keeps a message alive
  };
  struct Kept {  // what outlives a turn
    std::unique_ptr<std::uint8_t[]> storage;
    MessageRef message;
    ByteView bytes;
  };
  struct Backlog {
    RingBuffer<Kept> pieces;
    std::size_t bytes = 0;
  };
  struct Lane {
    std::uint32_t generation = 0;
    std::uint32_t first = none;
    std::uint32_t last = none;
    bool is_dirty = false;
    bool is_drained = false;
    std::size_t turn_bytes = 0;
    std::unique_ptr<Backlog> backlog;
  };
  Lane& lane(ConnId conn);
  const Lane* find_lane(ConnId conn) const {
    if (conn.slot >= lanes_.size()) return nullptr;
    const Lane& lane = lanes_[conn.slot];
    return lane.generation == conn.generation ? &lane : nullptr;
  }
  void append(Lane& lane, ConnId conn, const std::uint8_t* data, std::size_t size,
              std::uint32_t owner);
  void keep_rest(Lane& lane);

  std::vector<Lane> lanes_;
  std::vector<ConnId> dirty_;
  std::vector<Piece> pieces_;
  std::vector<MessageRef> owners_;
  Arena packets_{256 * 1024, 24};  // 6 MiB: a full turn's output
  Arena acks_{64 * 1024, 16};
  std::size_t turn_bytes_ = 0;
  std::size_t backlog_bytes_ = 0;
};

}  // namespace sluice::core
