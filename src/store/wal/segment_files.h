// SPDX-License-Identifier: Apache-2.0
//
// Where the segments of a log stand, and how one comes into being: zeroed and synced before its
// first frame, so that a sync of frames changes no metadata. A segment that is not needed any more
// is used again, under a new number, instead of being zeroed anew.
//
// Owner:   whoever keeps the log's files in order.   Thread: one (not always that of LogWriter).
// Limits:  one spare segment is kept.
#pragma once

#include "os/file/disk.h"
#include "store/format/manifest.h"
#include "store/format/segment_format.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::store {

/// The directory of a log, and what its checksums are salted with.
struct LogPlace {
  std::string directory;
  std::uint64_t salt = 0;
  std::uint32_t shard = 0;

  SegmentName name_of(std::uint64_t number) const { return {salt, shard, number}; }
  std::string path_of(std::uint64_t number) const;
  std::string replay_start_path() const { return directory + "/replay-from"; }
};
/// The number of a file that path_of() names; nothing for other names.
std::optional<std::uint64_t> segment_number(std::string_view file_name);

/// The text replaces the file, or a crash leaves the old one; on the disk when this returns.
Result<void> replace_file(os::Disk& disk, const std::string& directory, const std::string& path,
                          std::string_view text);

/// A segment that is ready to be written: header on the disk, zeros or older frames behind it.
struct Segment {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
  std::unique_ptr<os::DiskFile> file;
};

/// A segment that is not ready yet: zeros are missing, then its header.
struct SegmentDraft {
  Segment segment;
  std::uint64_t zeroed = 0;  ///< of its bytes
  std::uint64_t synced = 0;  ///< of these

  std::uint64_t missing() const { return segment.bytes - zeroed; }
};

class SegmentFiles {
 public:
  SegmentFiles(os::Disk& disk, LogPlace place) : disk_(disk), place_(std::move(place)) {}

  const LogPlace& place() const { return place_; }
  os::Disk& disk() const { return disk_; }
  /// Whether the run before has left a spare. Before anything else.
  Result<void> open();
  /// On the disk, name and all, when this returns. no_space: nothing is left of it.
  Result<Segment> make(std::uint64_t number, std::uint64_t bytes);
  /// The same a little at a time: begin(); go_on() while anything is missing; finish(). One that is
  /// given up is to be dropped.
  Result<SegmentDraft> begin(std::uint64_t number, std::uint64_t bytes);
  /// So many zeros more, at most. They are on the disk when this returns if `is_synced`: the sync
  /// of another file waits for no more than that.
  Result<void> go_on(SegmentDraft& draft, std::uint64_t bytes, bool is_synced);
  Result<Segment> finish(SegmentDraft draft);
  void drop(SegmentDraft draft);
  /// From now on replay begins there, and these segments are not needed.
  Result<void> begin_replay_at(const ReplayStart& start, std::span<const std::uint64_t> freed);
  /// REQUIRES: nothing of them is needed.
  Result<void> remove(std::span<const std::uint64_t> numbers);

 private:
  Result<std::unique_ptr<os::DiskFile>> allocate(const std::string& path, std::uint64_t bytes);
  Result<std::unique_ptr<os::DiskFile>> reuse_spare(const std::string& path);

  os::Disk& disk_;
  const LogPlace place_;
  std::uint64_t spare_bytes_ = 0;  // 0: there is none
};

}  // namespace sluice::store
