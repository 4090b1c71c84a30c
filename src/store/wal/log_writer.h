// SPDX-License-Identifier: Apache-2.0
//
// LogWriter appends commits to the segments of one log: one write, one sync, in order. It makes no
// segment itself: it says which one it wants next, well before the one in use is full, and takes it
// when somebody has made it.
//
// Owner:   the thread of the log, or the simulator.      Thread: one.
// Never:   writes to a block twice once it was synced; goes on after a failed sync.
// Limits:  store.segment_bytes_min, store.segment_bytes_max.
#pragma once

#include "store/recovery/log_end.h"
#include "store/wal/commit.h"
#include "store/wal/segment_files.h"

#include <deque>
#include <functional>
#include <optional>
#include <vector>

namespace sluice::store {

struct SegmentSizes {
  std::uint64_t min = std::uint64_t{16} << 20;
  std::uint64_t max = std::uint64_t{128} << 20;
};

/// never: what was written is handed to the operating system, and synced when a segment is full.
enum class Sync : std::uint8_t { each_commit, never };

struct WriteRules {
  SegmentSizes sizes;
  Sync sync = Sync::each_commit;
};

/// A segment to be made.
struct SegmentWish {
  std::uint64_t number = 0;
  std::uint64_t bytes = 0;
};

/// What is not needed once replay begins later.
struct Clearance {
  ReplayStart start;
  std::vector<std::uint64_t> freed;
};

class LogWriter {
 public:
  /// `end`: where reading the log has ended.
  LogWriter(os::Disk& disk, LogPlace place, WriteRules rules, LogEnd end);

  /// Closes what the run before left open and begins a segment of its own. Before anything else.
  Result<void> open(SegmentFiles& files);
  /// The number of the batch to come.
  Position next() const { return next_; }

  /// Durable when this returns without error. would_block: the next segment is not there yet;
  /// no_space: the disk is full; both may be tried again. Any other error is the end of this log.
  /// `on_written`: the operating system has it, the disk maybe not; not called for an error.
  Result<void> write(Commit& commit, const std::function<void()>& on_written = {});
  /// What should be made now, if anything: it is wanted until it is taken.
  std::optional<SegmentWish> wish() const;
  void take(Segment segment) { ready_ = std::move(segment); }
  /// Nothing if nothing can go.
  std::optional<Clearance> begin_replay_at(Position position);
  /// Bytes that the segment in use has left.
  std::uint64_t room() const;

 private:
  static constexpr std::size_t segments_min = 4;

  struct Span {
    std::uint64_t number = 0;
    Position first{0};
  };

  Result<void> end_segment(os::DiskFile& file, std::uint64_t number, std::uint64_t offset,
                           std::uint64_t next_number);
  void begin_segment(Segment segment);

  os::Disk& disk_;
  const LogPlace place_;
  const SegmentSizes sizes_;
  const Sync sync_;
  const LogEnd end_;
  Segment current_;
  std::uint64_t offset_ = 0;  // in it
  std::optional<Segment> ready_;
  bool is_waiting_ =
      false;  // a commit did not fit: the next segment is wanted, however full this is
  std::deque<Span> spans_;  // with batches, in order
  Position next_;
  Position unsynced_{0};  // the first batch that is, with Sync::never
};

}  // namespace sluice::store
