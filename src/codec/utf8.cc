// SPDX-License-Identifier: Apache-2.0
#include "codec/utf8.h"

#include "codec/fault.h"
#include "codec/word_scan.h"

namespace sluice::codec {
namespace {

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

// The bytes that the character at `text` takes, 0 if it is not one that MQTT allows.
// [MQTT5-1.5.4-1] [MQTT3-1.5.3-1]; a byte order mark is as others: [MQTT5-1.5.4-3]
// [MQTT3-1.5.3-3]
std::size_t character_bytes(std::string_view text) {
  const auto at = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first == 0) return 0;  // [MQTT5-1.5.4-2] [MQTT3-1.5.3-2]
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;  // continuation, overlong, beyond U+10FFFF
  const std::size_t size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < size) return 0;
  for (std::size_t i = 1; i < size; ++i)
    if (!is_continuation(at(i))) return 0;
  const unsigned char second = at(1);
  switch (first) {
    case 0xE0:
      return second >= 0xA0 ? size : 0;  // overlong
    case 0xED:
      return second < 0xA0 ? size : 0;  // surrogates
    case 0xF0:
      return second >= 0x90 ? size : 0;  // overlong
    case 0xF4:
      return second < 0x90 ? size : 0;  // beyond U+10FFFF
    default:
      return size;
  }
}

bool is_plain(std::uint64_t word) {
  return is_ascii(word) && bytes_unlike(word, '\0') == word_high_bits;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) noexcept {
  std::size_t i = 0;
  while (i < text.size()) {
    const char* here = text.data() + i;
    const std::size_t left = text.size() - i;
    if (left >= 8) {
      if (is_plain(load_word(here))) {
        i += 8;
        continue;
      }
    } else if (is_plain(load_partial_word(here, left, 'a'))) {
      return text.size();
    }
    const std::size_t size = character_bytes(text.substr(i));
    if (size == 0) return i;
    i += size;
  }
  return text.size();
}

Result<void> check_utf8(std::string_view text) {
  const std::size_t offset = find_invalid_utf8(text);
  if (offset == text.size()) [[likely]]
    return {};
  if (text[offset] == '\0')
    return fail(malformed(offset, "text holds U+0000, which MQTT does not allow"));
  return fail(malformed(offset, "text is not well-formed UTF-8"));
}

}  // namespace sluice::codec
