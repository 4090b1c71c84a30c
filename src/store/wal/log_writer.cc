// SPDX-License-Identifier: Apache-2.0
#include "store/wal/log_writer.h"

#include "base/assert.h"
#include "store/format/little_endian.h"

#include <algorithm>
#include <array>

namespace sluice::store {

LogWriter::LogWriter(os::Disk& disk, LogPlace place, WriteRules rules, LogEnd end)
    : disk_(disk),
      place_(std::move(place)),
      sizes_(rules.sizes),
      sync_(rules.sync),
      end_(std::move(end)),
      next_(end_.next) {
  for (const LogEnd::Span& span : end_.spans) spans_.push_back({span.number, span.first});
}

Result<void> LogWriter::open(SegmentFiles& files) {
  // A number of its own: nothing that a torn commit left behind can be taken for a frame of it.
  SLUICE_CHECK(files.open());
  SLUICE_TRY(auto segment, files.make(end_.number_max + 1, sizes_.min));
  if (!end_.spans.empty()) {
    const std::uint64_t last = end_.spans.back().number;
    SLUICE_TRY(const auto file, disk_.open(place_.path_of(last), os::OpenMode::write));
    // What the run before wrote and had no time to sync was found: before anything stands behind
    // it.
    SLUICE_CHECK(file->sync());
    SLUICE_CHECK(end_segment(*file, last, end_.offset, segment.number));
  }
  begin_segment(std::move(segment));
  return files.remove(end_.unused);
}

Result<void> LogWriter::end_segment(os::DiskFile& file, std::uint64_t number, std::uint64_t offset,
                                    std::uint64_t next_number) {
  std::array<std::uint8_t, block_bytes> block{};
  const std::size_t size = frame_bytes(sizeof next_number);
  const MutableByteView frame = MutableByteView(block).first(size);
  const auto sequence = static_cast<std::uint64_t>(next_);
  write_frame_header(frame, {.kind = FrameKind::end,
                             .payload_bytes = sizeof next_number,
                             .sequence = sequence,
                             .time = {}});
  put(frame, frame_header_bytes, next_number);
  seal_frame(frame, place_.name_of(number), sequence);
  SLUICE_CHECK(file.write(block, offset));
  return file.sync();
}

void LogWriter::begin_segment(Segment segment) {
  current_ = std::move(segment);
  offset_ = block_bytes;
  unsynced_ = Position{0};
}

std::uint64_t LogWriter::room() const {
  // The last block is for the frame that says where the log goes on.
  const std::uint64_t used = offset_ + block_bytes;
  return current_.bytes > used ? current_.bytes - used : 0;
}

Result<void> LogWriter::write(Commit& commit, const std::function<void()>& on_written) {
  SLUICE_ASSERT(commit.has_batches() && commit.first() == next_);
  // What is larger than a segment gets one of its own, which grows.
  const bool is_fresh = offset_ == block_bytes;
  if (!is_fresh && round_up(commit.bytes(), block_bytes) > room()) {
    // Much may be left of this one: the wish does not follow from that.
    is_waiting_ = !ready_;
    if (is_waiting_) return fail(ErrorCode::would_block, "the next segment is not ready");
    SLUICE_CHECK(end_segment(*current_.file, current_.number, offset_, ready_->number));
    begin_segment(std::move(*ready_));
    ready_.reset();
  }
  // To a reader, all that no sync has parted is one commit: it may be torn anywhere.
  if (sync_ == Sync::each_commit || unsynced_ == Position{0}) unsynced_ = commit.first();
  const ByteView bytes = commit.seal(place_.name_of(current_.number), unsynced_);
  SLUICE_CHECK(current_.file->write(bytes, offset_));
  if (on_written && sync_ == Sync::each_commit) on_written();
  if (sync_ == Sync::each_commit) SLUICE_CHECK(current_.file->sync());
  if (offset_ == block_bytes) spans_.push_back({current_.number, commit.first()});
  offset_ += bytes.size();
  next_ = Position{static_cast<std::uint64_t>(commit.last()) + 1};
  return {};
}

std::optional<SegmentWish> LogWriter::wish() const {
  if (ready_ || (!is_waiting_ && room() > current_.bytes / 2)) return {};
  // A short log that is used again and again needs no large segments.
  const std::uint64_t bytes = spans_.size() < segments_min ? current_.bytes : current_.bytes * 2;
  return SegmentWish{current_.number + 1, std::clamp(bytes, sizes_.min, sizes_.max)};
}

std::optional<Clearance> LogWriter::begin_replay_at(Position position) {
  Clearance clearance;
  while (spans_.size() > 1 && spans_[1].first <= position) {
    clearance.freed.push_back(spans_.front().number);
    spans_.pop_front();
  }
  if (spans_.empty()) return {};
  clearance.start = {spans_.front().number, position};
  return clearance;
}

}  // namespace sluice::store
