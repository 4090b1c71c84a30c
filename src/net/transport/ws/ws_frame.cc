// SPDX-License-Identifier: Apache-2.0
#include "net/transport/ws/ws_frame.h"

#include "base/assert.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sluice::net {
namespace {

constexpr std::uint8_t fin_bit = 0x80;
constexpr std::uint8_t reserved_bits = 0x70;
constexpr std::uint8_t mask_bit = 0x80;

bool is_control(WsOpcode opcode) { return (static_cast<std::uint8_t>(opcode) & 0x8U) != 0; }

bool is_known(std::uint8_t opcode) { return opcode <= 0x2 || (opcode >= 0x8 && opcode <= 0xA); }

// What a peer may give as the reason to close: RFC 6455 §7.4.
bool is_close_code(unsigned code) {
  if (code >= 3000) return code < 5000;
  return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

// The bytes of one character beyond its first; 4 if none begins so. `least` is the least second
// byte, `most` the greatest: they shut out overlong forms, surrogates and what is above U+10FFFF.
unsigned continuations(std::uint8_t first, std::uint8_t& least, std::uint8_t& most) {
  least = 0x80;
  most = 0xBF;
  if (first < 0x80) return 0;
  if (first >= 0xC2 && first <= 0xDF) return 1;
  if (first >= 0xE0 && first <= 0xEF) {
    if (first == 0xE0) least = 0xA0;
    if (first == 0xED) most = 0x9F;
    return 2;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    if (first == 0xF0) least = 0x90;
    if (first == 0xF4) most = 0x8F;
    return 3;
  }
  return 4;
}

bool is_utf8(ByteView text) {
  for (std::size_t i = 0; i < text.size();) {
    std::uint8_t least = 0;
    std::uint8_t most = 0;
    const unsigned more = continuations(text[i++], least, most);
    if (more == 4 || text.size() - i < more) return false;
    for (unsigned k = 0; k < more; ++k, ++i) {
      if (text[i] < least || text[i] > most) return false;
      least = 0x80;
      most = 0xBF;
    }
  }
  return true;
}

// So that the byte of the mask that comes `bytes` later comes first.
std::uint64_t turned(std::uint64_t mask, int bytes) {
  return std::endian::native == std::endian::little ? std::rotr(mask, 8 * bytes)
                                                    : std::rotl(mask, 8 * bytes);
}

// One word of the size of Word, with the first bytes of the mask.
template <typename Word>
void mask_word(const std::uint8_t* from, std::uint64_t mask, std::uint8_t* to) {
  Word word = 0;
  Word part = 0;
  std::memcpy(&word, from, sizeof word);
  std::memcpy(&part, &mask, sizeof part);
  word = static_cast<Word>(word ^ part);
  std::memcpy(to, &word, sizeof word);
}

}  // namespace

std::uint64_t doubled_mask(const std::uint8_t* mask) {
  std::uint32_t word = 0;
  std::memcpy(&word, mask, sizeof word);
  return std::uint64_t{word} << 32U | word;
}

std::uint64_t mask_bytes(const std::uint8_t* from, std::size_t size, std::uint64_t mask,
                         std::uint8_t* to) {
  std::size_t i = 0;
  for (; i + 32 <= size; i += 32) {
    std::array<std::uint64_t, 4> words;
    std::memcpy(words.data(), from + i, 32);
    for (std::uint64_t& word : words) word ^= mask;
    std::memcpy(to + i, words.data(), 32);
  }
  for (; i + 8 <= size; i += 8) mask_word<std::uint64_t>(from + i, mask, to + i);
  const auto rest = static_cast<int>(size - i);
  if ((rest & 4) != 0) {
    mask_word<std::uint32_t>(from + i, mask, to + i);
    i += 4;
  }
  if ((rest & 2) != 0) {
    mask_word<std::uint16_t>(from + i, mask, to + i);
    mask = turned(mask, 2);
    i += 2;
  }
  if ((rest & 1) != 0) {
    mask_word<std::uint8_t>(from + i, mask, to + i);
    mask = turned(mask, 1);
  }
  return mask;
}

std::size_t write_ws_header(WsOpcode opcode, std::uint64_t size, const std::uint8_t* mask,
                            MutableByteView into) {
  std::size_t at = 0;
  into[at++] = static_cast<std::uint8_t>(fin_bit | static_cast<std::uint8_t>(opcode));
  const std::uint8_t masked = mask != nullptr ? mask_bit : 0;
  const unsigned width = size < 126 ? 0 : size < 65536 ? 2 : 8;
  const std::uint64_t first = width == 0 ? size : width == 2 ? 126 : 127;
  into[at++] = static_cast<std::uint8_t>(masked | first);
  for (unsigned i = width; i > 0; --i)
    into[at++] = static_cast<std::uint8_t>(size >> (8 * (i - 1)));
  if (mask == nullptr) return at;
  std::copy_n(mask, 4, into.begin() + static_cast<std::ptrdiff_t>(at));
  return at + 4;
}

WsInput::Header WsInput::refuse(std::uint16_t code, const char* problem) {
  code_ = code;
  problem_ = problem;
  return Header::wrong;
}

// As far as its first two bytes tell.
std::size_t WsInput::header_size() const {
  if (header_filled_ < 2) return 2;
  const unsigned length = header_[1] & 0x7FU;
  const std::size_t width = length == 126 ? 2 : length == 127 ? 8 : 0;
  return 2 + width + ((header_[1] & mask_bit) != 0 ? 4 : 0);
}

WsInput::Header WsInput::take_header(ByteView& bytes) {
  if (header_filled_ == 0 && bytes.size() >= header_.size()) {
    // Mostly it is here whole; what is beyond it is not looked at.
    std::memcpy(header_.data(), bytes.data(), header_.size());
    header_filled_ = 2;
    bytes = bytes.subspan(header_size());
    return begin_frame();
  }
  while (!bytes.empty() && header_filled_ < header_size()) {
    header_[header_filled_++] = bytes.front();
    bytes = bytes.subspan(1);
  }
  if (header_filled_ < header_size()) return Header::incomplete;
  return begin_frame();
}

WsInput::Header WsInput::begin_frame() {
  const std::uint8_t opcode = header_[0] & 0x0FU;
  const bool is_final = (header_[0] & fin_bit) != 0;
  const bool is_masked = (header_[1] & mask_bit) != 0;
  if ((header_[0] & reserved_bits) != 0)
    return refuse(WsCode::protocol_error, "a reserved bit is set and no extension was agreed on");
  if (!is_known(opcode)) return refuse(WsCode::protocol_error, "a reserved opcode");
  opcode_ = static_cast<WsOpcode>(opcode);
  if (is_masked != (side_ == WsSide::server))
    return refuse(WsCode::protocol_error, side_ == WsSide::server
                                              ? "a client masks its frames, and this one is not"
                                              : "a server does not mask its frames");
  const unsigned length = header_[1] & 0x7FU;
  const std::size_t width = length == 126 ? 2 : length == 127 ? 8 : 0;
  std::uint64_t size = width == 0 ? length : 0;
  for (std::size_t i = 0; i < width; ++i) size = size << 8U | header_[2 + i];
  if ((width == 2 && size < 126) || (width == 8 && size < 65536) || size >> 63U != 0)
    return refuse(WsCode::protocol_error, "a length that is not written as short as can be");
  if (is_control(opcode_)) {
    if (!is_final || size > control_.size())
      return refuse(WsCode::protocol_error, "a control frame is whole and has at most 125 bytes");
  } else {
    if (opcode_ == WsOpcode::text)
      // [MQTT3-6.0.0-1] [MQTT5-6.0.0-1]
      return refuse(WsCode::unsupported_data, "MQTT is carried in binary frames");
    if ((opcode_ == WsOpcode::continuation) != is_in_message_)
      return refuse(WsCode::protocol_error, is_in_message_ ? "a message begins within another"
                                                           : "a continuation of nothing");
    if (size > frame_bytes_max_) return refuse(WsCode::too_large, "the frame is too large");
    is_in_message_ = !is_final;
  }
  mask_ = is_masked ? doubled_mask(header_.data() + 2 + width) : 0;
  left_ = size;
  control_size_ = 0;
  header_filled_ = 0;
  return Header::complete;
}

WsInput::Stop WsInput::end_of_control() {
  if (opcode_ == WsOpcode::ping) return Stop::ping;
  if (opcode_ == WsOpcode::pong) return Stop::end;
  const ByteView body = control();
  if (body.size() == 1 ||
      (body.size() >= 2 && !is_close_code(static_cast<unsigned>(body[0] << 8 | body[1])))) {
    refuse(WsCode::protocol_error, "no code to close with");
    return Stop::wrong;
  }
  if (body.size() > 2 && !is_utf8(body.subspan(2))) {
    refuse(WsCode::invalid_text, "the reason to close is not UTF-8");
    return Stop::wrong;
  }
  return Stop::close;
}

// Where a frame begins and ends says nothing of packets. [MQTT3-6.0.0-2] [MQTT5-6.0.0-2]
WsInput::Decoded WsInput::decode(MutableByteView bytes) {
  Decoded result;
  while (true) {
    if (!is_in_frame_) {
      ByteView rest = bytes.subspan(result.used);
      const Header header = take_header(rest);
      result.used = bytes.size() - rest.size();
      if (header == Header::incomplete) return result;
      if (header == Header::wrong) {
        result.stop = Stop::wrong;
        return result;
      }
      is_in_frame_ = true;
    }
    const std::size_t here =
        static_cast<std::size_t>(std::min<std::uint64_t>(left_, bytes.size() - result.used));
    const std::uint8_t* from = bytes.data() + result.used;
    if (is_control(opcode_)) {
      mask_ = mask_bytes(from, here, mask_, control_.data() + control_size_);
      control_size_ = static_cast<std::uint8_t>(control_size_ + here);
    } else {
      mask_ = mask_bytes(from, here, mask_, bytes.data() + result.carried);
      result.carried += here;
    }
    result.used += here;
    left_ -= here;
    if (left_ > 0) return result;
    is_in_frame_ = false;
    if (!is_control(opcode_)) continue;
    result.stop = end_of_control();
    if (result.stop != Stop::end) return result;
  }
}

}  // namespace sluice::net
