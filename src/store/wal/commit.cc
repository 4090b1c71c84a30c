// SPDX-License-Identifier: Apache-2.0
#include "store/wal/commit.h"

#include "base/assert.h"

namespace sluice::store {

void Commit::add(Position position, const BatchTime& time, ByteView records) {
  SLUICE_ASSERT(records.size() <= payload_bytes_max);
  SLUICE_ASSERT(bytes_.size() == size_);
  bytes_.resize(size_ + frame_header_bytes);
  write_frame_header(MutableByteView(bytes_).subspan(size_),
                     {.kind = FrameKind::batch,
                      .payload_bytes = static_cast<std::uint32_t>(records.size()),
                      .sequence = static_cast<std::uint64_t>(position),
                      .time = time});
  bytes_.insert(bytes_.end(), records.begin(), records.end());
  size_ += frame_bytes(records.size());
  bytes_.resize(size_);
  if (first_ == Position{0}) first_ = position;
  last_ = position;
}

std::uint64_t Commit::batches() const {
  if (!has_batches()) return 0;
  return static_cast<std::uint64_t>(last_) - static_cast<std::uint64_t>(first_) + 1;
}

ByteView Commit::seal(const SegmentName& name, Position unsynced) {
  bytes_.resize(round_up(size_, block_bytes));
  for (std::size_t at = 0; at < size_;) {
    const MutableByteView rest = MutableByteView(bytes_).subspan(at);
    const std::size_t size = frame_bytes(payload_bytes_of(rest));
    seal_frame(rest.first(size), name, static_cast<std::uint64_t>(unsynced));
    at += size;
  }
  return bytes_;
}

void Commit::clear() {
  bytes_.clear();
  if (bytes_.capacity() > kept_bytes_max) bytes_.shrink_to_fit();
  size_ = 0;
  first_ = last_ = Position{0};
  is_written_awaited_ = false;
}

}  // namespace sluice::store
