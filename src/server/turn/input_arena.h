// SPDX-License-Identifier: Apache-2.0
//
// InputArena is where a turn reads: every read gets room of its own that stays untouched until the
// turn ends, so that what was read can be written on to subscribers without a copy.
//
// Owner:   a Turn.     Thread: one.
// Limits:  room for one read is read_bytes; blocks are kept for the next turn, at most blocks_kept
//          of them.
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <memory>
#include <vector>

namespace sluice::server {

class InputArena {
 public:
  static constexpr std::size_t block_bytes = 256 * 1024;
  static constexpr std::size_t read_bytes = 64 * 1024;

  /// At least read_bytes of room, at most a block.
  MutableByteView room() {
    if (block_ == blocks_.size())
      blocks_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(block_bytes));
    return {blocks_[block_].get() + used_, block_bytes - used_};
  }
  /// The first `size` bytes of the last room() are in use until reset().
  void take(std::size_t size) {
    used_ += size;
    if (block_bytes - used_ >= read_bytes) return;
    ++block_;
    used_ = 0;
  }
  void reset() {
    if (blocks_.size() > blocks_kept) blocks_.resize(blocks_kept);
    block_ = used_ = 0;
  }
  /// Room used in this turn.
  std::size_t bytes() const { return block_ * block_bytes + used_; }

 private:
  static constexpr std::size_t blocks_kept = 8;

  std::vector<std::unique_ptr<std::uint8_t[]>> blocks_;
  std::size_t block_ = 0;
  std::size_t used_ = 0;
};

}  // namespace sluice::server
