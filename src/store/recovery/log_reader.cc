// SPDX-License-Identifier: Apache-2.0
#include "store/recovery/log_reader.h"

#include "store/format/little_endian.h"
#include "store/recovery/segment_reader.h"

#include <algorithm>
#include <optional>

namespace sluice::store {
namespace {

constexpr std::size_t start_bytes_max = 4096;

constexpr std::string_view what_to_do =
    "; start from a backup, or let `sluice store repair` cut the log there";

/// Reads the segments of a log one behind the other.
class LogReader {
 public:
  LogReader(os::Disk& disk, const LogPlace& place, const BatchVisitor& visit)
      : disk_(disk), place_(place), visit_(visit) {}

  Checked<LogEnd> read();

 private:
  Checked<void> find_start();
  Checked<void> read_segment(std::uint64_t number);
  Checked<void> read_frames(std::uint64_t number, SegmentReader& reader);
  Checked<bool> take_frame(std::uint64_t number, const Frame& frame);
  Checked<void> check_rest(std::uint64_t number, SegmentReader& reader, std::uint64_t offset);
  Checked<void> check_begin(std::uint64_t number, const Frame& frame);
  std::unexpected<Problem> damaged(std::uint64_t number, std::uint64_t offset,
                                   const std::string& what) const;
  std::unexpected<Problem> missing(std::uint64_t number) const;
  std::uint64_t expected() const { return static_cast<std::uint64_t>(end_.next); }

