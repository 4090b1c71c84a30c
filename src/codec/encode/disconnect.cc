// SPDX-License-Identifier: Apache-2.0
#include "codec/encode/parts.h"

namespace sluice::codec {

Result<void> check_encodable(const Disconnect& packet, Version version) {
  if (version == Version::v5 && !is_allowed(packet.reason, PacketType::disconnect))
    return not_encodable("the reason code may not stand in DISCONNECT");
  return {};
}
std::size_t body_bytes(const Disconnect& packet, Version version) {
  if (version != Version::v5) return 0;
  if (!packet.properties.is_empty()) return 1 + properties_bytes(packet.properties, version);
  return packet.reason == ReasonCode::normal_disconnection ? 0 : 1;
}
Cursor put_body(Cursor at, const Disconnect& packet, Version version) {
  const std::size_t bytes = body_bytes(packet, version);
  if (bytes > 0) at = put_byte(at, static_cast<unsigned>(packet.reason));
  return bytes > 1 ? put_properties(at, packet.properties, version) : at;
}

Result<void> check_encodable(const Auth& packet, Version version) {
  if (version != Version::v5) return not_encodable("AUTH is a packet of MQTT 5.0 only");
  if (!is_allowed(packet.reason, PacketType::auth))
    return not_encodable("the reason code may not stand in AUTH");
  return {};
}
// Reason code and properties are there, or neither of them.
std::size_t body_bytes(const Auth& packet, Version version) {
  if (packet.properties.is_empty() && packet.reason == ReasonCode::success) return 0;
  return 1 + properties_bytes(packet.properties, version);
}
Cursor put_body(Cursor at, const Auth& packet, Version version) {
  if (body_bytes(packet, version) == 0) return at;
  return put_properties(put_byte(at, static_cast<unsigned>(packet.reason)), packet.properties,
                        version);
}

}  // namespace sluice::codec
