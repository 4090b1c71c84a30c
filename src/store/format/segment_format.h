// SPDX-License-Identifier: Apache-2.0
//
// The bytes of a segment: a file that holds a stretch of a shard's log.
//
//   segment  = header block, then commits
//   commit   = frames one behind the other, zeros up to the next block boundary
//   frame    = frame header, payload, zeros up to a multiple of 8
//
// A commit is what one sync made durable. It begins at a block boundary and no later write touches
// its blocks, so a write that is torn by a power cut cannot harm what was acknowledged before. A
// frame says where its commit began; so a bad frame with frames of a later commit behind it is
// damage, and one without is the torn end of the log. The checksum covers the whole frame, with
// length and number, and is salted by the store and the segment: bytes of another segment, or bytes
// that a client made up, are never a frame of this one.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "store/log.h"

#include <cstdint>
#include <optional>

namespace sluice::store {

inline constexpr std::uint32_t format_version = 1;
/// What a disk writes whole or not at all is at most this, on all that we know of.
inline constexpr std::size_t block_bytes = 4096;
inline constexpr std::size_t frame_header_bytes = 48;
inline constexpr std::size_t payload_bytes_max = 0xffff'ffffU;

constexpr std::uint64_t round_up(std::uint64_t size, std::uint64_t unit) {
  return (size + unit - 1) / unit * unit;
}
constexpr std::uint64_t frame_bytes(std::uint64_t payload_bytes) {
  return round_up(frame_header_bytes + payload_bytes, 8);
}

/// Which segment of which log; what the checksums of its frames begin with.
struct SegmentName {
  std::uint64_t salt = 0;  ///< of the store
  std::uint32_t shard = 0;
  std::uint64_t number = 0;  ///< from 1; never used again
};
/// Tells frames of this segment from all others.
std::uint32_t tag_of(const SegmentName& name);

/// One block.
void write_segment_header(MutableByteView block, const SegmentName& name);
enum class HeaderState : std::uint8_t { good, unknown_version, bad };
HeaderState read_segment_header(ByteView block, const SegmentName& name);

enum class FrameKind : std::uint8_t {
  batch = 1,
  end = 2,  ///< the log goes on in the segment whose number is the payload
};

struct FrameHeader {
  FrameKind kind{};
  std::uint32_t payload_bytes = 0;
  std::uint64_t sequence = 0;      ///< the Position of a batch; of an end, of the batch to come
  std::uint64_t commit_first = 0;  ///< the sequence of the first frame of the commit
  BatchTime time;
};

/// All but the checksum and what the segment decides: seal_frame() adds that.
void write_frame_header(MutableByteView frame, const FrameHeader& header);
/// What write_frame_header() was told.
std::uint32_t payload_bytes_of(ByteView frame);
/// REQUIRES: `frame` is whole, with its padding.
void seal_frame(MutableByteView frame, const SegmentName& name, std::uint64_t commit_first);
/// The payload length that a frame of this segment announces; nothing if these bytes begin none.
/// REQUIRES: frame_header_bytes of them.
std::optional<std::uint32_t> announced_payload(ByteView header, std::uint32_t tag);
/// The header of a frame whose checksum holds. REQUIRES: announced_payload() of that many bytes.
std::optional<FrameHeader> read_frame(ByteView frame, std::uint32_t tag);

}  // namespace sluice::store
