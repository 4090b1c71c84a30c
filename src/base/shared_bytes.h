// SPDX-License-Identifier: Apache-2.0
//
// SharedBytes is a handle to bytes that never change again; copies share them, and the last one
// frees them, on whatever thread it is. GrowingBytes is their private youth: one owner appends,
// realloc grows the block, and freeze() turns it into SharedBytes without copying. For message
// bodies that cross threads, and for large packets while they arrive.
//
// Owner:   each handle counts as one.       Thread: SharedBytes any; GrowingBytes its owner's.
// Never:   changes a byte after freeze(); grows beyond the maximum given.
// Limits:  16 bytes in front of each block; the maximum of GrowingBytes, at most 4 GiB.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <utility>

namespace sluice {

class SharedBytes {
 public:
  SharedBytes() = default;
  SharedBytes(const SharedBytes& other) noexcept : block_(other.block_) { retain(); }
  SharedBytes(SharedBytes&& other) noexcept : block_(std::exchange(other.block_, nullptr)) {}
  SharedBytes& operator=(SharedBytes other) noexcept {
    std::swap(block_, other.block_);
    return *this;
  }
  ~SharedBytes() { drop(); }

  static SharedBytes copy_of(ByteView bytes);

  /// Valid while this handle, or a copy of it, lives.
  ByteView view() const;
  std::size_t size() const { return view().size(); }
  bool is_empty() const { return block_ == nullptr; }
  /// How many handles share the bytes: exact only when no other thread holds one.
  std::uint32_t owners() const;

 private:
  friend class GrowingBytes;
  struct Block;
  explicit SharedBytes(Block* block) noexcept : block_(block) {}
  void retain() const noexcept;
  void drop() noexcept;

  Block* block_ = nullptr;
};

class GrowingBytes {
 public:
  /// Holds at most `bytes_max`; takes no memory before the first byte. REQUIRES: < 4 GiB.
  explicit GrowingBytes(std::size_t bytes_max);
  GrowingBytes(GrowingBytes&& other) noexcept;
  GrowingBytes& operator=(GrowingBytes&& other) noexcept;
  ~GrowingBytes();

  ByteView view() const;
  std::size_t size() const { return size_; }
  /// What the block takes of the heap, for memory budgets.
  std::size_t allocated_bytes() const;
  std::size_t bytes_max() const { return max_; }

  /// limit_exceeded, and nothing appended, if the size would pass the maximum.
  Result<void> append(ByteView bytes);
  /// Room behind the bytes, at least `wanted` unless the maximum is nearer; commit() keeps its
  /// first bytes. Empty at the maximum. The view is valid until the next call that may grow.
  MutableByteView prepare(std::size_t wanted);
  /// REQUIRES: at most what the last prepare() returned.
  void commit(std::size_t size);
  /// The bytes, immutable from now on; this is empty again.
  SharedBytes freeze();

 private:
  void grow_to(std::size_t capacity);

  std::uint8_t* memory_ = nullptr;  ///< room for the block's header, then the bytes
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  std::size_t max_;
};

}  // namespace sluice
