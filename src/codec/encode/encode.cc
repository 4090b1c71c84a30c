// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"
#include "codec/encode/parts.h"

namespace sluice::codec {
namespace {

Result<void> check_encodable(const Pingreq&, Version) { return {}; }
Result<void> check_encodable(const Pingresp&, Version) { return {}; }
std::size_t body_bytes(const Pingreq&, Version) { return 0; }
std::size_t body_bytes(const Pingresp&, Version) { return 0; }
Cursor put_body(Cursor at, const Pingreq&, Version) { return at; }
Cursor put_body(Cursor at, const Pingresp&, Version) { return at; }

template <PacketType type>
Result<void> check_encodable(const Ack<type>& packet, Version version) {
  if (packet.packet_id == 0) return not_encodable("the packet identifier is 0");
  if (version == Version::v5 && !is_allowed(packet.reason, type))
    return not_encodable("the reason code may not stand in this packet");
  return {};
}
// The short forms of MQTT 5.0: no reason code if it is success, no property length if there are no
// properties.
template <PacketType type>
std::size_t body_bytes(const Ack<type>& packet, Version version) {
  if (version != Version::v5) return 2;
  if (!packet.properties.is_empty()) return 3 + properties_bytes(packet.properties, version);
  return packet.reason == ReasonCode::success ? 2 : 3;
}
template <PacketType type>
Cursor put_body(Cursor at, const Ack<type>& packet, Version version) {
  const std::size_t bytes = body_bytes(packet, version);
  at = put_two_bytes(at, packet.packet_id);
  if (bytes > 2) at = put_byte(at, static_cast<unsigned>(packet.reason));
  return bytes > 3 ? put_properties(at, packet.properties, version) : at;
}

template <class T>
std::size_t size_of(const T& packet, Version version) {
  const std::size_t body = body_bytes(packet, version);
  return 1 + varint_bytes(body) + body;
}

template <class T>
Result<std::size_t> encode_as(std::uint8_t first, const T& packet, Version version,
                              MutableByteView out) {
  SLUICE_CHECK(check_encodable(packet, version));
  const std::size_t body = body_bytes(packet, version);
  if (body > remaining_length_max)
    return fail(ErrorCode::packet_too_large, "the packet is larger than MQTT allows");
  const std::size_t total = 1 + varint_bytes(body) + body;
  if (out.size() < total)
    return fail(ErrorCode::buffer_too_small, "the buffer is smaller than the packet");
  const std::uint8_t* end =
      put_body(put_varint(put_byte(out.data(), first), body), packet, version);
  SLUICE_ASSERT(end == out.data() + total);
  return total;
}

}  // namespace

#define SLUICE_ENCODE(Kind, first)                                                       \
  std::size_t encoded_size(const Kind& packet, Version version) {                        \
    return size_of(packet, version);                                                     \
  }                                                                                      \
  Result<std::size_t> encode(const Kind& packet, Version version, MutableByteView out) { \
    return encode_as(first, packet, version, out);                                       \
  }
SLUICE_ENCODE(Connect, first_byte(PacketType::connect))
SLUICE_ENCODE(Connack, first_byte(PacketType::connack))
SLUICE_ENCODE(Puback, first_byte(PacketType::puback))
SLUICE_ENCODE(Pubrec, first_byte(PacketType::pubrec))
SLUICE_ENCODE(Pubrel, first_byte(PacketType::pubrel, 2))
SLUICE_ENCODE(Pubcomp, first_byte(PacketType::pubcomp))
SLUICE_ENCODE(Subscribe, first_byte(PacketType::subscribe, 2))
SLUICE_ENCODE(Suback, first_byte(PacketType::suback))
SLUICE_ENCODE(Unsubscribe, first_byte(PacketType::unsubscribe, 2))
SLUICE_ENCODE(Unsuback, first_byte(PacketType::unsuback))
SLUICE_ENCODE(Pingreq, first_byte(PacketType::pingreq))
SLUICE_ENCODE(Pingresp, first_byte(PacketType::pingresp))
SLUICE_ENCODE(Disconnect, first_byte(PacketType::disconnect))
SLUICE_ENCODE(Auth, first_byte(PacketType::auth))
#undef SLUICE_ENCODE

std::size_t encoded_size(const Packet& packet, Version version) {
  return std::visit([version](const auto& kind) { return encoded_size(kind, version); }, packet);
}

Result<std::size_t> encode(const Packet& packet, Version version, MutableByteView out) {
  return std::visit([version, out](const auto& kind) { return encode(kind, version, out); },
                    packet);
}

}  // namespace sluice::codec
