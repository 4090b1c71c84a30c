// SPDX-License-Identifier: Apache-2.0
//
// Levels of topics and filters as rules look at them: cut one by one, and found by a hash.
//
// Thread:  any (functions only).
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace sluice::auth {

inline constexpr std::uint64_t level_mixer = 0x9e3779b97f4a7c15ULL;

// Rules are the operator's: nobody else can choose texts that collide.
inline std::uint64_t hash_of_level(std::string_view text) {
  std::uint64_t hash = (text.size() + 1) * level_mixer;
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t part = std::min<std::size_t>(text.size(), sizeof word);
    std::memcpy(&word, text.data(), part);
    hash = (hash ^ word) * level_mixer;
    hash ^= hash >> 29U;
    text.remove_prefix(part);
  }
  return hash;
}

/// The level at the front of `rest`, which loses it; is_last: nothing follows.
inline std::string_view take_level(std::string_view& rest, bool& is_last) {
  const std::size_t end = rest.find('/');
  is_last = end == std::string_view::npos;
  const std::string_view level = rest.substr(0, end);
  rest.remove_prefix(is_last ? rest.size() : end + 1);
  return level;
}

}  // namespace sluice::auth