  os::Disk& disk_;
  const LogPlace& place_;
  const BatchVisitor& visit_;
  std::optional<ReplayStart> start_;
  LogEnd end_;
  std::optional<std::uint64_t> goes_on_in_;  // the last frame read says so
};

std::unexpected<Problem> LogReader::damaged(std::uint64_t number, std::uint64_t offset,
                                            const std::string& what) const {
  return problem(Problem::Kind::damaged, place_.path_of(number) + " is damaged at byte " +
                                             std::to_string(offset) + ": " + what +
                                             std::string(what_to_do));
}

std::unexpected<Problem> LogReader::missing(std::uint64_t number) const {
  return problem(
      Problem::Kind::missing,
      place_.path_of(number) + " is missing: the log goes on there" + std::string(what_to_do));
}

Checked<void> LogReader::find_start() {
  const std::string path = place_.replay_start_path();
  const auto file = disk_.open(path, os::OpenMode::read);
  if (!file && file.error().code == ErrorCode::not_found) return {};
  if (!file) return disk_problem(path, file.error());
  std::string text(start_bytes_max, '\0');
  const auto size = (*file)->read({reinterpret_cast<std::uint8_t*>(text.data()), text.size()}, 0);
  if (!size) return disk_problem(path, size.error());
  text.resize(*size);
  auto start = read_replay_start(text, path);
  if (!start) return std::unexpected(start.error());
  start_ = *start;
  return {};
}

Checked<LogEnd> LogReader::read() {
  if (auto found = find_start(); !found) return std::unexpected(found.error());
  const auto names = disk_.list(place_.directory);
  if (!names) return disk_problem(place_.directory, names.error());
  std::vector<std::uint64_t> numbers;
  for (const std::string& name : *names)
    if (const auto number = segment_number(name)) numbers.push_back(*number);
  std::ranges::sort(numbers);
  const std::uint64_t begin = start_ ? start_->segment : 1;
  if (numbers.empty() || (start_ && std::ranges::find(numbers, begin) == numbers.end()))
    return missing(begin);
  end_.number_max = numbers.back();
  for (const std::uint64_t number : numbers) {
    if (number < begin) {
      end_.unused.push_back(number);
      continue;
    }
    if (auto read = read_segment(number); !read) return std::unexpected(read.error());
  }
  if (goes_on_in_ && std::ranges::find(numbers, *goes_on_in_) == numbers.end())
    return missing(*goes_on_in_);
  if (start_ && end_.next < start_->position) return damaged(begin, 0, "batches are missing");
  return std::move(end_);
}

Checked<void> LogReader::read_segment(std::uint64_t number) {
  const std::string path = place_.path_of(number);
  auto reader = SegmentReader::open(disk_, path, place_.name_of(number));
  if (!reader) return disk_problem(path, reader.error());
  const auto header = reader->header();
  if (!header) return disk_problem(path, header.error());
  if (*header == HeaderState::unknown_version)
    return problem(Problem::Kind::foreign,
                   path + " was written by another version of sluice: use that one");
  if (*header == HeaderState::good) return read_frames(number, *reader);
  // Its header is written before all else: without one it was never in use.
  const auto frame = reader->find_later_commit(block_bytes, 0);
  if (!frame) return disk_problem(path, frame.error());
  if (*frame) return damaged(number, 0, "its header is bad");
  end_.unused.push_back(number);
  return {};
}

Checked<void> LogReader::read_frames(std::uint64_t number, SegmentReader& reader) {
  std::uint64_t offset = block_bytes;
  std::uint64_t bad = 0;  // where no frame was, within a commit
  while (true) {
    const auto frame = reader.frame_at(offset);
    if (!frame) return disk_problem(place_.path_of(number), frame.error());
    const bool is_first = offset == block_bytes;
    if (!*frame || (!is_first && (*frame)->header.sequence != expected())) {
      // Behind the last frame of a commit there is padding.
      const std::uint64_t boundary = round_up(offset, block_bytes);
      if (boundary == offset) break;
      bad = offset;
      offset = boundary;
      continue;
    }
    bad = 0;
    if (is_first)
      if (auto begun = check_begin(number, **frame); !begun) return begun;
    const auto goes_on = take_frame(number, **frame);
    if (!goes_on) return std::unexpected(goes_on.error());
    offset = (*frame)->end;
    if (!*goes_on) {
      end_.offset = (*frame)->offset;
      return {};
    }
  }
  if (offset == block_bytes)
    end_.unused.push_back(number);
  else
    end_.offset = offset;
  if (bad != 0)
    if (auto checked = check_rest(number, reader, bad); !checked) return checked;
  return check_rest(number, reader, offset);
}

// The first frame of a segment: it must follow what was read before.
Checked<void> LogReader::check_begin(std::uint64_t number, const Frame& frame) {
  if (end_.spans.empty()) {
    const Position first = start_ ? start_->position : first_position;
    if (Position{frame.header.sequence} > first)
      return start_ ? damaged(number, frame.offset, "earlier batches are missing")
                    : missing(number - 1);
    end_.next = Position{frame.header.sequence};
    return {};
  }
  const std::uint64_t before = end_.spans.back().number;
  if (!goes_on_in_)
    return damaged(before, end_.offset, "the log goes on in segment " + std::to_string(number));
  if (*goes_on_in_ != number) return missing(*goes_on_in_);
  if (frame.header.sequence != expected())
    return damaged(number, frame.offset, "earlier batches are missing");
  goes_on_in_.reset();
  return {};
}

// False: the segment ends here.
Checked<bool> LogReader::take_frame(std::uint64_t number, const Frame& frame) {
  if (frame.header.kind == FrameKind::end && frame.payload.size() == sizeof(std::uint64_t)) {
    goes_on_in_ = get<std::uint64_t>(frame.payload, 0);
    return false;
  }
  if (frame.header.kind != FrameKind::batch)
    return problem(Problem::Kind::foreign,
                   place_.path_of(number) + " holds a frame of an unknown kind at byte " +
                       std::to_string(frame.offset) + ": use the version of sluice that wrote it");
  if (end_.spans.empty() || end_.spans.back().number != number)
    end_.spans.push_back({number, Position{frame.header.sequence}});
  const Position position{frame.header.sequence};
  end_.next = Position{frame.header.sequence + 1};
  end_.last_time = frame.header.time;
  if (start_ && position < start_->position) return true;
  ++end_.batches;
  end_.bytes += frame.payload.size();
  const auto visited = visit_({position, frame.header.time, frame.payload});
  if (!visited) return damaged(number, frame.offset, visited.error().detail);
  return true;
}

// Where the frames end: is it the end of the log, or damage in its middle?
Checked<void> LogReader::check_rest(std::uint64_t number, SegmentReader& reader,
                                    std::uint64_t offset) {
  const auto later = reader.find_later_commit(offset, expected());
  if (!later) return disk_problem(place_.path_of(number), later.error());
  if (*later)
    return damaged(number, offset,
                   "the checksum does not fit, and what was written later stands at byte " +
                       std::to_string((*later)->offset));
  const auto begun = reader.is_begun_at(offset);
  if (!begun) return disk_problem(place_.path_of(number), begun.error());
  if (*begun && end_.torn_segment == 0) {
    end_.torn_segment = number;
    end_.torn_offset = offset;
  }
  return {};
}

}  // namespace

Checked<LogEnd> read_log(os::Disk& disk, const LogPlace& place, const BatchVisitor& visit) {
  return LogReader(disk, place, visit).read();
}

}  // namespace sluice::store
