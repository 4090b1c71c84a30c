// SPDX-License-Identifier: Apache-2.0
#include "net/address_range.h"

#include "os/socket/socket_address.h"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace sluice::net {

Result<AddressRange> AddressRange::parse(const std::string& text) {
  AddressRange range;
  if (text == "*") return range;
  if (text == "unix") {
    range.kind_ = Kind::unix_socket;
    return range;
  }
  const auto slash = text.find('/');
  const auto address = os::SocketAddress::from_ip(text.substr(0, slash), 0);
  if (!address) return fail(ErrorCode::parse_error, "an address or a range such as 10.0.0.0/8");
  range.kind_ = Kind::addresses;
  range.first_ = address->peer();
  const unsigned bits_max = range.first_.kind == PeerKind::ipv4 ? 32 : 128;
  unsigned bits = bits_max;
  if (slash != std::string::npos) {
    const std::string_view digits = std::string_view(text).substr(slash + 1);
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), bits);
    if (digits.empty() || read.ec != std::errc() || read.ptr != digits.data() + digits.size() ||
        bits > bits_max)
      return fail(ErrorCode::parse_error, "behind the / stands a number of bits, to 32 or 128");
  }
  range.bits_ = static_cast<std::uint8_t>(bits);
  return range;
}

bool AddressRange::contains(const Peer& peer) const {
  if (kind_ == Kind::everybody) return true;
  if (kind_ == Kind::unix_socket) return peer.kind == PeerKind::unix_socket;
  if (peer.kind != first_.kind) return false;
  const std::size_t whole = bits_ / 8;
  if (!std::equal(peer.address.begin(), peer.address.begin() + static_cast<std::ptrdiff_t>(whole),
                  first_.address.begin()))
    return false;
  const unsigned rest = bits_ % 8U;
  if (rest == 0) return true;
  const auto difference = static_cast<unsigned>(peer.address[whole] ^ first_.address[whole]);
  return difference >> (8U - rest) == 0;
}

bool contains(std::span<const AddressRange> ranges, const Peer& peer) {
  return std::ranges::any_of(ranges,
                             [&peer](const AddressRange& range) { return range.contains(peer); });
}

}  // namespace sluice::net
