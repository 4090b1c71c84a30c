// SPDX-License-Identifier: Apache-2.0
#include "codec/byte_reader.h"
#include "codec/codec.h"
#include "codec/decode/context.h"
#include "codec/fault.h"
#include "codec/topic.h"
#include "codec/topic_scan.h"

#include <algorithm>

namespace sluice::codec {
namespace {

// Why the first byte cannot begin a PUBLISH, or null.
const char* first_byte_fault(std::uint8_t first_byte) {
  const unsigned qos = (first_byte >> 1) & 3U;
  if (qos == 3) return "the QoS is 3";  // [MQTT5-3.3.1-4] [MQTT3-3.3.1-4]
  if (qos == 0 && (first_byte & 8U) != 0)
    return "DUP is set at QoS 0";  // [MQTT5-3.3.1-2] [MQTT3-3.3.1-2]
  return nullptr;
}

[[gnu::noinline]] Result<void> explain_topic(Version version, const DecodeLimits& limits,
                                             const Publish& publish) {
  if (publish.topic.empty() && version == Version::v5) {
    if (publish.properties.has(PropertyId::topic_alias)) return {};
    return fail(protocol_fault(0, "the topic name is empty and there is no topic alias"));
  }
  auto checked = check_topic_name(publish.topic, limits.topic());
  if (!checked) return fail(shifted(checked.error(), 2));
  return {};
}

// [MQTT5-3.3.2-1] [MQTT3-3.3.2-1] [MQTT5-3.3.2-2] [MQTT3-3.3.2-2]
inline Result<void> check_topic(Version version, const DecodeLimits& limits,
                                const Publish& publish) {
  if (is_plain_topic(publish.topic, limits.topic())) [[likely]]
    return {};
  return explain_topic(version, limits, publish);
}

// True if these bytes may become a Variable Byte Integer when more come.
bool is_varint_open(ByteView bytes) {
  return bytes.size() < 4 && std::ranges::all_of(bytes, [](std::uint8_t b) { return b >= 0x80; });
}

}  // namespace

Result<void> decode_delivery(std::uint8_t first_byte, ByteView body, Version version,
                             const DecodeLimits& limits, Publish& out) {
  if (const char* detail = first_byte_fault(first_byte)) [[unlikely]]
    return fail(malformed(0, detail));
  out.dup = (first_byte & 8U) != 0;
  out.qos = static_cast<Qos>((first_byte >> 1) & 3U);
  out.retain = (first_byte & 1U) != 0;
  ByteReader reader(body);
  if (!reader.take_text(out.topic)) [[unlikely]]
    return fail(malformed(reader.offset(), "the packet is cut short in its topic name"));
  out.packet_id = 0;
  // [MQTT5-2.2.1-2] [MQTT3-2.3.1-5]
  if (out.qos != Qos::at_most_once) {
    SLUICE_TRY(out.packet_id, take_packet_id(reader));
  }
  out.properties = {};
  if (version == Version::v5) {
    SLUICE_TRY(out.properties,
               take_properties(reader, PacketType::publish, PropertyPlace::packet, limits));
  }
  out.payload = reader.rest();
  return check_topic(version, limits, out);
}

Result<void> decode_publish(std::uint8_t first_byte, ByteView body, Version version,
                            const DecodeLimits& limits, Publish& out) {
  SLUICE_CHECK(decode_delivery(first_byte, body, version, limits, out));
  if (out.properties.has(PropertyId::subscription_identifier)) [[unlikely]]  // [MQTT5-3.3.4-6]
    return fail(protocol_fault(0, "a client's PUBLISH has no Subscription Identifier"));
  return {};
}

Result<std::size_t> publish_header_bytes(std::uint8_t first_byte, ByteView prefix,
                                         std::uint32_t remaining_length, Version version) {
  if (const char* detail = first_byte_fault(first_byte)) return fail(malformed(0, detail));
  const Failure too_short =
      fail(malformed(0, "the packet is shorter than the fields before its payload"));
  ByteReader reader(prefix);
  std::uint16_t topic_bytes = 0;
  if (remaining_length < 2) return too_short;
  if (!reader.take_two_bytes(topic_bytes)) return 0;
  const std::size_t fields = topic_bytes + ((first_byte & 6U) != 0 ? 2U : 0U);
  const std::size_t property_length_bytes_min = version == Version::v5 ? 1 : 0;
  if (2 + fields + property_length_bytes_min > remaining_length) return too_short;
  if (version != Version::v5) return 2 + fields;
  ByteView skipped;
  if (!reader.take_bytes(fields, skipped)) return 0;
  std::uint32_t size = 0;
  if (!reader.take_varint(size)) {
    if (is_varint_open(reader.rest()) && prefix.size() < remaining_length) return 0;
    return fail(malformed(reader.offset(), "the property length has no valid form"));
  }
  if (reader.offset() + size > remaining_length) return too_short;
  return reader.offset() + size;
}

}  // namespace sluice::codec
