// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/turn_driver.h"

#include <algorithm>
#include <cerrno>

namespace sluice::sim {
namespace {

/// The broker's end of a Link as a transport.
class SocketTransport final : public net::Transport {
 public:
  SocketTransport(testing::Socket& socket, const Peer& peer, const std::size_t* read_max)
      : socket_(socket), peer_(peer), read_max_(read_max) {}
  ~SocketTransport() override { socket_.is_closed_by_broker = socket_.is_released = true; }

  Result<std::size_t> read(MutableByteView into) override {
    auto& in = socket_.inbound;
    if (socket_.is_reset) return closed();
    if (in.empty()) return socket_.is_ended ? closed() : would_block();
    const std::size_t size = std::min({into.size(), in.size(), *read_max_});
    std::copy_n(in.begin(), size, into.begin());
    in.erase(in.begin(), in.begin() + static_cast<std::ptrdiff_t>(size));
    return size;
  }
  Result<std::size_t> write(std::span<const net::IoSlice> slices) override {
    if (socket_.is_reset) return closed();
    std::size_t written = 0;
    for (const net::IoSlice& slice : slices) {
      const std::size_t part = socket_.write({slice.data, slice.size});
      written += part;
      if (part < slice.size) break;
    }
    if (written == 0) return would_block();
    return written;
  }
  void shutdown_write() override { socket_.is_closed_by_broker = true; }
  void reset_on_close() override {}
  int fd() const override { return -1; }
  Peer peer() const override { return peer_; }
  Peer local() const override { return peer_; }
  // A short read is no sign that there is no more.
  bool has_buffered_input() const override { return !socket_.inbound.empty(); }

  const testing::Socket& socket() const { return socket_; }
  void set_read_max(const std::size_t* read_max) { read_max_ = read_max; }

 private:
  static std::unexpected<Error> closed() {
    return std::unexpected(Error{.code = ErrorCode::closed, .detail = "the peer has ended"});
  }
  static std::unexpected<Error> would_block() {
    return std::unexpected(Error{.code = ErrorCode::would_block, .detail = "nothing now"});
  }

  testing::Socket& socket_;
  const Peer peer_;
  const std::size_t* read_max_;
};

}  // namespace

TurnDriver::TurnDriver(const Setup& setup, const core::CoreOptions& options, Log& log,
                       server::RingMatrix& rings, Instant now)
    : rng_(setup.seed),
      clock_(setup.shard.log_clock),
      time_over_in_(setup.time_over_in),
      turn_(setup.shard, options, setup.turn, rng_, log, rings, *this, now) {}

void TurnDriver::accept(testing::Socket& socket, const Peer& peer) {
  accepted_.emplace_back(std::make_unique<SocketTransport>(socket, peer, &read_max_),
                         core::Opened{.peer = peer});
}

bool TurnDriver::watch(const net::Transport& transport, core::ConnId id) {
  watched_.push_back({&transport, id});
  return true;
}

void TurnDriver::unwatch(const net::Transport& transport) {
  std::erase_if(watched_, [&](const Watched& w) { return w.transport == &transport; });
}

bool TurnDriver::is_time_over() { return time_over_in_ > 0 && rng_.chance(1, time_over_in_); }

bool TurnDriver::may_attend_churn(std::size_t done) {
  return done == 0 || time_over_in_ == 0 || !rng_.chance(1, time_over_in_);
}

bool TurnDriver::begin_run(Instant now) {
  now_ = now;
  turn_.begin(now);
  shard().begin_run();
  turn_.run();
  return turn_.finish() != 0;
}

bool TurnDriver::run_once(Instant now) {
  now_ = now;
  turn_.begin(now);
  turn_.run();
  return turn_.finish() != 0 || turn_.has_work();
}

void TurnDriver::turn(Instant now, std::size_t read_max) {
  now_ = now;
  read_max_ = read_max;
  turn_.begin(now);
  for (auto& [transport, opened] : accepted_) turn_.add(std::move(transport), opened);
  accepted_.clear();
  for (server::HandOverLetter& letter : letters_) {
    static_cast<SocketTransport&>(*letter.transport).set_read_max(&read_max_);
    turn_.adopt(std::move(letter));
  }
  letters_.clear();
  // What a reactor would tell.
  const std::vector<Watched> watched = watched_;
  for (const Watched& w : watched) {
    const testing::Socket& socket = static_cast<const SocketTransport&>(*w.transport).socket();
    const bool is_gone = socket.is_reset || socket.is_ended;
    const bool is_readable = is_gone || !socket.inbound.empty();
    const bool is_writable = socket.free_room() > 0 || socket.is_reset;
    if (is_readable || is_writable) turn_.on_ready(w.id, {is_readable, is_writable, is_gone});
  }
  turn_.run();
  turn_.finish();
}

}  // namespace sluice::sim
