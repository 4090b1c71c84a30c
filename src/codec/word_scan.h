// SPDX-License-Identifier: Apache-2.0
//
// Looks at eight bytes of text at once in one machine word: whether all are ASCII, whether one of
// them is a given character, how many are. The results are exact for words that are all ASCII.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace sluice::codec {

inline constexpr std::uint64_t word_low_bits = 0x0101010101010101;
inline constexpr std::uint64_t word_high_bits = 0x8080808080808080;

/// The first byte of the text is the lowest of the word, whatever the machine.
inline std::uint64_t load_word(const char* text) {
  std::uint64_t word = 0;
  std::memcpy(&word, text, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

/// The last `size` bytes (1..7) of a text, filled up with `filler`. Never reads outside the text.
inline std::uint64_t load_partial_word(const char* text, std::size_t size, char filler) {
  const auto at = [text](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
  };
  std::uint64_t word = 0;
  if (size >= 4) {
    std::uint32_t head = 0;
    std::uint32_t tail = 0;
    std::memcpy(&head, text, sizeof head);
    std::memcpy(&tail, text + size - 4, sizeof tail);
    if constexpr (std::endian::native == std::endian::big) {
      head = __builtin_bswap32(head);
      tail = __builtin_bswap32(tail);
    }
    word = head | std::uint64_t{tail} << (8 * (size - 4));
  } else {
    word = at(0) | at(size / 2) | at(size - 1);
  }
  return word | (word_low_bits * static_cast<unsigned char>(filler)) << (8 * size);
}

inline bool is_ascii(std::uint64_t word) { return (word & word_high_bits) == 0; }

/// The high bit of each byte that differs from `character`. REQUIRES: is_ascii(word).
inline std::uint64_t bytes_unlike(std::uint64_t word, char character) {
  const std::uint64_t difference =
      word ^ (word_low_bits * static_cast<unsigned char>(character));
  return (difference + ~word_high_bits) & word_high_bits;
}

/// How many bytes are `character`. REQUIRES: is_ascii(word).
inline std::uint32_t count_bytes(std::uint64_t word, char character) {
  const std::uint64_t like = ~bytes_unlike(word, character) & word_high_bits;
  return static_cast<std::uint32_t>(((like >> 7) * word_low_bits) >> 56);
}

}  // namespace sluice::codec
