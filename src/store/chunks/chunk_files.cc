// SPDX-License-Identifier: Apache-2.0
#include "store/chunks/chunk_files.h"

#include "store/format/file_number.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::store {
namespace {

constexpr std::string_view file_suffix = ".chunks";

Result<void> read_all(const os::DiskFile& file, MutableByteView into, std::uint64_t offset) {
  while (!into.empty()) {
    SLUICE_TRY(const auto size, file.read(into, offset));
    if (size == 0) return fail(ErrorCode::parse_error, "the file of a part of a queue is cut");
    into = into.subspan(size);
    offset += size;
  }
  return {};
}

}  // namespace

std::string ChunkFiles::path_of(std::uint64_t number) const {
  return numbered_path(place_.directory, number, file_suffix);
}

Result<void> ChunkFiles::open() {
  SLUICE_TRY(const auto names, disk_.list(place_.directory));
  for (const std::string& name : names)
    if (const auto number = file_number(name, file_suffix)) SLUICE_CHECK(load(*number));
  return {};
}

// One that was moved when the broker was killed stands in two files, and is the same in both.
Result<void> ChunkFiles::load(std::uint64_t number) {
  number_max_ = std::max(number_max_, number);
  SLUICE_TRY(const auto file, disk_.open(path_of(number), os::OpenMode::read));
  SLUICE_TRY(const auto size, file->size());
  SLUICE_TRY(const auto entries, find_entries(*file, size));
  File& loaded = files_[number];
  loaded.bytes = size;
  bytes_ += size;
  for (const ChunkEntry& entry : entries) {
    const auto [place, is_new] = chunks_.try_emplace(entry.header.id);
    last_ = std::max(last_, entry.header.id);
    if (!is_new) continue;
    place->second = {number, entry.offset, entry.header.payload_bytes, entry.header.checksum,
                     false};
    loaded.live_bytes += whole(entry.header.payload_bytes);
    ++loaded.chunks;
  }
  return {};
}

// By its index; one that has none was in use when the broker stopped, and is gone through.
Result<std::vector<ChunkEntry>> ChunkFiles::find_entries(const os::DiskFile& file,
                                                         std::uint64_t size) const {
  std::vector<ChunkEntry> entries;
  std::array<std::uint8_t, chunk_header_bytes> header{};
  if (size >= chunk_trailer_bytes) {
    const MutableByteView trailer = MutableByteView(header).first(chunk_trailer_bytes);
    SLUICE_CHECK(read_all(file, trailer, size - chunk_trailer_bytes));
    const auto begin = chunk_index_offset(trailer);
    if (begin && *begin < size) {
      std::vector<std::uint8_t> bytes(static_cast<std::size_t>(size - *begin));
      SLUICE_CHECK(read_all(file, bytes, *begin));
      if (auto found = read_chunk_index(bytes, place_.salt)) return std::move(*found);
    }
  }
  for (std::uint64_t offset = 0; offset + chunk_header_bytes <= size;) {
    SLUICE_CHECK(read_all(file, header, offset));
    const auto found = read_chunk_header(header, place_.salt);
    if (found && offset + whole(found->payload_bytes) <= size) {
      entries.push_back({offset, *found});
      offset += whole(found->payload_bytes);
    } else {
      SLUICE_TRY(offset, next_header(file, offset + 1, size));
    }
  }
  return entries;
}

// Behind one that is damaged, or was not written whole. `size` if there is none.
Result<std::uint64_t> ChunkFiles::next_header(const os::DiskFile& file, std::uint64_t from,
                                              std::uint64_t size) const {
  std::vector<std::uint8_t> bytes(64 * 1024);
  while (from + chunk_header_bytes <= size) {
    const auto room = std::min<std::uint64_t>(bytes.size(), size - from);
    const MutableByteView window = MutableByteView(bytes).first(static_cast<std::size_t>(room));
    SLUICE_CHECK(read_all(file, window, from));
    const std::size_t last = window.size() - chunk_header_bytes;
    for (std::size_t at = 0; at <= last; ++at)
      if (read_chunk_header(window.subspan(at), place_.salt)) return from + at;
    from += last + 1;
  }
  return size;
}

