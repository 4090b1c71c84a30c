// SPDX-License-Identifier: Apache-2.0
#include "base/shared_bytes.h"

#include "base/assert.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <memory>
#include <new>

namespace sluice {

struct SharedBytes::Block {
  std::atomic<std::uint32_t> owners;
  std::uint32_t size;
  std::uint64_t reserved;

  std::uint8_t* bytes() { return reinterpret_cast<std::uint8_t*>(this) + sizeof(Block); }
};

namespace {
constexpr std::size_t header_bytes = 16;
constexpr std::size_t first_capacity = 240;
}  // namespace

SharedBytes SharedBytes::copy_of(ByteView bytes) {
  if (bytes.empty()) return {};
  GrowingBytes growing(bytes.size());
  std::ranges::copy(bytes, growing.prepare(bytes.size()).begin());
  growing.commit(bytes.size());
  return growing.freeze();
}

ByteView SharedBytes::view() const {
  if (block_ == nullptr) return {};
  return {block_->bytes(), block_->size};
}

std::uint32_t SharedBytes::owners() const {
  return block_ == nullptr ? 0 : block_->owners.load(std::memory_order_relaxed);
}

void SharedBytes::retain() const noexcept {
  static_assert(sizeof(Block) == header_bytes);
  if (block_ == nullptr) return;
  const auto before = block_->owners.fetch_add(1, std::memory_order_relaxed);
  SLUICE_ASSERT(before > 0 && before < std::numeric_limits<std::uint32_t>::max());
}

void SharedBytes::drop() noexcept {
  if (block_ == nullptr) return;
  if (block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) {
    std::destroy_at(block_);
    std::free(block_);
  }
  block_ = nullptr;
}

GrowingBytes::GrowingBytes(std::size_t bytes_max) : max_(bytes_max) {
  SLUICE_ASSERT(bytes_max <= std::numeric_limits<std::uint32_t>::max());
}

GrowingBytes::GrowingBytes(GrowingBytes&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)),
      max_(other.max_) {}

GrowingBytes& GrowingBytes::operator=(GrowingBytes&& other) noexcept {
  if (this == &other) return *this;
  std::free(memory_);
  memory_ = std::exchange(other.memory_, nullptr);
  size_ = std::exchange(other.size_, 0);
  capacity_ = std::exchange(other.capacity_, 0);
  max_ = other.max_;
  return *this;
}

GrowingBytes::~GrowingBytes() { std::free(memory_); }

ByteView GrowingBytes::view() const {
  if (memory_ == nullptr) return {};
  return {memory_ + header_bytes, size_};
}

std::size_t GrowingBytes::allocated_bytes() const {
  return memory_ == nullptr ? 0 : header_bytes + capacity_;
}

Result<void> GrowingBytes::append(ByteView bytes) {
  if (bytes.size() > max_ - size_)
    return fail(ErrorCode::limit_exceeded, "the bytes would pass the maximum of their buffer");
  if (bytes.empty()) return {};
  std::ranges::copy(bytes, prepare(bytes.size()).begin());
  commit(bytes.size());
  return {};
}

MutableByteView GrowingBytes::prepare(std::size_t wanted) {
  const std::size_t target = size_ + std::min(wanted, max_ - size_);
  if (target > capacity_) {
    const std::size_t doubled = std::max(capacity_ * 2, first_capacity);
    // The first block is exact when its size is known: a whole body usually comes in one piece.
    grow_to(capacity_ == 0 ? target : std::min(std::max(doubled, target), max_));
  }
  if (memory_ == nullptr) return {};
  return {memory_ + header_bytes + size_, capacity_ - size_};
}

void GrowingBytes::commit(std::size_t size) {
  SLUICE_ASSERT(size <= capacity_ - size_);
  size_ += size;
}

SharedBytes GrowingBytes::freeze() {
  if (size_ == 0) return {};
  if (capacity_ - size_ > size_ / 8) grow_to(size_);  // give back what doubling took too much
  auto* block = new (memory_)
      SharedBytes::Block{.owners = 1, .size = static_cast<std::uint32_t>(size_), .reserved = 0};
  memory_ = nullptr;
  size_ = 0;
  capacity_ = 0;
  return SharedBytes(block);
}

void GrowingBytes::grow_to(std::size_t capacity) {
  auto* memory = static_cast<std::uint8_t*>(std::realloc(memory_, header_bytes + capacity));
  SLUICE_ASSERT(memory != nullptr);  // out of memory ends the process
  memory_ = memory;
  capacity_ = capacity;
}

}  // namespace sluice
