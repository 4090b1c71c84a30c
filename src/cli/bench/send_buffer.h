// SPDX-License-Identifier: Apache-2.0
//
// A SendBuffer gathers the packets of one connection until they are written in one call; what the
// socket does not take stays in front.
//
// Owner:   one connection of Wire.
// Never:   gives memory back; a benchmark's connections keep what they once needed.
#pragma once

#include "base/bytes.h"

#include <algorithm>
#include <cstring>
#include <memory>

namespace sluice::cli {

class SendBuffer {
 public:
  /// Room for `size` bytes behind what waits; the caller writes all of them.
  std::uint8_t* append(std::size_t size) {
    if (end_ + size > capacity_) make_room(size);
    std::uint8_t* at = bytes_.get() + end_;
    end_ += size;
    return at;
  }
  void append(ByteView bytes) {
    if (!bytes.empty()) std::memcpy(append(bytes.size()), bytes.data(), bytes.size());
  }
  ByteView waiting() const { return {bytes_.get() + begin_, end_ - begin_}; }
  bool is_empty() const { return begin_ == end_; }
  void drop(std::size_t size) {
    begin_ += size;
    if (begin_ == end_) begin_ = end_ = 0;
  }
  void clear() { begin_ = end_ = 0; }

 private:
  void make_room(std::size_t size) {
    const std::size_t used = end_ - begin_;
    const std::size_t capacity = std::max<std::size_t>({capacity_, 2 * (used + size), 64});
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(capacity);
    if (used > 0) std::memcpy(larger.get(), bytes_.get() + begin_, used);
    bytes_ = std::move(larger);
    capacity_ = capacity;
    begin_ = 0;
    end_ = used;
  }

  std::unique_ptr<std::uint8_t[]> bytes_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace sluice::cli
