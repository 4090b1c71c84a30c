// SPDX-License-Identifier: Apache-2.0
//
// How Wire takes packets apart: as little as the checks of a benchmark need.
#include "cli/bench/wire.h"

namespace sluice::cli {
namespace {

unsigned two_bytes_at(ByteView bytes, std::size_t at) {
  return static_cast<unsigned>(bytes[at]) << 8 | bytes[at + 1];
}

// Skips the properties at `at`; false if they are not whole.
bool skip_properties(ByteView body, std::size_t& at) {
  std::size_t size = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    if (at >= body.size()) return false;
    const std::uint8_t byte = body[at++];
    size |= static_cast<std::size_t>(byte & 0x7FU) << shift;
    if (byte >= 0x80) continue;
    at += size;
    return at <= body.size();
  }
  return false;
}

}  // namespace

std::size_t Wire::parse(LinkIndex link, ByteView bytes) {
  std::size_t at = 0;
  const std::uint32_t generation = links_[link].generation;
  while (at < bytes.size()) {
    const ByteView rest = bytes.subspan(at);
    const codec::FrameResult frame = codec::peek_frame(rest, options_.version);
    if (frame.is_failed()) {
      lose(link);
      return at;
    }
    if (!frame.is_complete()) return at;
    at += frame.total;
    if (!take_packet(link, frame, rest.first(frame.total))) {
      if (links_[link].generation == generation && is_open(link)) lose(link);
      return at;
    }
    if (links_[link].generation != generation || !is_open(link)) return at;
  }
  return at;
}

bool Wire::take_packet(LinkIndex link, const codec::FrameResult& frame, ByteView packet) {
  const ByteView body = packet.subspan(frame.header_bytes);
  switch (frame.type()) {
    case codec::PacketType::publish:
      return take_publish(link, frame.first_byte, body);
    case codec::PacketType::puback:
    case codec::PacketType::pubrec:
    case codec::PacketType::pubrel:
    case codec::PacketType::pubcomp:
      return take_ack(link, frame.first_byte, body);
    default:
      break;
  }
  const auto decoded = codec::decode(packet, options_.version, codec::Direction::to_client, {});
  if (!decoded) return false;
  sink_->on_packet(link, *decoded);
  return true;
}

bool Wire::take_publish(LinkIndex link, std::uint8_t first_byte, ByteView body) {
  codec::Publish publish;
  publish.dup = (first_byte & 8U) != 0;
  publish.qos = static_cast<codec::Qos>((first_byte >> 1) & 3U);
  publish.retain = (first_byte & 1U) != 0;
  if (body.size() < 2) return false;
  const std::size_t topic_end = 2 + two_bytes_at(body, 0);
  std::size_t at = topic_end + (publish.qos == codec::Qos::at_most_once ? 0 : 2);
  if (at > body.size()) return false;
  publish.topic = as_text(body.subspan(2, topic_end - 2));
  if (at != topic_end)
    publish.packet_id = static_cast<codec::PacketId>(two_bytes_at(body, topic_end));
  if (options_.version == codec::Version::v5 && !skip_properties(body, at)) return false;
  publish.payload = body.subspan(at);
  sink_->on_publish(link, publish);
  return true;
}

bool Wire::take_ack(LinkIndex link, std::uint8_t first_byte, ByteView body) {
  if (body.size() < 2) return false;
  sink_->on_ack(link, {.type = static_cast<codec::PacketType>(first_byte >> 4),
                       .packet_id = static_cast<codec::PacketId>(two_bytes_at(body, 0)),
                       .is_refused = body.size() > 2 && body[2] >= 0x80});
  return true;
}

}  // namespace sluice::cli
