// SPDX-License-Identifier: Apache-2.0
#include "codec/encode/parts.h"

namespace sluice::codec {
namespace {

template <class Request>
Result<void> check_request(const Request& packet) {
  if (packet.packet_id == 0) return not_encodable("the packet identifier is 0");
  if (packet.filters.raw.empty()) return not_encodable("the packet holds no topic filter");
  return {};
}

template <class Request>
std::size_t request_bytes(const Request& packet, Version version) {
  return 2 + properties_bytes(packet.properties, version) + packet.filters.raw.size();
}

template <class Request>
Cursor put_request(Cursor at, const Request& packet, Version version) {
  at = put_properties(put_two_bytes(at, packet.packet_id), packet.properties, version);
  return put_bytes(at, packet.filters.raw);
}

Result<void> check_codes(ByteView codes, PacketType type, Version version) {
  if (codes.empty()) return not_encodable("the packet holds no reason code");
  for (const std::uint8_t code : codes) {
    const bool is_known = version == Version::v5
                              ? is_allowed(code, type, Direction::to_client)
                              : code <= 2 || (code == 0x80 && version == Version::v3_1_1);
    if (!is_known) return not_encodable("a code may not stand in this packet");
  }
  return {};
}

}  // namespace

Result<void> check_encodable(const Subscribe& packet, Version version) {
  SLUICE_CHECK(check_request(packet));
  if (version == Version::v5) return {};
  auto filters = packet.filters.cursor();
  while (const auto view = filters.next())
    if (view->options.to_byte() > 2)
      return not_encodable("MQTT 3.x has no subscription options but the QoS");
  return {};
}
std::size_t body_bytes(const Subscribe& packet, Version version) {
  return request_bytes(packet, version);
}
Cursor put_body(Cursor at, const Subscribe& packet, Version version) {
  return put_request(at, packet, version);
}

Result<void> check_encodable(const Unsubscribe& packet, Version) { return check_request(packet); }
std::size_t body_bytes(const Unsubscribe& packet, Version version) {
  return request_bytes(packet, version);
}
Cursor put_body(Cursor at, const Unsubscribe& packet, Version version) {
  return put_request(at, packet, version);
}

Result<void> check_encodable(const Suback& packet, Version version) {
  if (packet.packet_id == 0) return not_encodable("the packet identifier is 0");
  return check_codes(packet.codes, PacketType::suback, version);
}
std::size_t body_bytes(const Suback& packet, Version version) {
  return 2 + properties_bytes(packet.properties, version) + packet.codes.size();
}
Cursor put_body(Cursor at, const Suback& packet, Version version) {
  at = put_properties(put_two_bytes(at, packet.packet_id), packet.properties, version);
  return put_bytes(at, packet.codes);
}

// UNSUBACK of MQTT 3.x is a packet identifier and nothing else.
Result<void> check_encodable(const Unsuback& packet, Version version) {
  if (packet.packet_id == 0) return not_encodable("the packet identifier is 0");
  if (version != Version::v5) return {};
  return check_codes(packet.codes, PacketType::unsuback, version);
}
std::size_t body_bytes(const Unsuback& packet, Version version) {
  if (version != Version::v5) return 2;
  return 2 + properties_bytes(packet.properties, version) + packet.codes.size();
}
Cursor put_body(Cursor at, const Unsuback& packet, Version version) {
  at = put_two_bytes(at, packet.packet_id);
  if (version != Version::v5) return at;
  return put_bytes(put_properties(at, packet.properties, version), packet.codes);
}

}  // namespace sluice::codec
