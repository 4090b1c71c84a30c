// SPDX-License-Identifier: Apache-2.0
#include "net/address.h"

#include <algorithm>
#include <charconv>

namespace sluice::net {
namespace {

Failure wrong_at(std::size_t offset, const char* detail) {
  return fail(Error{.code = ErrorCode::parse_error,
                    .offset = static_cast<std::uint32_t>(offset),
                    .detail = detail});
}

/// Letters, digits and what stands in names and addresses; bytes of UTF-8 names pass to the
/// resolver.
bool is_host_byte(char c) {
  const auto byte = static_cast<unsigned char>(c);
  const bool is_alphanumeric =
      (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
  return is_alphanumeric || byte >= 0x80 || std::string_view("-._:%").contains(c);
}

Result<std::string> check_host(std::string_view host) {
  if (host == "*") return std::string();
  if (host.size() > 255) return wrong_at(255, "a host name has at most 255 bytes");
  const auto wrong = std::ranges::find_if_not(host, is_host_byte);
  if (wrong == host.end()) return std::string(host);
  return wrong_at(static_cast<std::size_t>(wrong - host.begin()),
                  "this character is not allowed in a host name");
}

Result<HostPort> parse_bracketed(std::string_view text) {
  const auto bracket = text.find(']');
  if (bracket == std::string_view::npos) return wrong_at(text.size(), "a ']' is missing");
  SLUICE_TRY(std::string host, check_host(text.substr(1, bracket - 1)));
  if (!host.contains(':')) return wrong_at(1, "only an IPv6 address stands in brackets");
  const std::string_view rest = text.substr(bracket + 1);
  if (rest.empty()) return HostPort{std::move(host), std::nullopt};
  if (rest.front() != ':') return wrong_at(bracket + 1, "only ':' and a port may follow a ']'");
  SLUICE_TRY(const std::uint16_t port, parse_port(rest.substr(1)));
  return HostPort{std::move(host), port};
}

}  // namespace

Result<HostPort> parse_host_port(std::string_view text) {
  if (text.empty()) return wrong_at(0, "a host is missing");
  if (text.front() == '[') return parse_bracketed(text);
  const auto colon = text.find(':');
  const bool is_bare_ipv6 = colon != text.rfind(':');
  SLUICE_TRY(std::string host, check_host(is_bare_ipv6 ? text : text.substr(0, colon)));
  if (colon == std::string_view::npos || is_bare_ipv6)
    return HostPort{std::move(host), std::nullopt};
  SLUICE_TRY(const std::uint16_t port, parse_port(text.substr(colon + 1)));
  return HostPort{std::move(host), port};
}

Result<std::uint16_t> parse_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port > 65535)
    return fail(ErrorCode::parse_error, "a port is a number from 0 to 65535");
  return static_cast<std::uint16_t>(port);
}

std::string to_string(const HostPort& address) {
  std::string text = address.host.contains(':') ? "[" + address.host + "]" : address.host;
  if (address.port) text += ":" + std::to_string(*address.port);
  return text;
}

}  // namespace sluice::net
