// SPDX-License-Identifier: Apache-2.0
//
// The fast path of the topic rules: one pass, eight bytes at a time, that recognises the names and
// filters which are all ASCII without wildcards. Whatever it does not recognise takes the slow path
// of topic.cc, which also says what is wrong.
#pragma once

#include "codec/limits.h"
#include "codec/word_scan.h"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::codec {

/// True if the topic is known to be valid as a name (and so as a filter) within the limits.
inline bool is_plain_topic(std::string_view topic, const TopicLimits& limits) {
  const std::size_t size = topic.size();
  if (size == 0 || size > limits.bytes_max || size > field_bytes_max) return false;
  std::uint64_t all = 0;
  std::uint64_t fine = word_high_bits;
  std::uint32_t slashes = 0;
  const bool is_counted = limits.levels_max <= size;  // else there cannot be too many
  const auto look = [&](std::uint64_t word) {
    all |= word;
    fine &= bytes_unlike(word, '\0') & bytes_unlike(word, '+') & bytes_unlike(word, '#');
    if (is_counted) slashes += count_bytes(word, '/');
  };
  std::size_t i = 0;
  for (; i + 8 <= size; i += 8) look(load_word(topic.data() + i));
  if (i < size) look(load_partial_word(topic.data() + i, size - i, 'a'));
  return is_ascii(all) && fine == word_high_bits && slashes < limits.levels_max;
}

}  // namespace sluice::codec
