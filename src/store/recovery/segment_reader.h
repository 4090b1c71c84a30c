// SPDX-License-Identifier: Apache-2.0
//
// SegmentReader finds the frames of one segment: those in a row, and, behind a place where there is
// none, whether a later commit stands there.
//
// Owner:   LogReader.     Thread: one.
// Limits:  it holds a window of the file: a mebibyte, or one frame if that is more.
#pragma once

#include "os/file/disk.h"
#include "store/format/segment_format.h"

#include <memory>
#include <optional>
#include <vector>

namespace sluice::store {

struct Frame {
  FrameHeader header;
  ByteView payload;  ///< valid until the next call
  std::uint64_t offset = 0;
  std::uint64_t end = 0;  ///< of the frame in the file
};

class SegmentReader {
 public:
  static Result<SegmentReader> open(os::Disk& disk, const std::string& path,
                                    const SegmentName& name);

  Result<HeaderState> header();
  /// The frame that begins exactly there, if one does and its checksum holds.
  Result<std::optional<Frame>> frame_at(std::uint64_t offset);
  /// The first frame at a block boundary from `offset` on whose commit began behind batch
  /// `sequence`.
  Result<std::optional<Frame>> find_later_commit(std::uint64_t offset, std::uint64_t sequence);
  /// Whether something of this segment begins there, whole or not.
  Result<bool> is_begun_at(std::uint64_t offset);
  std::uint64_t bytes() const { return bytes_; }

 private:
  SegmentReader(std::unique_ptr<os::DiskFile> file, const SegmentName& name, std::uint64_t bytes)
      : file_(std::move(file)), name_(name), tag_(tag_of(name)), bytes_(bytes) {}
  Result<ByteView> at(std::uint64_t offset, std::size_t size);

  std::unique_ptr<os::DiskFile> file_;
  SegmentName name_;
  std::uint32_t tag_;
  std::uint64_t bytes_;
  std::vector<std::uint8_t> window_;
  std::uint64_t window_offset_ = 0;
  std::size_t window_bytes_ = 0;
};

}  // namespace sluice::store
