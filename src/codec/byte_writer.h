// SPDX-License-Identifier: Apache-2.0
//
// Writes the fields of MQTT. Each put returns where the next field goes; the caller has made sure
// that there is room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/bytes.h"

namespace sluice::codec {

constexpr std::size_t varint_bytes(std::size_t value) {
  return value < 128 ? 1 : value < 16'384 ? 2 : value < 2'097'152 ? 3 : 4;
}

inline std::uint8_t* put_byte(std::uint8_t* at, unsigned value) {
  *at = static_cast<std::uint8_t>(value);
  return at + 1;
}

inline std::uint8_t* put_two_bytes(std::uint8_t* at, unsigned value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
  return at + 2;
}

/// REQUIRES: value <= remaining_length_max.
inline std::uint8_t* put_varint(std::uint8_t* at, std::size_t value) {
  while (value >= 128) {
    at = put_byte(at, static_cast<unsigned>(value & 0x7FU) | 0x80U);
    value >>= 7;
  }
  return put_byte(at, static_cast<unsigned>(value));
}

inline std::uint8_t* put_bytes(std::uint8_t* at, ByteView bytes) {
  if (!bytes.empty()) std::memcpy(at, bytes.data(), bytes.size());
  return at + bytes.size();
}

/// Two bytes of length and the bytes. REQUIRES: at most 65,535 bytes.
inline std::uint8_t* put_field(std::uint8_t* at, ByteView bytes) {
  return put_bytes(put_two_bytes(at, static_cast<unsigned>(bytes.size())), bytes);
}
inline std::uint8_t* put_field(std::uint8_t* at, std::string_view text) {
  return put_field(at, as_bytes(text));
}

}  // namespace sluice::codec
