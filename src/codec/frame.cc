// SPDX-License-Identifier: Apache-2.0
#include "codec/frame.h"

#include "codec/fault.h"

namespace sluice::codec {
namespace {

FrameResult& refuse(FrameResult& frame, FrameStatus status, Error error) {
  frame.status = status;
  frame.error = error;
  return frame;
}

// What is wrong with the first byte of a packet, or null. PUBLISH has its own rules for its flags.
const char* first_byte_fault(std::uint8_t first, Version version) {
  const auto type = static_cast<PacketType>(first >> 4);
  const unsigned flags = first & 0x0FU;
  switch (type) {
    case PacketType::publish:
      return nullptr;
    case PacketType::connect:  // MQTT 3.1 does not use them. [RULE31-unused-bits]
      if (version == Version::v3_1) return nullptr;
      break;
    case PacketType::pubrel:       // [MQTT5-3.6.1-1] [MQTT3-3.6.1-1]
    case PacketType::subscribe:    // [MQTT5-3.8.1-1] [MQTT3-3.8.1-1]
    case PacketType::unsubscribe:  // [MQTT5-3.10.1-1] [MQTT3-3.10.1-1]
      if (has_request_flags(first, version)) return nullptr;
      return "the flags of this packet type must be 0010";
    case PacketType::auth:  // [MQTT5-3.15.1-1]
      if (version != Version::v5) return "packet type 15 is reserved before MQTT 5.0";
      break;
    default:
      break;
  }
  if (first < 0x10) return "packet type 0 is reserved";
  // [MQTT5-2.1.3-1] [MQTT3-2.2.2-1] [MQTT3-2.2.2-2]; DISCONNECT: [MQTT5-3.14.1-1] [MQTT3-3.14.1-1]
  return flags == 0 ? nullptr : "the flags of this packet type must be 0000";
}

}  // namespace

FrameResult peek_frame(ByteView stream, Version version, std::uint32_t packet_bytes_max) {
  FrameResult frame;
  if (stream.empty()) return frame;
  frame.first_byte = stream[0];
  if (const char* detail = first_byte_fault(frame.first_byte, version))
    return refuse(frame, FrameStatus::malformed, malformed(0, detail));
  std::uint32_t length = 0;
  std::size_t i = 1;
  for (;; ++i) {
    if (i == stream.size()) return frame;
    const std::uint32_t byte = stream[i];
    length |= (byte & 0x7FU) << (7 * (i - 1));
    if (byte < 0x80) break;
    if (i == 4)
      return refuse(frame, FrameStatus::malformed,
                    malformed(i, "the remaining length takes more than four bytes"));
  }
  if (stream[i] == 0 && i > 1 && version == Version::v5)  // [MQTT5-1.5.5-1]
    return refuse(frame, FrameStatus::malformed,
                  malformed(i, "the remaining length does not take the fewest bytes"));
  frame.header_bytes = static_cast<std::uint8_t>(i + 1);
  frame.remaining_length = length;
  frame.total = length + frame.header_bytes;
  if (frame.total > packet_bytes_max)
    return refuse(frame, FrameStatus::too_large,
                  fault(ErrorCode::packet_too_large, ReasonCode::packet_too_large, 1,
                        "the packet is larger than the limit"));
  if (stream.size() >= frame.total) frame.status = FrameStatus::complete;
  return frame;
}

}  // namespace sluice::codec
