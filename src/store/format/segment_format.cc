// SPDX-License-Identifier: Apache-2.0
#include "store/format/segment_format.h"

#include "base/assert.h"
#include "base/siphash.h"
#include "os/crc32c.h"
#include "store/format/little_endian.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::store {
namespace {

constexpr std::string_view magic = "SLUICE\nL";

// Of the header block.
constexpr std::size_t at_version = 8;
constexpr std::size_t at_header_crc = 12;
constexpr std::size_t at_salt = 16;
constexpr std::size_t at_number = 24;
constexpr std::size_t at_shard = 32;

// Of a frame.
constexpr std::size_t at_crc = 0;
constexpr std::size_t at_tag = 4;
constexpr std::size_t at_length = 8;
constexpr std::size_t at_kind = 12;
constexpr std::size_t at_sequence = 16;
constexpr std::size_t at_commit_first = 24;
constexpr std::size_t at_wall = 32;
constexpr std::size_t at_mono = 40;
static_assert(at_mono + 8 == frame_header_bytes);

std::uint32_t header_crc(ByteView block) {
  const std::uint32_t crc = os::crc32c(0, block.first(at_header_crc));
  return os::crc32c(crc, block.subspan(at_header_crc + 4, block_bytes - at_header_crc - 4));
}

// The padding is left out: nobody reads it.
std::uint32_t frame_crc(ByteView frame, std::uint32_t tag) {
  const std::size_t size = frame_header_bytes + get<std::uint32_t>(frame, at_length);
  return os::crc32c(tag, frame.subspan(at_tag, size - at_tag));
}

}  // namespace

std::uint32_t tag_of(const SegmentName& name) {
  std::array<std::uint8_t, 12> text{};
  put(text, 0, name.number);
  put(text, 8, name.shard);
  const std::uint64_t hash = siphash_2_4({name.salt, ~name.salt}, text);
  // Zeros are never a frame.
  return static_cast<std::uint32_t>(hash) | 1U;
}

void write_segment_header(MutableByteView block, const SegmentName& name) {
  SLUICE_ASSERT(block.size() == block_bytes);
  std::ranges::fill(block, std::uint8_t{0});
  std::ranges::copy(as_bytes(magic), block.begin());
  put(block, at_version, format_version);
  put(block, at_salt, name.salt);
  put(block, at_number, name.number);
  put(block, at_shard, name.shard);
  put(block, at_header_crc, header_crc(block));
}

HeaderState read_segment_header(ByteView block, const SegmentName& name) {
  SLUICE_ASSERT(block.size() == block_bytes);
  if (as_text(block.first(magic.size())) != magic) return HeaderState::bad;
  if (get<std::uint32_t>(block, at_header_crc) != header_crc(block)) return HeaderState::bad;
  if (get<std::uint32_t>(block, at_version) != format_version) return HeaderState::unknown_version;
  const bool is_its = get<std::uint64_t>(block, at_salt) == name.salt &&
                      get<std::uint64_t>(block, at_number) == name.number &&
                      get<std::uint32_t>(block, at_shard) == name.shard;
  return is_its ? HeaderState::good : HeaderState::bad;
}

void write_frame_header(MutableByteView frame, const FrameHeader& header) {
  std::ranges::fill(frame.first(frame_header_bytes), std::uint8_t{0});
  put(frame, at_length, header.payload_bytes);
  put(frame, at_kind, static_cast<std::uint8_t>(header.kind));
  put(frame, at_sequence, header.sequence);
  put(frame, at_wall, header.time.wall.ns);
  put(frame, at_mono, header.time.mono.ns);
}

std::uint32_t payload_bytes_of(ByteView frame) { return get<std::uint32_t>(frame, at_length); }

void seal_frame(MutableByteView frame, const SegmentName& name, std::uint64_t commit_first) {
  const std::uint32_t tag = tag_of(name);
  put(frame, at_tag, tag);
  put(frame, at_commit_first, commit_first);
  put(frame, at_crc, frame_crc(frame, tag));
}

std::optional<std::uint32_t> announced_payload(ByteView header, std::uint32_t tag) {
  if (get<std::uint32_t>(header, at_tag) != tag) return {};
  return get<std::uint32_t>(header, at_length);
}

std::optional<FrameHeader> read_frame(ByteView frame, std::uint32_t tag) {
  if (get<std::uint32_t>(frame, at_crc) != frame_crc(frame, tag)) return {};
  return FrameHeader{.kind = static_cast<FrameKind>(get<std::uint8_t>(frame, at_kind)),
                     .payload_bytes = get<std::uint32_t>(frame, at_length),
                     .sequence = get<std::uint64_t>(frame, at_sequence),
                     .commit_first = get<std::uint64_t>(frame, at_commit_first),
                     .time = {.wall = {get<std::int64_t>(frame, at_wall)},
                              .mono = {get<std::int64_t>(frame, at_mono)}}};
}

}  // namespace sluice::store
