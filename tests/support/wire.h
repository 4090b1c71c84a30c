// SPDX-License-Identifier: Apache-2.0
//
// wire() builds the bytes of a packet from a text that reads like the standard's tables:
//   82 0A        hex digits are bytes
//   'text'       the bytes of the text
//   s'text'      two bytes of length, then the text
//   @            the remaining length: that of everything behind it
//   [ … ]        a group with its length in front, as properties have it
//   (…)          a remark
// Example: wire("82 @ 0001 [ 0B 05 ] s'a/b' 01").
//
// A mistake in the notation ends the test program: it is a bug of the test.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::testing {

using Bytes = std::vector<std::uint8_t>;

inline void append(Bytes& out, const Bytes& more) {
  out.insert(out.end(), more.begin(), more.end());
}

inline Bytes varint(std::size_t value) {
  Bytes out;
  do {
    const auto low = static_cast<std::uint8_t>(value & 0x7FU);
    value >>= 7;
    out.push_back(static_cast<std::uint8_t>(low | (value != 0 ? 0x80U : 0U)));
  } while (value != 0);
  return out;
}

/// Two bytes of length and the text.
inline Bytes field(std::string_view text) {
  Bytes out{static_cast<std::uint8_t>(text.size() >> 8), static_cast<std::uint8_t>(text.size())};
  out.insert(out.end(), text.begin(), text.end());
  return out;
}

namespace wire_detail {

inline unsigned hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  std::abort();
}

// The index behind the character `end`, which must come.
inline std::size_t behind(std::string_view text, std::size_t from, char end) {
  const std::size_t at = text.find(end, from);
  if (at == std::string_view::npos) std::abort();
  return at + 1;
}

}  // namespace wire_detail

inline Bytes wire(std::string_view text) {
  Bytes out;
  std::size_t i = 0;
  while (i < text.size()) {
    const char c = text[i];
    if (c == ' ') {
      ++i;
    } else if (c == '(') {
      i = wire_detail::behind(text, i, ')');
    } else if (c == '\'' || c == 's') {
      const std::size_t begin = c == 's' ? i + 2 : i + 1;
      const std::size_t end = wire_detail::behind(text, begin, '\'');
      const auto inside = text.substr(begin, end - 1 - begin);
      append(out, c == 's' ? field(inside) : Bytes(inside.begin(), inside.end()));
      i = end;
    } else if (c == '[') {
      const std::size_t end = wire_detail::behind(text, i, ']');
      const Bytes group = wire(text.substr(i + 1, end - 2 - i));
      append(out, varint(group.size()));
      append(out, group);
      i = end;
    } else if (c == '@') {
      const Bytes rest = wire(text.substr(i + 1));
      append(out, varint(rest.size()));
      append(out, rest);
      return out;
    } else {
      if (i + 1 == text.size()) std::abort();
      out.push_back(static_cast<std::uint8_t>(wire_detail::hex_digit(c) << 4 |
                                              wire_detail::hex_digit(text[i + 1])));
      i += 2;
    }
  }
  return out;
}

/// A packet: first byte, remaining length, body.
inline Bytes packet(std::uint8_t first_byte, const Bytes& body) {
  Bytes out{first_byte};
  append(out, varint(body.size()));
  append(out, body);
  return out;
}

}  // namespace sluice::testing
