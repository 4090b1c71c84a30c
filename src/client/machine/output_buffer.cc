// SPDX-License-Identifier: Apache-2.0
#include "client/machine/output_buffer.h"

#include "base/assert.h"

#include <algorithm>
#include <cstring>

namespace sluice::client {
namespace {
constexpr std::size_t bytes_first = 4'096;
constexpr std::size_t output_bytes_kept = 1U << 20;
}  // namespace

MutableByteView OutputBuffer::claim(std::size_t bytes) {
  if (capacity_ - end_ < bytes) make_room(bytes);
  return {memory_.get() + end_, bytes};
}

void OutputBuffer::append(ByteView bytes) {
  if (bytes.empty()) return;
  const MutableByteView room = claim(bytes.size());
  std::memcpy(room.data(), bytes.data(), bytes.size());
  commit(bytes.size());
}

void OutputBuffer::consume(std::size_t bytes) {
  SLUICE_ASSERT(bytes <= size());
  begin_ += bytes;
  taken_ += bytes;
  if (begin_ == end_) clear();
}

void OutputBuffer::clear() {
  taken_ += size();
  begin_ = end_ = 0;
  if (capacity_ > output_bytes_kept) {
    memory_.reset();
    capacity_ = 0;
  }
}

void OutputBuffer::make_room(std::size_t bytes) {
  const std::size_t used = size();
  if (capacity_ - used >= bytes && begin_ >= used) {
    std::memmove(memory_.get(), memory_.get() + begin_, used);
  } else {
    const std::size_t wanted = std::max({bytes_first, capacity_ * 2, used + bytes});
    auto larger = std::make_unique_for_overwrite<std::uint8_t[]>(wanted);
    if (used > 0) std::memcpy(larger.get(), memory_.get() + begin_, used);
    memory_ = std::move(larger);
    capacity_ = wanted;
  }
  begin_ = 0;
  end_ = used;
}

}  // namespace sluice::client
