// SPDX-License-Identifier: Apache-2.0
#include "codec/decode/context.h"
#include "codec/fault.h"

namespace sluice::codec {
namespace {

// Which packets a server, or a client, may receive at all.
bool is_expected(PacketType type, Direction direction) {
  switch (type) {
    case PacketType::connect:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
      return direction == Direction::to_server;
    case PacketType::connack:
    case PacketType::suback:
    case PacketType::unsuback:
    case PacketType::pingresp:
      return direction == Direction::to_client;
    default:
      return true;
  }
}

Result<void> decode_body(ByteView body, const DecodeContext&, Pingreq&) {
  return check_end(ByteReader(body));
}
Result<void> decode_body(ByteView body, const DecodeContext&, Pingresp&) {
  return check_end(ByteReader(body));
}
template <PacketType type>
Result<void> decode_body(ByteView body, const DecodeContext& context, Ack<type>& out) {
  AnyAck ack{.type = type};
  SLUICE_CHECK(decode_ack_body(body, context, ack));
  out = {.packet_id = ack.packet_id, .reason = ack.reason, .properties = ack.properties};
  return {};
}

template <class T>
Result<Packet> decode_as(ByteView body, const DecodeContext& context) {
  T packet;
  SLUICE_CHECK(decode_body(body, context, packet));
  return Packet(packet);
}

Result<Packet> decode_publish_as(std::uint8_t first_byte, ByteView body,
                                 const DecodeContext& context) {
  Publish packet;
  const auto decode_it =
      context.direction == Direction::to_server ? &decode_publish : &decode_delivery;
  SLUICE_CHECK(decode_it(first_byte, body, context.version, context.limits, packet));
  return Packet(packet);
}

Result<Packet> decode_by_type(std::uint8_t first_byte, ByteView body,
                              const DecodeContext& context) {
  switch (static_cast<PacketType>(first_byte >> 4)) {
    case PacketType::connect:
      break;  // decode() has it
    case PacketType::connack:
      return decode_as<Connack>(body, context);
    case PacketType::publish:
      return decode_publish_as(first_byte, body, context);
    case PacketType::puback:
      return decode_as<Puback>(body, context);
    case PacketType::pubrec:
      return decode_as<Pubrec>(body, context);
    case PacketType::pubrel:
      return decode_as<Pubrel>(body, context);
    case PacketType::pubcomp:
      return decode_as<Pubcomp>(body, context);
    case PacketType::subscribe:
      return decode_as<Subscribe>(body, context);
    case PacketType::suback:
      return decode_as<Suback>(body, context);
    case PacketType::unsubscribe:
      return decode_as<Unsubscribe>(body, context);
    case PacketType::unsuback:
      return decode_as<Unsuback>(body, context);
    case PacketType::pingreq:
      return decode_as<Pingreq>(body, context);
    case PacketType::pingresp:
      return decode_as<Pingresp>(body, context);
    case PacketType::disconnect:
      return decode_as<Disconnect>(body, context);
    case PacketType::auth:
      return decode_as<Auth>(body, context);
  }
  return fail(malformed(0, "packet type 0 is reserved"));
}

}  // namespace

Result<Packet> decode(ByteView packet, Version version, Direction direction,
                      const DecodeLimits& limits) {
  const bool is_connect =
      !packet.empty() && static_cast<PacketType>(packet[0] >> 4) == PacketType::connect;
  if (is_connect && direction == Direction::to_server) {
    const ConnectResult result = decode_connect(packet, limits);
    if (result.fault != ConnectFault::none) return fail(result.error);
    return Packet(result.connect);
  }
  const FrameResult frame = peek_frame(packet, version, limits.packet_bytes_max);
  if (frame.is_failed()) return fail(frame.error);
  if (!frame.is_complete()) return fail(malformed(packet.size(), "the packet is cut short"));
  if (frame.total != packet.size())
    return fail(malformed(frame.total, "bytes follow the packet"));
  if (!is_expected(frame.type(), direction))
    return fail(protocol_fault(0, "this packet type does not go this way"));
  const ByteView body = packet.subspan(frame.header_bytes);
  auto result = decode_by_type(frame.first_byte, body, {version, direction, limits});
  if (!result) return fail(shifted(result.error(), frame.header_bytes));
  return result;
}

}  // namespace sluice::codec
