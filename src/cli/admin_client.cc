// SPDX-License-Identifier: Apache-2.0
#include "cli/admin_client.h"

#include "net/address.h"
#include "os/clock.h"
#include "os/reactor/reactor.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_address.h"
#include "os/socket/socket_io.h"

#include <array>
#include <charconv>

namespace sluice::cli {
namespace {

constexpr Duration answer_timeout = 10s;

std::unexpected<std::string> no(std::string text) { return std::unexpected(std::move(text)); }

// Waits until the socket can be read, or written, as `watch` says.
bool wait_for(int fd, os::Watch watch, Instant deadline) {
  auto reactor = os::Reactor::create();
  if (!reactor || !(*reactor)->add(fd, 1, watch)) return false;
  const Duration left = deadline - os::monotonic_now();
  return left > Duration{} && !(*reactor)->wait(left).empty();
}

std::expected<os::FileDescriptor, std::string> connect_to(std::string_view address,
                                                          Instant deadline) {
  if (address.starts_with("http://")) address.remove_prefix(7);
  if (address.ends_with('/')) address.remove_suffix(1);
  const auto parsed = net::parse_host_port(address);
  if (!parsed || !parsed->port)
    return no("'" + std::string(address) + "' is not an address; give HOST:PORT");
  const auto found = os::resolve(parsed->host, *parsed->port);
  if (!found) return no("there is no host '" + parsed->host + "'");
  for (const os::SocketAddress& each : *found) {
    auto socket = os::start_connect(each);
    if (!socket || !wait_for(socket->get(), os::Watch::level_write, deadline)) continue;
    if (os::connect_outcome(socket->get())) return std::move(*socket);
  }
  return no("no broker's administration port answers at " + std::string(address) +
            "; `sluice serve` prints where it is, --admin HOST:PORT says so here");
}

std::expected<std::string, std::string> read_all(int fd, Instant deadline) {
  std::string all;
  std::array<std::uint8_t, 65536> part;
  while (all.size() < answer_bytes_max) {
    const auto size = os::read_socket(fd, part);
    if (size) {
      all.append(as_text(ByteView(part.data(), *size)));
      continue;
    }
    if (size.error().code == ErrorCode::closed) return all;
    if (!wait_for(fd, os::Watch::level_read, deadline))
      return no("the administration port did not answer in time");
  }
  return no("the answer is larger than 256 MiB");
}

}  // namespace

std::string encoded_segment(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool is_plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                          (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '_' || byte == '.';
    if (is_plain)
      encoded += c;
    else
      encoded.append("%").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return encoded;
}

std::expected<AdminAnswer, std::string> ask_admin(std::string_view address, std::string_view method,
                                                  std::string_view target) {
  const Instant deadline = os::monotonic_now() + answer_timeout;
  auto socket = connect_to(address, deadline);
  if (!socket) return no(socket.error());
  std::string request(method);
  request.append(" ").append(target).append(
      " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
  ByteView rest = as_bytes(request);
  while (!rest.empty()) {
    const auto size = os::write_socket(socket->get(), rest);
    if (!size && size.error().code != ErrorCode::would_block)
      return no("the administration port closed the connection");
    if (size)
      rest = rest.subspan(*size);
    else if (!wait_for(socket->get(), os::Watch::level_write, deadline))
      return no("the administration port takes no request");
  }
  const auto all = read_all(socket->get(), deadline);
  if (!all) return no(all.error());
  const std::size_t end = all->find("\r\n\r\n");
  if (!all->starts_with("HTTP/1.1 ") || end == std::string::npos || all->size() < 12)
    return no("what listens at " + std::string(address) + " is not a broker's administration port");
  AdminAnswer answer;
  std::from_chars(all->data() + 9, all->data() + 12, answer.status);
  answer.body = all->substr(end + 4);
  return answer;
}

}  // namespace sluice::cli
