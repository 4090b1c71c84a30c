// SPDX-License-Identifier: Apache-2.0
//
// Finds where a packet ends in a stream of bytes: the fixed header of MQTT. Everything that the
// header alone shows to be wrong is reported before the body has come.
//
// Thread:  any.      Never: allocation; looking at the body.
// Limits:  packet_bytes_max.
// Spec:    MQTT 5.0 §2.1, §1.5.5; MQTT 3.1.1 §2.2.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "codec/limits.h"
#include "codec/types.h"

#include <cstddef>
#include <cstdint>

namespace sluice::codec {

enum class FrameStatus : std::uint8_t {
  incomplete,  ///< more bytes are needed; header_bytes is 0 while the header itself is not whole
  complete,    ///< `total` bytes are one packet
  malformed,   ///< the stream cannot be MQTT from here on; `error` says why
  too_large,   ///< the packet exceeds packet_bytes_max; `error` says so
};

struct FrameResult {
  FrameStatus status = FrameStatus::incomplete;
  std::uint8_t first_byte = 0;
  std::uint8_t header_bytes = 0;
  std::uint32_t remaining_length = 0;
  std::uint32_t total = 0;  ///< header_bytes + remaining_length
  Error error{};

  bool is_complete() const { return status == FrameStatus::complete; }
  bool is_failed() const { return status >= FrameStatus::malformed; }
  PacketType type() const { return static_cast<PacketType>(first_byte >> 4); }
};

/// PUBREL, SUBSCRIBE and UNSUBSCRIBE have the flags 0010; in MQTT 3.1 they are sent again with DUP.
constexpr bool has_request_flags(std::uint8_t first_byte, Version version) {
  const unsigned flags = first_byte & 0x0FU;
  return flags == 2 || (flags == 0x0A && version == Version::v3_1);
}

/// A whole packet of the kinds that make up the traffic: PUBLISH, and what answers it.
struct PlainFrame {
  std::uint32_t header_bytes = 0;  ///< 0: peek_frame() must look
  std::uint32_t remaining_length = 0;
};

/// The common case of peek_frame(), without a call: a PUBLISH or an acknowledgement that lies whole
/// at the beginning of `stream`, with a Remaining Length of one or two bytes in its shortest form.
constexpr PlainFrame peek_plain_frame(ByteView stream) {
  if (stream.size() < 4) return {};
  const std::uint8_t first = stream[0];
  const bool is_plain =
      (first & 0xF0U) == 0x30U || first == 0x40 || first == 0x50 || first == 0x62 || first == 0x70;
  if (!is_plain) return {};
  std::uint32_t header_bytes = 2;
  std::uint32_t length = stream[1];
  if (length >= 0x80) {
    if (stream[2] == 0 || stream[2] >= 0x80) return {};
    length = (length & 0x7FU) | std::uint32_t{stream[2]} << 7;
    header_bytes = 3;
  }
  if (stream.size() < header_bytes + length) return {};
  return {header_bytes, length};
}

/// Looks at the packet that begins at the first byte of `stream`. Before CONNECT has told the
/// version pass v3_1, which takes what any version takes: decode_connect looks again.
FrameResult peek_frame(ByteView stream, Version version,
                       std::uint32_t packet_bytes_max = remaining_length_max + 5);

}  // namespace sluice::codec
