// SPDX-License-Identifier: Apache-2.0
//
// A SocketAddress is what bind and connect take: IPv4, IPv6 or the path of a Unix socket. A path
// that starts with '@' is in the abstract namespace of Linux.
//
// Owner:   whoever holds the value.         Thread: any.
#pragma once

#include "base/peer.h"
#include "base/result.h"

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::os {

class SocketAddress {
 public:
  SocketAddress() = default;
  /// REQUIRES: size <= 128.
  SocketAddress(const sockaddr* address, std::size_t size);

  /// From a numeric address ("127.0.0.1", "::1", "fe80::1%eth0"); invalid_argument if it is none.
  static Result<SocketAddress> from_ip(const std::string& ip, std::uint16_t port);
  /// limit_exceeded if the path is longer than 107 bytes.
  static Result<SocketAddress> from_unix_path(std::string_view path);

  bool is_unix() const;
  bool is_ipv6() const;
  /// The path of a Unix address, "@name" if it is abstract; empty for others.
  std::string unix_path() const;
  /// The address as a Peer; an IPv4 address mapped into IPv6 becomes IPv4.
  Peer peer() const;
  /// "127.0.0.1:1883", "[::1]:1883", "/run/sluice.sock".
  std::string text() const;

  const sockaddr* data() const;
  std::size_t size() const { return size_; }
  int family() const;

 private:
  alignas(8) std::array<std::byte, 128> storage_{};
  std::size_t size_ = 0;
};

/// All stream addresses of a host name, in the system's order of preference. Blocks (DNS): for a
/// pool thread or a command, never for a shard.
Result<std::vector<SocketAddress>> resolve(const std::string& host, std::uint16_t port);

}  // namespace sluice::os
