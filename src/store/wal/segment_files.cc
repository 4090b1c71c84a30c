// SPDX-License-Identifier: Apache-2.0
#include "store/wal/segment_files.h"

#include "store/format/file_number.h"

#include <algorithm>
#include <array>
#include <vector>

namespace sluice::store {
namespace {

constexpr std::string_view suffix = ".segment";
constexpr std::size_t chunk_bytes = std::size_t{1} << 20;

std::string spare_path(const LogPlace& place) { return place.directory + "/spare"; }

}  // namespace

std::string LogPlace::path_of(std::uint64_t number) const {
  return numbered_path(directory, number, suffix);
}

std::optional<std::uint64_t> segment_number(std::string_view name) {
  return file_number(name, suffix);
}

Result<void> replace_file(os::Disk& disk, const std::string& directory, const std::string& path,
                          std::string_view text) {
  const std::string new_path = path + ".new";
  {
    SLUICE_TRY(const auto file, disk.open(new_path, os::OpenMode::replace));
    SLUICE_CHECK(file->write(as_bytes(text), 0));
    SLUICE_CHECK(file->sync());
  }
  SLUICE_CHECK(disk.rename(new_path, path));
  return disk.sync_directory(directory);
}

Result<void> SegmentFiles::open() {
  const auto file = disk_.open(spare_path(place_), os::OpenMode::read);
  if (!file && file.error().code == ErrorCode::not_found) return {};
  if (!file) return fail(file.error());
  SLUICE_TRY(spare_bytes_, (*file)->size());
  return {};
}

Result<std::unique_ptr<os::DiskFile>> SegmentFiles::allocate(const std::string& path,
                                                             std::uint64_t bytes) {
  SLUICE_TRY(auto file, disk_.open(path, os::OpenMode::replace));
  SLUICE_CHECK(file->allocate(bytes));
  return file;
}

Result<std::unique_ptr<os::DiskFile>> SegmentFiles::reuse_spare(const std::string& path) {
  spare_bytes_ = 0;
  SLUICE_CHECK(disk_.rename(spare_path(place_), path));
  return disk_.open(path, os::OpenMode::write);
}

Result<Segment> SegmentFiles::make(std::uint64_t number, std::uint64_t bytes) {
  SLUICE_TRY(auto draft, begin(number, bytes));
  if (const auto zeroed = go_on(draft, draft.missing(), false); !zeroed) {
    drop(std::move(draft));
    return fail(zeroed.error());
  }
  return finish(std::move(draft));
}

Result<SegmentDraft> SegmentFiles::begin(std::uint64_t number, std::uint64_t bytes) {
  const std::string path = place_.path_of(number);
  const bool is_spare_fit = spare_bytes_ >= bytes;
  SegmentDraft draft{{number, is_spare_fit ? spare_bytes_ : bytes, nullptr}};
  if (is_spare_fit) {
    draft.zeroed = draft.synced = draft.segment.bytes;
    SLUICE_TRY(draft.segment.file, reuse_spare(path));
    return draft;
  }
  auto file = allocate(path, bytes);
  if (!file) {
    drop(std::move(draft));
    return fail(file.error());
  }
  draft.segment.file = std::move(*file);
  return draft;
}

Result<void> SegmentFiles::go_on(SegmentDraft& draft, std::uint64_t bytes, bool is_synced) {
  const std::uint64_t end = draft.zeroed + std::min(bytes, draft.missing());
  const std::vector<std::uint8_t> zeros(std::min<std::uint64_t>(chunk_bytes, end - draft.zeroed));
  while (draft.zeroed < end) {
    const auto size = std::min<std::uint64_t>(zeros.size(), end - draft.zeroed);
    SLUICE_CHECK(draft.segment.file->write(ByteView(zeros).first(size), draft.zeroed));
    draft.zeroed += size;
  }
  if (!is_synced || draft.synced == draft.zeroed) return {};
  draft.synced = draft.zeroed;
  return draft.segment.file->sync();
}

Result<Segment> SegmentFiles::finish(SegmentDraft draft) {
  std::array<std::uint8_t, block_bytes> header{};
  write_segment_header(header, place_.name_of(draft.segment.number));
  SLUICE_CHECK(draft.segment.file->write(header, 0));
  SLUICE_CHECK(draft.segment.file->sync());
  SLUICE_CHECK(disk_.sync_directory(place_.directory));
  return std::move(draft.segment);
}

// What there was no room for is room for others.
void SegmentFiles::drop(SegmentDraft draft) {
  draft.segment.file.reset();
  static_cast<void>(disk_.remove(place_.path_of(draft.segment.number)));
}

Result<void> SegmentFiles::begin_replay_at(const ReplayStart& start,
                                           std::span<const std::uint64_t> freed) {
  SLUICE_CHECK(replace_file(disk_, place_.directory, place_.replay_start_path(), to_text(start)));
  for (const std::uint64_t number : freed) {
    const std::string path = place_.path_of(number);
    if (spare_bytes_ > 0) {
      SLUICE_CHECK(disk_.remove(path));
      continue;
    }
    std::uint64_t bytes = 0;
    {
      SLUICE_TRY(const auto file, disk_.open(path, os::OpenMode::read));
      SLUICE_TRY(bytes, file->size());
    }
    SLUICE_CHECK(disk_.rename(path, spare_path(place_)));
    spare_bytes_ = bytes;
  }
  return {};
}

Result<void> SegmentFiles::remove(std::span<const std::uint64_t> numbers) {
  for (const std::uint64_t number : numbers) SLUICE_CHECK(disk_.remove(place_.path_of(number)));
  return {};
}

}  // namespace sluice::store
