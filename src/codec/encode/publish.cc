// SPDX-License-Identifier: Apache-2.0
#include "base/assert.h"
#include "codec/encode/parts.h"

namespace sluice::codec {
namespace {

// What stands between the fixed header and the payload.
std::size_t variable_header_bytes(const Publish& packet, Version version) {
  return 2 + packet.topic.size() + (packet.qos == Qos::at_most_once ? 0U : 2U) +
         properties_bytes(packet.properties, version);
}

// What is wrong with the packet, or null.
const char* publish_fault(const Publish& packet, Version version) {
  if (!is_field(packet.topic.size())) return "the topic name is longer than 65,535 bytes";
  if (packet.topic.empty() &&
      (version != Version::v5 || !packet.properties.has(PropertyId::topic_alias)))
    return "an empty topic name needs MQTT 5.0 and a topic alias";
  if (packet.qos == Qos::at_most_once)  // [MQTT5-3.3.1-2] [MQTT3-3.3.1-2]
    return packet.dup ? "DUP is set at QoS 0" : nullptr;
  if (packet.qos > Qos::exactly_once) return "the QoS is above 2";
  return packet.packet_id == 0 ? "the packet identifier is 0" : nullptr;
}

}  // namespace

std::uint8_t first_byte(const Publish& packet) {
  return first_byte(PacketType::publish, (packet.dup ? 8U : 0U) |
                                             static_cast<unsigned>(packet.qos) << 1 |
                                             (packet.retain ? 1U : 0U));
}

std::size_t encoded_header_size(const Publish& packet, std::size_t payload_bytes,
                                Version version) {
  const std::size_t bytes = variable_header_bytes(packet, version);
  return 1 + varint_bytes(bytes + payload_bytes) + bytes;
}

std::size_t encoded_size(const Publish& packet, Version version) {
  return encoded_header_size(packet, packet.payload.size(), version) + packet.payload.size();
}

Result<std::size_t> encode_publish_header(const Publish& packet, std::size_t payload_bytes,
                                          Version version, MutableByteView out) {
  if (const char* detail = publish_fault(packet, version)) [[unlikely]]
    return not_encodable(detail);
  const std::size_t header = variable_header_bytes(packet, version);
  const std::size_t remaining = header + payload_bytes;
  if (remaining > remaining_length_max || payload_bytes > remaining_length_max) [[unlikely]]
    return fail(ErrorCode::packet_too_large, "the packet is larger than MQTT allows");
  const std::size_t total = 1 + varint_bytes(remaining) + header;
  if (out.size() < total) [[unlikely]]
    return fail(ErrorCode::buffer_too_small, "the buffer is smaller than the packet");
  Cursor at = put_varint(put_byte(out.data(), first_byte(packet)), remaining);
  at = put_field(at, packet.topic);
  if (packet.qos != Qos::at_most_once) at = put_two_bytes(at, packet.packet_id);
  at = put_properties(at, packet.properties, version);
  SLUICE_DCHECK(at == out.data() + total);
  return total;
}

Result<std::size_t> encode(const Publish& packet, Version version, MutableByteView out) {
  SLUICE_TRY(const std::size_t header,
             encode_publish_header(packet, packet.payload.size(), version, out));
  if (out.size() - header < packet.payload.size())
    return fail(ErrorCode::buffer_too_small, "the buffer is smaller than the packet");
  put_bytes(out.data() + header, packet.payload);
  return header + packet.payload.size();
}

}  // namespace sluice::codec
