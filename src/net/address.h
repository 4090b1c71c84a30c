// SPDX-License-Identifier: Apache-2.0
//
// "host:port" as people write it: "example.org", "10.0.0.1:1883", "[::1]:1883", "::1", ":1883" (any
// host), "*:1883".
#pragma once

#include "base/result.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::net {

struct HostPort {
  std::string host{};  ///< without brackets; empty if none was given
  std::optional<std::uint16_t> port{};

  bool operator==(const HostPort&) const = default;
};

/// parse_error with the offset and what is wrong. A bare IPv6 address has no port.
Result<HostPort> parse_host_port(std::string_view text);
/// 0 to 65535, digits only.
Result<std::uint16_t> parse_port(std::string_view text);
/// "host:port", with brackets around an IPv6 address.
std::string to_string(const HostPort& address);

}  // namespace sluice::net
