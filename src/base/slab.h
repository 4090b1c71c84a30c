// SPDX-License-Identifier: Apache-2.0
//
// Slab<T> hands out numbered places for objects that stay where they are: chunks of 256, a free
// list, index in, reference out. Freed places are used again, the last freed first. The memory of a
// chunk is never given back.
//
// Owner: whoever holds it. Thread: one. Limits: 2^32 - 1 objects; the caller's before that.
#pragma once

#include "base/assert.h"

#include <array>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>
#include <vector>

namespace sluice {

template <class T>
class Slab {
 public:
  static constexpr std::uint32_t chunk_size = 256;

  Slab() = default;
  Slab(const Slab&) = delete;
  Slab& operator=(const Slab&) = delete;
  ~Slab() {
    for (std::uint32_t i = 0; i < end_; ++i)
      if (live(i)) std::destroy_at(cell(i).object());
  }

  template <class... Args>
  std::uint32_t emplace(Args&&... args) {
    std::uint32_t index;
    if (free_ != none) {
      index = free_;
      free_ = cell(index).next_free;
    } else {
      index = end_++;
      if (index % chunk_size == 0) chunks_.push_back(std::make_unique<Chunk>());
    }
    Cell& place = cell(index);
    std::construct_at(place.object(), std::forward<Args>(args)...);
    live(index) = true;
    ++size_;
    return index;
  }
  void erase(std::uint32_t index) {
    SLUICE_ASSERT(live(index));
    Cell& place = cell(index);
    std::destroy_at(place.object());
    live(index) = false;
    place.next_free = free_;
    free_ = index;
    --size_;
  }
  bool is_live(std::uint32_t index) const {
    return index < end_ && chunks_[index / chunk_size]->is_live[index % chunk_size];
  }
  T& operator[](std::uint32_t index) {
    SLUICE_DCHECK(is_live(index));
    return *cell(index).object();
  }
  const T& operator[](std::uint32_t index) const {
    SLUICE_DCHECK(is_live(index));
    return *cell(index).object();
  }
  T* find(std::uint32_t index) { return is_live(index) ? cell(index).object() : nullptr; }
  const T* find(std::uint32_t index) const {
    return is_live(index) ? cell(index).object() : nullptr;
  }
  std::uint32_t size() const { return size_; }
  /// One past the highest index ever used: for walks in index order.
  std::uint32_t end() const { return end_; }
  std::size_t bytes() const { return chunks_.size() * sizeof(Chunk); }

 private:
  static constexpr std::uint32_t none = 0xffffffffU;

  union Cell {
    alignas(T) unsigned char storage[sizeof(T)];
    std::uint32_t next_free = none;  ///< while nothing lives here

    T* object() { return std::launder(reinterpret_cast<T*>(storage)); }
    const T* object() const { return std::launder(reinterpret_cast<const T*>(storage)); }
  };
  struct Chunk {
    std::array<Cell, chunk_size> cells;
    std::array<bool, chunk_size> is_live{};
  };

  Cell& cell(std::uint32_t index) { return chunks_[index / chunk_size]->cells[index % chunk_size]; }
  const Cell& cell(std::uint32_t index) const {
    return chunks_[index / chunk_size]->cells[index % chunk_size];
  }
  bool& live(std::uint32_t index) {
    return chunks_[index / chunk_size]->is_live[index % chunk_size];
  }

  std::vector<std::unique_ptr<Chunk>> chunks_;
  std::uint32_t free_ = none;
  std::uint32_t end_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace sluice
