// SPDX-License-Identifier: Apache-2.0
#include "core/topic/text_pool.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>

namespace sluice::core::topic {

std::uint32_t TextPool::class_of(std::size_t size) {
  SLUICE_ASSERT(size > 0);
  return static_cast<std::uint32_t>(std::min<std::size_t>((size - 1) / class_step, classes));
}

char* TextPool::block(std::uint32_t size_class, std::uint32_t index) const {
  const auto& chunks = classes_[size_class].chunks;
  if (size_class == classes) return chunks[index].get();
  const std::size_t block_bytes = std::size_t{size_class + 1} * class_step;
  return chunks[index / chunk_blocks].get() + index % chunk_blocks * block_bytes;
}

TextId TextPool::add(std::string_view text) {
  const std::uint32_t c = class_of(text.size());
  SizeClass& size_class = classes_[c];
  std::uint32_t index = size_class.end;
  if (!size_class.free.empty()) {
    index = size_class.free.back();
    size_class.free.pop_back();
  } else {
    SLUICE_ASSERT(size_class.end < 1U << (32 - class_bits));
    ++size_class.end;
    if (c == classes) {
      size_class.chunks.emplace_back();
    } else if (index % chunk_blocks == 0) {
      const std::size_t chunk_bytes = std::size_t{c + 1} * class_step * chunk_blocks;
      size_class.chunks.push_back(std::make_unique_for_overwrite<char[]>(chunk_bytes));
      bytes_ += chunk_bytes;
    }
  }
  if (c == classes) {
    size_class.chunks[index] = std::make_unique_for_overwrite<char[]>(text.size());
    bytes_ += text.size();
  }
  std::memcpy(block(c, index), text.data(), text.size());
  return TextId{index << class_bits | c};
}

void TextPool::remove(TextId id, std::size_t size) {
  const auto number = static_cast<std::uint32_t>(id);
  const std::uint32_t c = number & ((1U << class_bits) - 1);
  const std::uint32_t index = number >> class_bits;
  SLUICE_ASSERT(c == class_of(size) && index < classes_[c].end);
  if (c == classes) {
    classes_[c].chunks[index].reset();
    bytes_ -= size;
  }
  classes_[c].free.push_back(index);
}

const char* TextPool::data(TextId id) const {
  const auto number = static_cast<std::uint32_t>(id);
  return block(number & ((1U << class_bits) - 1), number >> class_bits);
}

}  // namespace sluice::core::topic
