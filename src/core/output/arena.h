// SPDX-License-Identifier: Apache-2.0
//
// Arena is memory that lasts one turn: bytes are written one behind the other into large blocks,
// and all of it is free again at the turn's end.
//
// Owner: Output. Thread: its shard's. Never: allocation once warm. Limits: the turn's bound on its
// output; `blocks_kept` blocks stay allocated between turns.
#pragma once

#include "base/assert.h"
#include "base/bytes.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::core {

class Arena {
 public:
  Arena(std::size_t block_bytes, std::size_t blocks_kept)
      : block_bytes_(block_bytes), blocks_kept_(blocks_kept) {
    add_block(block_bytes_, 0);
  }

  /// Room for `size` bytes, valid until end_turn(). Follow with commit() before the next reserve().
  MutableByteView reserve(std::size_t size) {
    if (blocks_[block_].size - used_ < size) [[unlikely]]
      next_block(size);
    reserved_ = size;
    return {blocks_[block_].bytes.get() + used_, size};
  }
  /// The first `size` bytes of the last reserve() are written.
  ByteView commit(std::size_t size) {
    SLUICE_ASSERT(size <= reserved_);
    reserved_ = 0;
    const std::uint8_t* start = blocks_[block_].bytes.get() + used_;
    used_ += size;
    return {start, size};
  }
  void end_turn() {
    if (block_ > 0 || blocks_.size() > 1) trim();
    block_ = used_ = 0;
  }
  std::size_t bytes() const {
    std::size_t total = 0;
    for (const Block& block : blocks_) total += block.size;
    return total;
  }

 private:
  struct Block {
    std::unique_ptr<std::uint8_t[]> bytes;
    std::size_t size = 0;
  };

  void add_block(std::size_t size, std::size_t at) {
    blocks_.insert(blocks_.begin() + static_cast<std::ptrdiff_t>(at),
                   {std::make_unique_for_overwrite<std::uint8_t[]>(size), size});
  }
  void next_block(std::size_t size) {
    ++block_;
    used_ = 0;
    if (block_ == blocks_.size() || blocks_[block_].size < size)
      add_block(std::max(size, block_bytes_), block_);
  }
  void trim() {
    if (blocks_.size() > blocks_kept_) blocks_.resize(blocks_kept_);
    std::erase_if(blocks_, [this](const Block& block) { return block.size != block_bytes_; });
    if (blocks_.empty()) add_block(block_bytes_, 0);
  }

  const std::size_t block_bytes_;
  const std::size_t blocks_kept_;
  std::vector<Block> blocks_;
  std::size_t block_ = 0;  // the one being filled
  std::size_t used_ = 0;   // of it
  std::size_t reserved_ = 0;
};

}  // namespace sluice::core
