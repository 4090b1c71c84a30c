// SPDX-License-Identifier: Apache-2.0
#include "core/topic/level_path.h"

#include <cstring>

namespace sluice::core::topic {
namespace {

template <class Word>
std::uint64_t load(const char* bytes) {
  Word word = 0;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

}  // namespace

std::uint64_t hash_text(const HashKey& key, std::string_view text) {
  const char* p = text.data();
  std::size_t left = text.size();
  std::uint64_t state = key.k0;
  for (; left > 16; p += 16, left -= 16)
    state = multiply_fold(load<std::uint64_t>(p) ^ key.k1, load<std::uint64_t>(p + 8) ^ state);
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (left >= 8) {
    a = load<std::uint64_t>(p);
    b = load<std::uint64_t>(p + left - 8);
  } else if (left >= 4) {
    a = load<std::uint32_t>(p);
    b = load<std::uint32_t>(p + left - 4);
  } else if (left > 0) {
    a = load<std::uint8_t>(p) | load<std::uint8_t>(p + left / 2) << 8 |
        load<std::uint8_t>(p + left - 1) << 16;
  }
  return multiply_fold(multiply_fold(a ^ key.k1, b ^ state), key.k0 ^ text.size());
}

void LevelPath::assign(std::string_view text) {
  text_ = text;
  levels_.clear();
  std::size_t begin = 0;
  for (;;) {
    const void* slash =
        begin < text.size() ? std::memchr(text.data() + begin, '/', text.size() - begin) : nullptr;
    const std::size_t end =
        slash != nullptr ? static_cast<std::size_t>(static_cast<const char*>(slash) - text.data())
                         : text.size();
    levels_.push_back({hash_text(key_, text.substr(begin, end - begin)),
                       static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)});
    if (slash == nullptr) return;
    begin = end + 1;
  }
}

}  // namespace sluice::core::topic
