// SPDX-License-Identifier: Apache-2.0
#include "base/peer.h"

#include <cstddef>
#include <string_view>

namespace sluice {
namespace {

using Groups = std::array<std::uint16_t, 8>;

struct ZeroRun {
  std::size_t begin = 8;
  std::size_t size = 0;
};

/// The first longest run of two or more zero groups: the one written as "::" (RFC 5952 §4.2).
ZeroRun longest_zero_run(const Groups& groups) {
  ZeroRun best;
  ZeroRun run;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    if (groups[i] != 0) {
      run = {};
      continue;
    }
    if (run.size == 0) run.begin = i;
    ++run.size;
    if (run.size > best.size && run.size >= 2) best = run;
  }
  return best;
}

void append_hex(std::string& text, std::uint16_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  bool started = false;
  for (int shift = 12; shift >= 0; shift -= 4) {
    const auto digit = static_cast<std::size_t>((value >> shift) & 0xF);
    if (digit == 0 && !started && shift != 0) continue;
    started = true;
    text.push_back(digits[digit]);
  }
}

std::string ipv4_text(const Peer& peer) {
  std::string text;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i != 0) text.push_back('.');
    text += std::to_string(peer.address[i]);
  }
  return text;
}

std::string ipv6_text(const Peer& peer) {
  Groups groups{};
  for (std::size_t i = 0; i < groups.size(); ++i)
    groups[i] = static_cast<std::uint16_t>(peer.address[2 * i] << 8 | peer.address[2 * i + 1]);
  const ZeroRun zeros = longest_zero_run(groups);
  std::string text;
  for (std::size_t i = 0; i < groups.size();) {
    if (i == zeros.begin) {
      text += "::";
      i += zeros.size;
      continue;
    }
    if (!text.empty() && text.back() != ':') text.push_back(':');
    append_hex(text, groups[i]);
    ++i;
  }
  if (peer.id != 0) text += "%" + std::to_string(peer.id);
  return text;
}

}  // namespace

bool Peer::is_local() const {
  switch (kind) {
    case PeerKind::none:
      return false;
    case PeerKind::ipv4:
      return address[0] == 127;
    case PeerKind::ipv6: {
      std::array<std::uint8_t, 16> loopback{};
      loopback[15] = 1;
      return address == loopback;
    }
    case PeerKind::unix_socket:
    case PeerKind::memory:
      return true;
  }
  return false;
}

std::string address_text(const Peer& peer) {
  switch (peer.kind) {
    case PeerKind::none:
      break;
    case PeerKind::ipv4:
      return ipv4_text(peer);
    case PeerKind::ipv6:
      return ipv6_text(peer);
    case PeerKind::unix_socket:
      return "unix:" + std::to_string(peer.id);
    case PeerKind::memory:
      return "memory:" + std::to_string(peer.id);
  }
  return "none";
}

std::string to_string(const Peer& peer) {
  std::string address = address_text(peer);
  if (peer.kind == PeerKind::ipv4) return address + ":" + std::to_string(peer.port);
  if (peer.kind == PeerKind::ipv6) return "[" + address + "]:" + std::to_string(peer.port);
  return address;
}

}  // namespace sluice
