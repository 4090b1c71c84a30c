// SPDX-License-Identifier: Apache-2.0
#include "store/recovery/segment_reader.h"

#include <algorithm>

namespace sluice::store {
namespace {

constexpr std::size_t window_bytes_min = std::size_t{1} << 20;

}  // namespace

Result<SegmentReader> SegmentReader::open(os::Disk& disk, const std::string& path,
                                          const SegmentName& name) {
  SLUICE_TRY(auto file, disk.open(path, os::OpenMode::read));
  SLUICE_TRY(const auto bytes, file->size());
  return SegmentReader(std::move(file), name, bytes);
}

// REQUIRES: the file has so many bytes there.
Result<ByteView> SegmentReader::at(std::uint64_t offset, std::size_t size) {
  const bool is_inside =
      offset >= window_offset_ && offset + size <= window_offset_ + window_bytes_;
  if (!is_inside) {
    window_.resize(std::max(size, window_bytes_min));
    window_offset_ = offset;
    window_bytes_ = 0;
    SLUICE_TRY(window_bytes_, file_->read(window_, offset));
    if (window_bytes_ < size) return fail(ErrorCode::io_error, "read: the file became shorter");
  }
  return ByteView(window_).subspan(offset - window_offset_, size);
}

Result<HeaderState> SegmentReader::header() {
  if (bytes_ < block_bytes) return HeaderState::bad;
  SLUICE_TRY(const ByteView block, at(0, block_bytes));
  return read_segment_header(block, name_);
}

Result<bool> SegmentReader::is_begun_at(std::uint64_t offset) {
  if (offset + frame_header_bytes > bytes_) return false;
  SLUICE_TRY(const ByteView header, at(offset, frame_header_bytes));
  return announced_payload(header, tag_).has_value();
}

Result<std::optional<Frame>> SegmentReader::frame_at(std::uint64_t offset) {
  if (offset + frame_header_bytes > bytes_) return std::nullopt;
  SLUICE_TRY(const ByteView header, at(offset, frame_header_bytes));
  const auto payload_bytes = announced_payload(header, tag_);
  if (!payload_bytes) return std::nullopt;
  const std::size_t size = frame_header_bytes + std::size_t{*payload_bytes};
  if (size > bytes_ - offset) return std::nullopt;
  SLUICE_TRY(const ByteView frame, at(offset, size));
  const auto read = read_frame(frame, tag_);
  if (!read) return std::nullopt;
  return Frame{.header = *read,
               .payload = frame.subspan(frame_header_bytes),
               .offset = offset,
               .end = offset + frame_bytes(*payload_bytes)};
}

Result<std::optional<Frame>> SegmentReader::find_later_commit(std::uint64_t offset,
                                                              std::uint64_t sequence) {
  offset = round_up(offset, block_bytes);
  for (; offset + frame_header_bytes <= bytes_; offset += block_bytes) {
    SLUICE_TRY(auto frame, frame_at(offset));
    if (frame && frame->header.commit_first > sequence) return frame;
  }
  return std::nullopt;
}

}  // namespace sluice::store
