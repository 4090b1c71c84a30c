// SPDX-License-Identifier: Apache-2.0
#include "cli/compare/exchange.h"

#include "os/clock.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_address.h"
#include "os/socket/socket_io.h"
#include "os/socket/socket_options.h"
#include "os/socket/tcp_counts.h"

#include <array>

namespace sluice::cli {
namespace {

/// IPv4 and TCP with its time stamps, as Linux sends them; a SYN has eight bytes more.
constexpr std::uint64_t header_bytes = 52;
constexpr std::uint64_t syn_bytes = 60;

}  // namespace

WireCounts& WireCounts::operator+=(const WireCounts& other) {
  bytes += other.bytes;
  payload += other.payload;
  packets += other.packets;
  connections += other.connections;
  return *this;
}

Result<std::unique_ptr<Exchange>> Exchange::open(std::uint16_t port) {
  SLUICE_TRY(const auto address, os::SocketAddress::from_ip("127.0.0.1", port));
  SLUICE_TRY(auto socket, os::start_connect(address));
  SLUICE_TRY(auto reactor, os::Reactor::create());
  SLUICE_CHECK(reactor->add(socket.get(), 1, os::Watch::level_write));
  if (reactor->wait(patience).empty()) return fail(ErrorCode::timed_out, "no connection in time");
  SLUICE_CHECK(os::connect_outcome(socket.get()));
  SLUICE_CHECK(reactor->modify(socket.get(), 1, os::Watch::level_read));
  os::set_no_delay(socket.get(), true);
  return std::make_unique<Exchange>(std::move(socket), std::move(reactor));
}

Result<void> Exchange::send(ByteView bytes) {
  const Instant deadline = os::monotonic_now() + patience;
  while (!bytes.empty()) {
    const auto sent = os::write_socket(socket_.get(), bytes);
    if (sent)
      bytes = bytes.subspan(*sent);
    else if (sent.error().code != ErrorCode::would_block)
      return fail(sent.error());
    else if (os::monotonic_now() > deadline)
      return fail(ErrorCode::timed_out, "the server takes nothing");
    else {
      SLUICE_CHECK(reactor_->modify(socket_.get(), 1, os::Watch::level_write));
      reactor_->wait(patience);
      SLUICE_CHECK(reactor_->modify(socket_.get(), 1, os::Watch::level_read));
    }
  }
  return {};
}

Result<std::size_t> Exchange::receive(MutableByteView into, Duration most) {
  for (int attempt = 0; attempt < 2; ++attempt) {
    const auto got = os::read_socket(socket_.get(), into);
    if (got || got.error().code != ErrorCode::would_block) return got;
    if (attempt == 0) reactor_->wait(most);
  }
  return fail(ErrorCode::timed_out, "no answer in time");
}

Result<WireCounts> Exchange::counts() const {
  SLUICE_TRY(const os::TcpCounts tcp, os::tcp_counts(socket_.get()));
  WireCounts counts;
  counts.payload = tcp.bytes_sent + tcp.bytes_received;
  counts.packets = tcp.segments_sent + tcp.segments_received;
  counts.bytes = counts.payload + counts.packets * header_bytes + 2 * (syn_bytes - header_bytes);
  counts.connections = 1;
  return counts;
}

Result<WireCounts> Exchange::close() {
  os::shutdown_socket_write(socket_.get());
  std::array<std::uint8_t, 4096> rest{};
  while (receive(rest, patience)) {
  }
  auto counts = this->counts();
  socket_.close();
  return counts;
}

}  // namespace sluice::cli
