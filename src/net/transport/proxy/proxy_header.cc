// SPDX-License-Identifier: Apache-2.0
#include "net/transport/proxy/proxy_header.h"

#include "net/address.h"
#include "os/socket/socket_address.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::net {
namespace {

constexpr std::string_view v1_begin = "PROXY ";
constexpr std::size_t v1_bytes_max = 107;
constexpr std::string_view v2_begin("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t v2_fixed_bytes = 16;
constexpr std::uint8_t type_ssl = 0x20;
constexpr std::uint8_t subtype_common_name = 0x22;

ProxyHeader wrong(const char* problem) {
  return {.state = ProxyHeader::State::wrong, .problem = problem};
}

// The part up to the next space, which is cut off too.
std::string_view take_word(std::string_view& rest) {
  const std::string_view word = rest.substr(0, rest.find(' '));
  rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  return word;
}

ProxyHeader parse_v1(std::string_view text) {
  const auto end = text.find("\r\n");
  if (end == std::string_view::npos)
    return text.size() >= v1_bytes_max ? wrong("a line of PROXY has at most 107 bytes")
                                       : ProxyHeader{};
  if (end + 2 > v1_bytes_max) return wrong("a line of PROXY has at most 107 bytes");
  ProxyHeader header{.state = ProxyHeader::State::complete, .size = end + 2};
  std::string_view rest = text.substr(v1_begin.size(), end - v1_begin.size());
  const std::string_view family = take_word(rest);
  if (family == "UNKNOWN") return header;
  if (family != "TCP4" && family != "TCP6")
    return wrong("PROXY is followed by TCP4, TCP6 or UNKNOWN");
  const std::string source(take_word(rest));
  const std::string target(take_word(rest));
  const auto source_port = parse_port(take_word(rest));
  const auto target_port = parse_port(take_word(rest));
  if (!source_port || !target_port || !rest.empty()) return wrong("two ports end a line of PROXY");
  const auto from = os::SocketAddress::from_ip(source, *source_port);
  const auto to = os::SocketAddress::from_ip(target, *target_port);
  const bool wants_v6 = family == "TCP6";
  if (!from || !to || from->is_ipv6() != wants_v6 || to->is_ipv6() != wants_v6)
    return wrong("two addresses of that kind stand in a line of PROXY");
  header.source = from->peer();
  return header;
}

std::size_t number(ByteView bytes) { return static_cast<std::size_t>(bytes[0]) << 8U | bytes[1]; }

/// One type-length-value, cut from the front; false if it does not fit into what is there.
bool take_tlv(ByteView& rest, std::uint8_t& type, ByteView& value) {
  if (rest.size() < 3 || rest.size() - 3 < number(rest.subspan(1))) return false;
  type = rest[0];
  value = rest.subspan(3, number(rest.subspan(1)));
  rest = rest.subspan(3 + value.size());
  return true;
}

// The name in a client's certificate, if there was one and the proxy found it good.
bool read_ssl(ByteView value, std::string& common_name) {
  constexpr std::size_t fixed = 5;
  constexpr std::uint8_t has_certificate = 0x02 | 0x04;
  if (value.size() < fixed) return false;
  const bool is_verified = (value[0] & 0x01U) != 0 && (value[0] & has_certificate) != 0 &&
                           std::ranges::all_of(value.subspan(1, 4), [](auto b) { return b == 0; });
  ByteView rest = value.subspan(fixed);
  while (!rest.empty()) {
    std::uint8_t type = 0;
    ByteView part;
    if (!take_tlv(rest, type, part)) return false;
    if (type == subtype_common_name && is_verified) common_name = as_text(part);
  }
  return std::ranges::none_of(common_name,
                              [](char c) { return static_cast<unsigned char>(c) < 0x20; });
}

bool read_source(std::uint8_t family, ByteView body, Peer& source, std::size_t& used) {
  const std::size_t width = family == 1 ? 4 : 16;
  used = 2 * width + 4;
  if (body.size() < used) return false;
  source.kind = family == 1 ? PeerKind::ipv4 : PeerKind::ipv6;
  std::copy_n(body.begin(), width, source.address.begin());
  source.port = static_cast<std::uint16_t>(number(body.subspan(2 * width)));
  return true;
}

ProxyHeader parse_v2(ByteView bytes) {
  if (bytes.size() < v2_fixed_bytes) return {};
  const std::uint8_t command = bytes[12] & 0x0FU;
  if (bytes[12] >> 4U != 2 || command > 1)
    return wrong("a version or command of PROXY that is not known");
  const std::size_t size = number(bytes.subspan(14));
  if (v2_fixed_bytes + size > ProxyHeader::header_bytes_max)
    return wrong("the header of PROXY is too large");
  if (bytes.size() < v2_fixed_bytes + size) return {};
  ProxyHeader header{.state = ProxyHeader::State::complete, .size = v2_fixed_bytes + size};
  if (command == 0) return header;  // a health check of the proxy itself
  const ByteView body = bytes.subspan(v2_fixed_bytes, size);
  const auto family = static_cast<std::uint8_t>(bytes[13] >> 4U);
  const std::uint8_t protocol = bytes[13] & 0x0FU;
  std::size_t used = 0;
  if (family > 3 || protocol > 2) return wrong("a family of PROXY that is not known");
  if (family == 3) used = 216;  // Unix sockets: two paths, which name nobody
  if ((family == 1 || family == 2) && !read_source(family, body, header.source, used))
    return wrong("the addresses of PROXY are cut short");
  if (body.size() < used) return wrong("the addresses of PROXY are cut short");
  ByteView rest = family == 0 ? ByteView() : body.subspan(used);
  while (!rest.empty()) {
    std::uint8_t type = 0;
    ByteView value;
    if (!take_tlv(rest, type, value)) return wrong("a value in the header of PROXY is cut short");
    if (type == type_ssl && !read_ssl(value, header.common_name))
      return wrong("what PROXY says of TLS cannot be read");
  }
  return header;
}

// Whether `text` may still become something that begins so.
bool may_begin(std::string_view text, std::string_view begin) {
  const std::size_t size = std::min(text.size(), begin.size());
  return text.substr(0, size) == begin.substr(0, size);
}

}  // namespace

ProxyHeader parse_proxy_header(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  const bool is_v1 = may_begin(text, v1_begin);
  const bool is_v2 = may_begin(text, v2_begin);
  if (!is_v1 && !is_v2) return wrong("the connection does not begin with a header of PROXY");
  if (is_v2 && text.size() >= v2_begin.size()) return parse_v2(bytes);
  if (is_v1 && text.size() >= v1_begin.size()) return parse_v1(text);
  return {};
}

}  // namespace sluice::net
