// SPDX-License-Identifier: Apache-2.0
//
// RingBuffer<T> is a growable double-ended queue in one power-of-two array: push at the back, pop
// at the front, index from the front. An empty one owns no memory until the first push; clear()
// gives the memory back.
//
// Owner: whoever holds it. Thread: one. Limits: the caller's.
#pragma once

#include "base/assert.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace sluice {

template <class T>
class RingBuffer {
 public:
  RingBuffer() = default;
  RingBuffer(RingBuffer&& other) noexcept
      : cells_(std::move(other.cells_)),
        capacity_(std::exchange(other.capacity_, 0)),
        head_(std::exchange(other.head_, 0)),
        size_(std::exchange(other.size_, 0)) {}
  RingBuffer& operator=(RingBuffer&& other) noexcept {
    cells_ = std::move(other.cells_);
    capacity_ = std::exchange(other.capacity_, 0);
    head_ = std::exchange(other.head_, 0);
    size_ = std::exchange(other.size_, 0);
    return *this;
  }

  bool empty() const { return size_ == 0; }
  std::size_t size() const { return size_; }
  std::size_t bytes() const { return capacity_ * sizeof(T); }

  T& operator[](std::size_t i) {
    SLUICE_DCHECK(i < size_);
    return cells_[(head_ + i) & (capacity_ - 1)];
  }
  const T& operator[](std::size_t i) const {
    SLUICE_DCHECK(i < size_);
    return cells_[(head_ + i) & (capacity_ - 1)];
  }
  T& front() { return (*this)[0]; }
  const T& front() const { return (*this)[0]; }
  T& back() { return (*this)[size_ - 1]; }

  void push_back(T&& value) {
    if (size_ == capacity_) grow();
    cells_[(head_ + size_) & (capacity_ - 1)] = std::move(value);
    ++size_;
  }
  T pop_front() {
    SLUICE_DCHECK(size_ > 0);
    T value = std::move(cells_[head_]);
    cells_[head_] = T{};
    head_ = (head_ + 1) & (capacity_ - 1);
    --size_;
    return value;
  }
  T pop_back() {
    SLUICE_DCHECK(size_ > 0);
    --size_;
    return std::exchange(cells_[(head_ + size_) & (capacity_ - 1)], T{});
  }
  void clear() {
    cells_.reset();
    capacity_ = head_ = size_ = 0;
  }
  /// Gives memory back when empty and larger than `keep` cells.
  void shrink_if_empty(std::size_t keep) {
    if (size_ == 0 && capacity_ > keep) clear();
  }

 private:
  void grow() {
    // Few steps while it is small: a busy ring of a hundred has grown three times, not six.
    const std::uint32_t capacity = capacity_ == 0 ? 4 : capacity_ * (capacity_ <= 32 ? 4 : 2);
    auto cells = std::make_unique<T[]>(capacity);
    for (std::uint32_t i = 0; i < size_; ++i) cells[i] = std::move((*this)[i]);
    cells_ = std::move(cells);
    capacity_ = capacity;
    head_ = 0;
  }

  std::unique_ptr<T[]> cells_;
  std::uint32_t capacity_ = 0;
  std::uint32_t head_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace sluice
