// SPDX-License-Identifier: Apache-2.0
#include "codec/decode/context.h"
#include "codec/fault.h"

namespace sluice::codec {

Result<Properties> take_properties(ByteReader& reader, PacketType type, PropertyPlace place,
                                   const DecodeLimits& limits) {
  std::uint32_t size = 0;
  if (!reader.take_varint(size))  // [MQTT5-2.2.2-1] [MQTT5-1.5.5-1]
    return fail(malformed(reader.offset(), "the property length is missing or has no valid form"));
  const std::size_t begin = reader.offset();
  ByteView raw;
  if (!reader.take_bytes(size, raw))
    return fail(malformed(begin, "the property length exceeds the packet"));
  if (raw.empty()) return Properties{};
  auto properties = check_properties(raw, type, place, limits);
  if (!properties) return fail(shifted(properties.error(), begin));
  return properties;
}

Result<PacketId> take_packet_id(ByteReader& reader) {
  PacketId packet_id = 0;
  if (!reader.take_two_bytes(packet_id))
    return fail(malformed(reader.offset(), "the packet is cut short in its packet identifier"));
  if (packet_id == 0)  // [MQTT5-2.2.1-3] [MQTT3-2.3.1-1]
    return fail(protocol_fault(reader.offset() - 2, "the packet identifier is 0"));
  return packet_id;
}

Result<ReasonCode> take_reason(ByteReader& reader, PacketType type, Direction direction) {
  std::uint8_t byte = 0;
  if (!reader.take_byte(byte))
    return fail(malformed(reader.offset(), "the packet is cut short in its reason code"));
  if (!is_allowed(byte, type, direction))
    return fail(protocol_fault(reader.offset() - 1, "this packet has no such reason code"));
  return static_cast<ReasonCode>(byte);
}

Result<void> check_end(const ByteReader& reader) {
  if (reader.is_done()) return {};
  return fail(malformed(reader.offset(), "bytes follow the last field of the packet"));
}

// [RULE5-authentication-data]
Result<void> check_authentication(const Properties& properties, std::size_t offset) {
  if (properties.has(PropertyId::authentication_data) &&
      !properties.has(PropertyId::authentication_method))
    return fail(protocol_fault(offset, "Authentication Data without Authentication Method"));
  return {};
}

}  // namespace sluice::codec
