// SPDX-License-Identifier: Apache-2.0
#include "codec/encode/parts.h"

namespace sluice::codec {
namespace {

const char* protocol_name(Version version) { return version == Version::v3_1 ? "MQIsdp" : "MQTT"; }

unsigned connect_flags(const Connect& packet) {
  unsigned flags = packet.clean_start ? 2U : 0U;
  if (packet.will) {
    flags |= 4U | static_cast<unsigned>(packet.will->qos) << 3;
    if (packet.will->retain) flags |= 0x20U;
  }
  if (packet.password) flags |= 0x40U;
  if (packet.user_name) flags |= 0x80U;
  return flags;
}

// What is wrong with the will, or null.
const char* will_fault(const Will& will) {
  if (will.topic.empty()) return "the topic of the will is empty";
  if (!is_field(will.topic.size())) return "the topic of the will is longer than 65,535 bytes";
  if (!is_field(will.payload.size())) return "the payload of the will is longer than 65,535 bytes";
  if (will.qos > Qos::exactly_once) return "the QoS of the will is above 2";
  return nullptr;
}

// What is wrong with user name and password, or null.
const char* credentials_fault(const Connect& packet) {
  if (packet.user_name && !is_field(packet.user_name->size()))
    return "the user name is longer than 65,535 bytes";
  if (packet.password && !is_field(packet.password->size()))
    return "the password is longer than 65,535 bytes";
  if (packet.password && !packet.user_name && packet.version != Version::v5)
    return "a password needs a user name before MQTT 5.0";
  return nullptr;
}

}  // namespace

Result<void> check_encodable(const Connect& packet, Version version) {
  if (packet.version != version) return not_encodable("the packet is of another version");
  if (packet.is_bridge && version == Version::v5)
    return not_encodable("MQTT 5.0 has no bridge bit in its protocol level");
  if (!is_field(packet.client_id.size()))
    return not_encodable("the client identifier is longer than 65,535 bytes");
  if (packet.client_id.empty() && version == Version::v3_1)
    return not_encodable("MQTT 3.1 has no empty client identifier");
  if (packet.client_id.empty() && version == Version::v3_1_1 && !packet.clean_start)
    return not_encodable("an empty client identifier needs Clean Session");  // [MQTT3-3.1.3-7]
  if (packet.will) {
    if (const char* detail = will_fault(*packet.will)) return not_encodable(detail);
  }
  if (const char* detail = credentials_fault(packet)) return not_encodable(detail);
  return {};
}

std::size_t body_bytes(const Connect& packet, Version version) {
  std::size_t bytes = 2 + std::string_view(protocol_name(version)).size() + 1 + 1 + 2;
  bytes += properties_bytes(packet.properties, version) + 2 + packet.client_id.size();
  if (packet.will) {
    bytes += properties_bytes(packet.will->properties, version) + 2 + packet.will->topic.size() +
             2 + packet.will->payload.size();
  }
  if (packet.user_name) bytes += 2 + packet.user_name->size();
  if (packet.password) bytes += 2 + packet.password->size();
  return bytes;
}

Cursor put_body(Cursor at, const Connect& packet, Version version) {
  at = put_field(at, std::string_view(protocol_name(version)));
  at = put_byte(at, static_cast<unsigned>(version) | (packet.is_bridge ? 0x80U : 0U));
  at = put_byte(at, connect_flags(packet));
  at = put_two_bytes(at, packet.keep_alive_s);
  at = put_properties(at, packet.properties, version);
  at = put_field(at, packet.client_id);
  if (packet.will) {
    at = put_properties(at, packet.will->properties, version);
    at = put_field(put_field(at, packet.will->topic), packet.will->payload);
  }
  if (packet.user_name) at = put_field(at, *packet.user_name);
  if (packet.password) at = put_field(at, *packet.password);
  return at;
}

Result<void> check_encodable(const Connack& packet, Version version) {
  if (version == Version::v5) {
    if (!is_allowed(packet.code, PacketType::connack, Direction::to_client))
      return not_encodable("the reason code may not stand in CONNACK");
  } else if (packet.code > static_cast<std::uint8_t>(ConnectReturnCode::not_authorized)) {
    return not_encodable("a return code of MQTT 3.x is at most 5");
  }
  if (packet.session_present && packet.code != 0)  // [MQTT5-3.2.2-6] [MQTT3-3.2.2-4]
    return not_encodable("Session Present is for accepted connections only");
  return {};
}

std::size_t body_bytes(const Connack& packet, Version version) {
  return 2 + properties_bytes(packet.properties, version);
}

Cursor put_body(Cursor at, const Connack& packet, Version version) {
  at = put_byte(put_byte(at, packet.session_present ? 1 : 0), packet.code);
  return put_properties(at, packet.properties, version);
}

}  // namespace sluice::codec
