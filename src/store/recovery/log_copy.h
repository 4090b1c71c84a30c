// SPDX-License-Identifier: Apache-2.0
//
// A LogCopy writes batches into a log that is empty, under numbers of its own, all in one thread:
// where what a log holds is to stand in another.
//
// Owner:   a command, or a start.     Thread: one; blocks.
// Limits:  it holds a mebibyte of batches, or one batch if that is more.
#pragma once

#include "store/problem.h"
#include "store/wal/log_writer.h"

#include <memory>

namespace sluice::store {

class LogCopy {
 public:
  /// REQUIRES: StoreDirectory has just made that log.
  static Checked<std::unique_ptr<LogCopy>> open(os::Disk& disk, const LogPlace& place,
                                                const SegmentSizes& sizes = {});

  Result<void> add(const BatchTime& time, ByteView records);
  /// What was added is durable when this returns.
  Result<void> finish();
  std::uint64_t batches() const { return static_cast<std::uint64_t>(next_) - 1; }

 private:
  static constexpr std::size_t commit_bytes = std::size_t{1} << 20;

  LogCopy(os::Disk& disk, const LogPlace& place, const SegmentSizes& sizes, LogEnd end)
      : files_(disk, place),
        writer_(disk, place, {.sizes = sizes}, std::move(end)),
        next_(writer_.next()) {}

  SegmentFiles files_;
  LogWriter writer_;
  Commit commit_;
  Position next_;
};

}  // namespace sluice::store
