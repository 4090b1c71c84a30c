// SPDX-License-Identifier: Apache-2.0
//
// The order in which retained topics lie: byte by byte, '/' before any other byte. So whatever
// begins with "a/b/" lies together, right behind "a/b", and no other topic lies between.
//
// Thread: any. Never: allocation.
#pragma once

#include "codec/word_scan.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace sluice::core {

constexpr unsigned topic_rank(char byte) {
  return byte == '/' ? 0U : static_cast<unsigned char>(byte);
}

/// How many bytes they begin with alike; the first `equal` are. Eight are compared at a time.
inline std::size_t common_prefix(std::string_view a, std::string_view b, std::size_t equal = 0) {
  const std::size_t shorter = std::min(a.size(), b.size());
  std::size_t i = equal;
  if (shorter >= equal + 8) {
    const auto unlike = [&](std::size_t at) {
      return codec::load_word(a.data() + at) ^ codec::load_word(b.data() + at);
    };
    const auto end = [](std::size_t at, std::uint64_t bits) {
      return at + static_cast<std::size_t>(std::countr_zero(bits)) / 8;
    };
    for (; i + 8 <= shorter; i += 8)
      if (const std::uint64_t bits = unlike(i); bits != 0) return end(i, bits);
    const std::uint64_t bits = unlike(shorter - 8);  // the rest, and some of what was compared
    return bits != 0 ? end(shorter - 8, bits) : shorter;
  }
  while (i < shorter && a[i] == b[i]) ++i;
  return i;
}

/// Negative, zero or positive: a before, equal to, behind b. Their first `equal` bytes are equal.
inline int topic_order(std::string_view a, std::string_view b, std::size_t equal = 0) {
  const std::size_t i = common_prefix(a, b, equal);
  if (i < a.size() && i < b.size()) return topic_rank(a[i]) < topic_rank(b[i]) ? -1 : 1;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

/// Four bytes from `begin` on as a number: unequal numbers are in the order of the topics, equal
/// ones say nothing. (An absent byte counts as '/'; that is consistent, as no byte is below it.)
inline std::uint32_t topic_fragment(std::string_view topic, std::size_t begin) {
  std::uint32_t fragment = 0;
  for (std::size_t i = begin; i < begin + 4; ++i)
    fragment = fragment << 8 | (i < topic.size() ? topic_rank(topic[i]) : 0U);
  return fragment;
}

/// The shortest text that stands behind `left` and not behind `right`.
/// REQUIRES: left stands before right.
inline std::string_view topic_separator(std::string_view left, std::string_view right) {
  return right.substr(0, common_prefix(left, right) + 1);
}

}  // namespace sluice::core
