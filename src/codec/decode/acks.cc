// SPDX-License-Identifier: Apache-2.0
#include "codec/decode/context.h"
#include "codec/fault.h"

namespace sluice::codec {

// [MQTT5-3.4.2-1] [MQTT5-3.5.2-1] [MQTT5-3.6.2-1] [MQTT5-3.7.2-1]: take_reason()
Result<void> decode_ack_body(ByteView body, const DecodeContext& context, AnyAck& out) {
  ByteReader reader(body);
  SLUICE_TRY(out.packet_id, take_packet_id(reader));
  out.reason = ReasonCode::success;
  out.properties = {};
  if (reader.is_done()) [[likely]]
    return {};
  if (!context.is_v5()) return check_end(reader);
  SLUICE_TRY(out.reason, take_reason(reader, out.type, context.direction));
  if (reader.is_done()) return {};
  SLUICE_TRY(out.properties,
             take_properties(reader, out.type, PropertyPlace::packet, context.limits));
  return check_end(reader);
}

Result<void> decode_ack(std::uint8_t first_byte, ByteView body, Version version,
                        const DecodeLimits& limits, AnyAck& out) {
  out.type = static_cast<PacketType>(first_byte >> 4);
  const bool has_right_flags = out.type == PacketType::pubrel
                                   ? has_request_flags(first_byte, version)
                                   : (first_byte & 0x0FU) == 0;
  if (out.type < PacketType::puback || out.type > PacketType::pubcomp || !has_right_flags)
      [[unlikely]]
    return fail(malformed(0, "the first byte is not that of an acknowledgement"));
  // Both directions know the same reason codes here.
  return decode_ack_body(body, {version, Direction::to_server, limits}, out);
}

Result<void> decode_body(ByteView body, const DecodeContext& context, Disconnect& out) {
  ByteReader reader(body);
  if (!context.is_v5()) {
    if (context.direction == Direction::to_client)
      return fail(protocol_fault(0, "a server sends no DISCONNECT before MQTT 5.0"));
    return check_end(reader);
  }
  if (reader.is_done()) return {};
  SLUICE_TRY(out.reason, take_reason(reader, PacketType::disconnect, context.direction));
  if (reader.is_done()) return {};
  SLUICE_TRY(out.properties, take_properties(reader, PacketType::disconnect, PropertyPlace::packet,
                                             context.limits));  // [MQTT5-3.14.2-1]
  if (context.direction == Direction::to_client &&
      out.properties.has(PropertyId::session_expiry_interval))  // [MQTT5-3.14.2-2]
    return fail(protocol_fault(1, "a server's DISCONNECT has no Session Expiry Interval"));
  return check_end(reader);
}

// [MQTT5-3.15.2-1]
Result<void> decode_body(ByteView body, const DecodeContext& context, Auth& out) {
  ByteReader reader(body);
  if (reader.is_done()) {
    if (is_allowed(ReasonCode::success, PacketType::auth, context.direction)) return {};
    return fail(protocol_fault(0, "a client's AUTH has a reason code other than success"));
  }
  SLUICE_TRY(out.reason, take_reason(reader, PacketType::auth, context.direction));
  SLUICE_TRY(out.properties,
             take_properties(reader, PacketType::auth, PropertyPlace::packet, context.limits));
  if (!out.properties.has(PropertyId::authentication_method))
    return fail(protocol_fault(1, "AUTH without Authentication Method"));
  return check_end(reader);
}

}  // namespace sluice::codec
