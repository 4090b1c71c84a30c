// SPDX-License-Identifier: Apache-2.0
#include "store/recovery/log_copy.h"

#include "store/recovery/log_reader.h"

namespace sluice::store {

Checked<std::unique_ptr<LogCopy>> LogCopy::open(os::Disk& disk, const LogPlace& place,
                                                const SegmentSizes& sizes) {
  auto end = read_log(disk, place, [](const Batch&) {
    return Result<void>(fail(ErrorCode::already_exists, "the log is not empty"));
  });
  if (!end) return std::unexpected(end.error());
  std::unique_ptr<LogCopy> copy(new LogCopy(disk, place, sizes, std::move(*end)));
  if (const auto opened = copy->writer_.open(copy->files_); !opened)
    return disk_problem(place.directory, opened.error());
  return copy;
}

Result<void> LogCopy::add(const BatchTime& time, ByteView records) {
  commit_.add(next_, time, records);
  next_ = Position{static_cast<std::uint64_t>(next_) + 1};
  if (commit_.bytes() < commit_bytes) return {};
  return finish();
}

Result<void> LogCopy::finish() {
  if (!commit_.has_batches()) return {};
  while (true) {
    const auto written = writer_.write(commit_);
    if (written) break;
    if (written.error().code != ErrorCode::would_block) return written;
    const auto wish = writer_.wish();
    if (!wish) return written;
    SLUICE_TRY(auto segment, files_.make(wish->number, wish->bytes));
    writer_.take(std::move(segment));
  }
  commit_.clear();
  return {};
}

}  // namespace sluice::store
