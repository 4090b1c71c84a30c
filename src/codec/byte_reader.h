// SPDX-License-Identifier: Apache-2.0
//
// ByteReader takes the fields of MQTT from the front of a byte view. Every take says whether the
// field was there; after a false the reader stands where it stood. It never reads outside the view.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace sluice::codec {

class ByteReader {
 public:
  explicit ByteReader(ByteView bytes) : bytes_(bytes) {}

  std::size_t offset() const { return offset_; }
  std::size_t left() const { return bytes_.size() - offset_; }
  bool is_done() const { return offset_ == bytes_.size(); }
  ByteView rest() const { return bytes_.subspan(offset_); }

  bool take_byte(std::uint8_t& out) {
    if (left() < 1) return false;
    out = bytes_[offset_++];
    return true;
  }
  bool take_two_bytes(std::uint16_t& out) {
    if (left() < 2) return false;
    const std::uint8_t* at = bytes_.data() + offset_;
    out = static_cast<std::uint16_t>(at[0] << 8 | at[1]);
    offset_ += 2;
    return true;
  }
  bool take_four_bytes(std::uint32_t& out) {
    if (left() < 4) return false;
    const std::uint8_t* at = bytes_.data() + offset_;
    out = std::uint32_t{at[0]} << 24 | std::uint32_t{at[1]} << 16 |
          std::uint32_t{at[2]} << 8 | at[3];
    offset_ += 4;
    return true;
  }
  /// A Variable Byte Integer: at most four bytes, and no more than its value needs.
  bool take_varint(std::uint32_t& out) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4 && i < left(); ++i) {
      const std::uint32_t byte = bytes_[offset_ + i];
      value |= (byte & 0x7FU) << (7 * i);
      if (byte >= 0x80) continue;
      if (byte == 0 && i > 0) return false;  // [MQTT5-1.5.5-1]
      offset_ += i + 1;
      out = value;
      return true;
    }
    return false;
  }
  bool take_bytes(std::size_t size, ByteView& out) {
    if (left() < size) return false;
    out = bytes_.subspan(offset_, size);
    offset_ += size;
    return true;
  }
  /// Binary data: two bytes of length and that many bytes.
  bool take_field(ByteView& out) {
    std::uint16_t size = 0;
    if (!take_two_bytes(size)) return false;
    if (take_bytes(size, out)) return true;
    offset_ -= 2;
    return false;
  }
  /// The same as a text, its characters not yet checked.
  bool take_text(std::string_view& out) {
    ByteView field;
    if (!take_field(field)) return false;
    out = as_text(field);
    return true;
  }

 private:
  ByteView bytes_;
  std::size_t offset_ = 0;
};

}  // namespace sluice::codec
