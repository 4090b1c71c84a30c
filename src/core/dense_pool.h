// SPDX-License-Identifier: Apache-2.0
//
// DensePool<T> numbers plain records that stay where they are and spends not one byte beside them:
// records lie in chunks that begin on a cache line, and a free record holds the next free one. For
// the millions of small nodes of the topic tree, where Slab's eight bytes a place would count.
//
// Owner:   whoever holds it.     Thread: one.
// Never:   destructors; memory of a chunk given back before the pool goes.
// Limits:  2^31 records (callers use the top bit); the caller's before that.
#pragma once

#include "base/assert.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <type_traits>
#include <vector>

namespace sluice::core {

template <class T>
class DensePool {
  static_assert(std::is_trivially_copyable_v<T> && sizeof(T) >= sizeof(std::uint32_t));

 public:
  DensePool() = default;
  DensePool(const DensePool&) = delete;
  DensePool& operator=(const DensePool&) = delete;

  /// Places are used again, the last freed first.
  std::uint32_t add(const T& record) {
    std::uint32_t index = free_;
    if (index != none) {
      std::memcpy(&free_, &(*this)[index], sizeof free_);
    } else {
      SLUICE_ASSERT(end_ < max_size);
      index = end_++;
      if (index % chunk_size == 0) chunks_.push_back(std::make_unique<Chunk>());
    }
    ++size_;
    (*this)[index] = record;
    return index;
  }
  /// Overwrites the first four bytes of the record only. REQUIRES: a live record.
  void remove(std::uint32_t index) {
    SLUICE_DCHECK(index < end_ && size_ > 0);
    std::memcpy(static_cast<void*>(&(*this)[index]), &free_, sizeof free_);
    free_ = index;
    --size_;
  }

  T& operator[](std::uint32_t index) {
    return chunks_[index / chunk_size]->records[index % chunk_size];
  }
  const T& operator[](std::uint32_t index) const {
    return chunks_[index / chunk_size]->records[index % chunk_size];
  }
  std::uint32_t size() const { return size_; }
  /// One past the highest index ever given out.
  std::uint32_t end() const { return end_; }
  std::size_t bytes() const {
    return chunks_.size() * sizeof(Chunk) + chunks_.capacity() * sizeof(std::unique_ptr<Chunk>);
  }

 private:
  static constexpr std::uint32_t none = 0xffffffffU;
  static constexpr std::uint32_t max_size = 1U << 31;
  static constexpr std::uint32_t chunk_size = 512;

  struct Chunk {
    alignas(64) T records[chunk_size];
  };

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::uint32_t free_ = none;
  std::uint32_t end_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace sluice::core
