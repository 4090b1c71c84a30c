// SPDX-License-Identifier: Apache-2.0
//
// A Link is the network between one client and the broker: what one side wrote arrives at the other
// in pieces, late, in order; or not, once the connection is lost.
//
// Owner:   the client that opened it, later World.      Thread: one.
#pragma once

#include "base/rng.h"
#include "tests/sim/choices.h"
#include "tests/sim/totals.h"
#include "tests/support/socket.h"

#include <deque>
#include <vector>

namespace sluice::sim {

class Link {
 public:
  Link(Rng& rng, const Choices& choices, Totals& totals)
      : rng_(rng), choices_(choices), totals_(totals) {}

  testing::Socket& socket() { return socket_; }
  /// The client writes.
  void send(const std::vector<std::uint8_t>& bytes, Instant now);
  /// The client has written its last byte; all of it arrives, then the end.
  void finish(Instant now);
  /// The connection is lost: bytes under way are cut anywhere. The broker hears of it later, or
  /// never.
  void lose(Instant now, bool is_told);
  /// The client reads slowly from now on, or fast again.
  void set_slow(bool is_slow);
  /// What has arrived at the client since the last call is moved to the end of `into`.
  void receive(std::vector<std::uint8_t>& into);
  /// Time passes.
  void step(Instant now, bool has_faults);

  /// The client has read all that the broker sent, and its end.
  bool is_ended_by_broker() const {
    return socket_.is_closed_by_broker && socket_.outbound.empty() && down_.empty();
  }
  bool is_quiet() const {
    return up_.empty() && down_.empty() && socket_.outbound.empty() && socket_.inbound.empty();
  }
  /// Nobody will look at it again.
  bool is_over() const { return is_lost_ && socket_.is_released; }
  bool is_lost() const { return is_lost_; }

 private:
  struct Piece {
    Instant due;
    std::vector<std::uint8_t> bytes;
  };

  Instant due_after(Instant now, const std::deque<Piece>& queue);
  void push(std::deque<Piece>& queue, ByteView bytes, Instant now);

  Rng& rng_;
  const Choices& choices_;
  Totals& totals_;
  testing::Socket socket_;
  std::deque<Piece> up_;
  std::deque<Piece> down_;
  std::vector<std::uint8_t> arrived_;
  Instant up_clogged_until_{};
  Instant down_clogged_until_{};
  Instant end_due_ = Instant::never();
  bool is_lost_ = false;
  bool is_finished_ = false;
  bool is_slow_ = false;
  bool has_faults_ = true;
};

}  // namespace sluice::sim
