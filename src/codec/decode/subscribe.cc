// SPDX-License-Identifier: Apache-2.0
#include "codec/decode/context.h"
#include "codec/fault.h"
#include "codec/limit_kind.h"
#include "codec/topic.h"

namespace sluice::codec {
namespace {

// The options byte of a filter; the offset is its place.
Result<void> check_options(std::uint8_t byte, bool is_shared, const DecodeContext& context,
                           std::size_t offset) {
  if (!context.is_v5()) {
    if (byte > 2)  // [MQTT3-3.8.3-4]
      return fail(malformed(offset, "the requested QoS must be 0, 1 or 2, all other bits 0"));
    return {};
  }
  if ((byte & 0xC0U) != 0)  // [MQTT5-3.8.3-5]
    return fail(malformed(offset, "reserved bits of the subscription options are set"));
  // [RULE5-subscribe-qos-3]
  if ((byte & 3U) == 3) return fail(protocol_fault(offset, "the requested QoS is 3"));
  // [RULE5-retain-handling-3]
  if ((byte & 0x30U) == 0x30) return fail(protocol_fault(offset, "Retain Handling is 3"));
  if (is_shared && (byte & 4U) != 0)  // [MQTT5-3.8.3-4]
    return fail(protocol_fault(offset, "No Local on a shared subscription"));
  return {};
}

template <FilterForm form>
Result<void> take_filter(ByteReader& reader, const DecodeContext& context) {
  const std::size_t begin = reader.offset() + 2;
  std::string_view filter;
  if (!reader.take_text(filter))
    return fail(malformed(reader.offset(), "the packet is cut short in a topic filter"));
  if (auto checked = check_topic_filter(filter, context.limits.topic()); !checked)
    return fail(shifted(checked.error(), begin));
  bool is_shared = false;
  if (context.is_v5()) {
    const auto shared = split_shared_filter(filter);
    if (!shared) return fail(shifted(shared.error(), begin));
    is_shared = shared->is_shared();
  }
  if constexpr (form == FilterForm::with_options) {
    std::uint8_t options = 0;
    if (!reader.take_byte(options))
      return fail(malformed(reader.offset(), "the packet is cut short in subscription options"));
    return check_options(options, is_shared, context, reader.offset() - 1);
  }
  return {};
}

// Packet identifier, properties, filters: the whole body of both packets.
template <FilterForm form, class Request>
Result<void> decode_request(ByteView body, const DecodeContext& context, PacketType type,
                            Request& out) {
  ByteReader reader(body);
  SLUICE_TRY(out.packet_id, take_packet_id(reader));
  if (context.is_v5()) {
    SLUICE_TRY(out.properties,
               take_properties(reader, type, PropertyPlace::packet, context.limits));
  }
  if (reader.is_done())
    return fail(protocol_fault(reader.offset(), "the packet holds no topic filter"));
  out.filters.raw = reader.rest();
  out.filters.count = 0;
  while (!reader.is_done()) {
    if (out.filters.count == context.limits.filters_max)
      return fail(limit_fault(ReasonCode::quota_exceeded, reader.offset(), limit_text::filters));
    SLUICE_CHECK(take_filter<form>(reader, context));
    ++out.filters.count;
  }
  return {};
}

bool is_v3_suback_code(std::uint8_t code, Version version) {
  return code <= 2 || (code == 0x80 && version != Version::v3_1);
}

// One code for each filter, at least one.
Result<void> check_codes(const ByteReader& reader, PacketType type, const DecodeContext& context) {
  const ByteView codes = reader.rest();
  if (codes.empty()) return fail(malformed(reader.offset(), "the packet holds no reason code"));
  for (std::size_t i = 0; i < codes.size(); ++i) {
    const bool is_fine = context.is_v5() ? is_allowed(codes[i], type, Direction::to_client)
                                         : is_v3_suback_code(codes[i], context.version);
    if (!is_fine)
      return fail(protocol_fault(reader.offset() + i, "a code may not stand in this packet"));
  }
  return {};
}

}  // namespace

// [MQTT5-3.8.3-1] [MQTT5-3.8.3-2] [MQTT3-3.8.3-1] [MQTT3-3.8.3-3]
Result<void> decode_body(ByteView body, const DecodeContext& context, Subscribe& out) {
  return decode_request<FilterForm::with_options>(body, context, PacketType::subscribe, out);
}

// [MQTT5-3.10.3-1] [MQTT5-3.10.3-2] [MQTT3-3.10.3-1] [MQTT3-3.10.3-2]
Result<void> decode_body(ByteView body, const DecodeContext& context, Unsubscribe& out) {
  return decode_request<FilterForm::bare>(body, context, PacketType::unsubscribe, out);
}

// [MQTT5-3.9.3-2] [MQTT3-3.9.3-2]
Result<void> decode_body(ByteView body, const DecodeContext& context, Suback& out) {
  ByteReader reader(body);
  SLUICE_TRY(out.packet_id, take_packet_id(reader));
  if (context.is_v5()) {
    SLUICE_TRY(out.properties,
               take_properties(reader, PacketType::suback, PropertyPlace::packet, context.limits));
  }
  SLUICE_CHECK(check_codes(reader, PacketType::suback, context));
  out.codes = reader.rest();
  return {};
}

// [MQTT5-3.11.3-2]
Result<void> decode_body(ByteView body, const DecodeContext& context, Unsuback& out) {
  ByteReader reader(body);
  SLUICE_TRY(out.packet_id, take_packet_id(reader));
  if (!context.is_v5()) return check_end(reader);
  SLUICE_TRY(out.properties,
             take_properties(reader, PacketType::unsuback, PropertyPlace::packet, context.limits));
  SLUICE_CHECK(check_codes(reader, PacketType::unsuback, context));
  out.codes = reader.rest();
  return {};
}

}  // namespace sluice::codec
