// SPDX-License-Identifier: Apache-2.0
//
// A Peer names one end of a connection: an IP address and port, a Unix socket's process, or an end
// of an in-memory pair. It is a small value: copied into log lines, events and access rules.
//
// Owner:   whoever holds the value.        Thread: any.
// Never:   allocates, except in to_string(); resolves names.
// Spec:    RFC 5952 (text of IPv6 addresses).
#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace sluice {

enum class PeerKind : std::uint8_t { none, ipv4, ipv6, unix_socket, memory };

struct Peer {
  std::array<std::uint8_t, 16> address{};  ///< network order; the first 4 bytes for ipv4
  std::uint32_t id = 0;  ///< ipv6: scope; unix_socket: process (0 unknown); memory: its number
  std::uint16_t port = 0;
  PeerKind kind = PeerKind::none;

  bool operator==(const Peer&) const = default;
  bool is_ip() const { return kind == PeerKind::ipv4 || kind == PeerKind::ipv6; }
  /// True for 127.0.0.0/8, ::1, Unix sockets and in-memory pairs: nobody else's machine.
  bool is_local() const;
};

/// "127.0.0.1", "fe80::1%2", "unix:812" (process 812), "memory:3"; "none" if it is nobody.
std::string address_text(const Peer& peer);
/// As address_text, with the port where there is one: "127.0.0.1:1883", "[::1]:1883".
std::string to_string(const Peer& peer);

}  // namespace sluice