Result<void> ChunkFiles::drop_unnamed() {
  std::vector<core::ChunkId> unnamed;
  for (const auto& [id, where] : chunks_)
    if (!where.is_named) unnamed.push_back(id);
  for (const core::ChunkId id : unnamed) SLUICE_CHECK(forget(id));
  std::vector<std::uint64_t> numbers;
  for (const auto& [number, file] : files_) numbers.push_back(number);
  for (const std::uint64_t number : numbers) SLUICE_CHECK(remove_if_empty(number));
  for (Released& each : released_) each.at = next_;
  return {};
}

void ChunkFiles::keep(core::ChunkId id) {
  last_ = std::max(last_, id);
  if (const auto found = chunks_.find(id); found != chunks_.end()) found->second.is_named = true;
}

void ChunkFiles::release(core::ChunkId id) {
  if (chunks_.contains(id)) released_.push_back({id, next_});
}

std::uint64_t ChunkFiles::released_bytes() const {
  std::uint64_t sum = 0;
  for (const Released& each : released_)
    if (const auto found = chunks_.find(each.id); found != chunks_.end())
      sum += whole(found->second.payload_bytes);
  return sum;
}

Result<void> ChunkFiles::begin_file() {
  const std::uint64_t number = number_max_ + 1;
  SLUICE_TRY(current_, disk_.open(path_of(number), os::OpenMode::create));
  number_max_ = current_number_ = number;
  files_[number] = {};
  entries_.clear();
  has_new_names_ = true;
  return {};
}

// Without an index the file is as good, and takes longer to open.
Result<void> ChunkFiles::end_file() {
  File& file = files_[current_number_];
  const auto index = write_chunk_index(entries_, file.bytes, place_.salt);
  if (current_->write(index, file.bytes)) {
    file.bytes += index.size();
    bytes_ += index.size();
  }
  current_.reset();
  const std::uint64_t number = std::exchange(current_number_, 0);
  return remove_if_empty(number);
}

Result<void> ChunkFiles::append(const ChunkHeader& header, ByteView payload, Where& where) {
  if (current_ && files_[current_number_].bytes >= file_bytes_) SLUICE_CHECK(end_file());
  if (!current_) SLUICE_CHECK(begin_file());
  File& file = files_[current_number_];
  std::vector<std::uint8_t> bytes(chunk_header_bytes + payload.size());
  write_chunk_header(MutableByteView(bytes).first(chunk_header_bytes), header, place_.salt);
  std::ranges::copy(payload, bytes.begin() + chunk_header_bytes);
  // What an error leaves there is written over by the next one.
  SLUICE_CHECK(current_->write(bytes, file.bytes));
  where = {current_number_, file.bytes, header.payload_bytes, header.checksum, true};
  entries_.push_back({file.bytes, header});
  file.bytes += bytes.size();
  file.live_bytes += bytes.size();
  ++file.chunks;
  bytes_ += bytes.size();
  unsynced_bytes_ += bytes.size();
  unsynced_.insert(current_number_);
  return {};
}

Result<std::uint32_t> ChunkFiles::write(core::ChunkId id, ByteView bytes) {
  if (bytes.size() > chunk_bytes_max - chunk_header_bytes)
    return fail(ErrorCode::invalid_argument, "a part of a queue that is too large for a file");
  const ChunkHeader header{.id = id,
                           .payload_bytes = static_cast<std::uint32_t>(bytes.size()),
                           .checksum = chunk_checksum(place_.salt, id, bytes)};
  Where where;
  SLUICE_CHECK(append(header, bytes, where));
  last_ = std::max(last_, id);
  chunks_[id] = where;
  return header.checksum;
}

Result<std::vector<std::uint8_t>> ChunkFiles::read(const Where& where) {
  if (read_number_ != where.file) {
    read_.reset();
    read_number_ = 0;
    SLUICE_TRY(read_, disk_.open(path_of(where.file), os::OpenMode::read));
    read_number_ = where.file;
  }
  std::vector<std::uint8_t> payload(where.payload_bytes);
  SLUICE_CHECK(read_all(*read_, payload, where.offset + chunk_header_bytes));
  return payload;
}

Result<std::vector<std::uint8_t>> ChunkFiles::read(core::ChunkId id, std::uint32_t checksum) {
  const auto found = chunks_.find(id);
  if (found == chunks_.end() || found->second.checksum != checksum)
    return fail(ErrorCode::not_found, "no file has that part of the queue");
  auto once = read(found->second);
  if (!once) {
    // Whatever it was, it may not be there a second time.
    read_.reset();
    read_number_ = 0;
    once = read(found->second);
  }
  SLUICE_TRY(auto payload, std::move(once));
  if (chunk_checksum(place_.salt, id, payload) != checksum)
    return fail(ErrorCode::parse_error, "the checksum of that part of the queue does not fit");
  return payload;
}

Result<void> ChunkFiles::sync() {
  for (const std::uint64_t number : unsynced_) {
    if (number == current_number_) {
      SLUICE_CHECK(current_->sync());
    } else if (files_.contains(number)) {
      SLUICE_TRY(const auto file, disk_.open(path_of(number), os::OpenMode::write));
      SLUICE_CHECK(file->sync());
    }
  }
  if (has_new_names_) SLUICE_CHECK(disk_.sync_directory(place_.directory));
  unsynced_.clear();
  unsynced_bytes_ = 0;
  has_new_names_ = false;
  return {};
}

Result<void> ChunkFiles::begin_replay_at(Position start) {
  while (!released_.empty() && released_.front().at < start) {
    const core::ChunkId id = released_.front().id;
    released_.pop_front();
    SLUICE_CHECK(forget(id));
  }
  return move_remnants();
}

Result<void> ChunkFiles::forget(core::ChunkId id) {
  const auto found = chunks_.find(id);
  if (found == chunks_.end()) return {};
  const Where where = found->second;
  chunks_.erase(found);
  File& file = files_[where.file];
  file.live_bytes -= whole(where.payload_bytes);
  --file.chunks;
  return remove_if_empty(where.file);
}

Result<void> ChunkFiles::remove_if_empty(std::uint64_t number) {
  const auto file = files_.find(number);
  if (file == files_.end() || number == current_number_ || file->second.chunks > 0) return {};
  bytes_ -= file->second.bytes;
  files_.erase(file);
  unsynced_.erase(number);
  if (read_number_ == number) {
    read_.reset();
    read_number_ = 0;
  }
  return disk_.remove(path_of(number));
}

// Once three quarters of a file are not needed, the rest of it is cheap to move. Where there is no
// room for that, it stays.
Result<void> ChunkFiles::move_remnants() {
  constexpr std::size_t files_max = 4;
  constexpr std::uint64_t share = 4;
  std::vector<std::uint64_t> sparse;
  for (const auto& [number, file] : files_)
    if (number != current_number_ && sparse.size() < files_max &&
        file.live_bytes * share < file.bytes)
      sparse.push_back(number);
  std::vector<std::uint64_t> left;
  for (const std::uint64_t number : sparse) {
    SLUICE_TRY(const bool is_moved, move_out_of(number));
    if (is_moved) left.push_back(number);
  }
  if (left.empty()) return {};
  // They may be named already: before what they were moved from goes.
  SLUICE_CHECK(sync());
  for (const std::uint64_t number : left) SLUICE_CHECK(remove_if_empty(number));
  return {};
}

Result<bool> ChunkFiles::move_out_of(std::uint64_t number) {
  std::vector<core::ChunkId> ids;
  for (const auto& [id, where] : chunks_)
    if (where.file == number) ids.push_back(id);
  std::ranges::sort(ids);
  for (const core::ChunkId id : ids) {
    Where& where = chunks_[id];
    const auto payload = read(where);
    Where moved;
    // Whatever is there goes along, damaged or not.
    if (!payload || !append({id, where.payload_bytes, where.checksum}, *payload, moved))
      return false;
    File& file = files_[number];
    file.live_bytes -= whole(where.payload_bytes);
    --file.chunks;
    where = moved;
  }
  return true;
}

}  // namespace sluice::store
