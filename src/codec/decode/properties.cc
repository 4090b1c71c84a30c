// SPDX-License-Identifier: Apache-2.0
#include "codec/fault.h"
#include "codec/limit_kind.h"
#include "codec/property.h"
#include "codec/property_value.h"
#include "codec/topic.h"
#include "codec/utf8.h"

namespace sluice::codec {
namespace {

Result<void> check_number(const PropertyInfo& info, std::uint32_t number) {
  // [RULE5-property-value]
  switch (info.rule) {
    case PropertyRule::zero_or_one:
      if (number > 1) return fail(protocol_fault(1, "this property must be 0 or 1"));
      break;
    case PropertyRule::non_zero:
      if (number == 0) return fail(protocol_fault(1, "this property must not be 0"));
      break;
    case PropertyRule::topic_alias:
      if (number == 0)  // [MQTT5-3.3.2-8]
        return fail(fault(ErrorCode::protocol_error, ReasonCode::topic_alias_invalid, 1,
                          "the topic alias is 0"));
      break;
    case PropertyRule::any:
    case PropertyRule::topic_name:
      break;
  }
  return {};
}

// A text of the property, `offset` bytes behind its identifier.
Result<void> check_text(std::string_view text, std::size_t offset) {
  if (auto checked = check_utf8(text); !checked) return fail(shifted(checked.error(), offset));
  return {};
}

// Text that is no topic name breaks a rule of the property, not the form of the packet.
Result<void> check_topic(std::string_view topic, const DecodeLimits& limits) {
  auto checked = check_topic_name(topic, limits.topic());
  if (checked) return {};
  Error error = shifted(checked.error(), 3);
  if (error.code == ErrorCode::invalid_argument)
    error.reason = static_cast<std::uint8_t>(ReasonCode::protocol_error);
  return fail(error);
}

// Offsets count from the property's identifier.
Result<void> check_value(const PropertyInfo& info, const PropertyView& property,
                         const DecodeLimits& limits) {
  switch (info.wire) {
    case PropertyWire::utf8:                        // [MQTT5-3.3.2-13] [MQTT5-3.3.2-19]
      if (info.rule == PropertyRule::topic_name) {  // [MQTT5-3.3.2-14]
        return check_topic(property.text, limits);
      }
      return check_text(property.text, 3);
    case PropertyWire::utf8_pair:  // [MQTT5-1.5.7-1]
      SLUICE_CHECK(check_text(property.name, 3));
      return check_text(property.value, 5 + property.name.size());
    case PropertyWire::binary:
      return {};
    default:
      return check_number(info, property.number);
  }
}

// Where a property may stand, and whether again there: a property that the standard does not list
// for the packet is malformed (§2.2.2.2), a repeated one is a protocol error.
Result<void> check_place(const PropertyInfo& info, bool is_repeated, PacketType type,
                         PropertyPlace place) {
  const bool is_will = place == PropertyPlace::will;
  // [RULE5-property-elsewhere]
  if (!(is_will ? info.is_allowed_in_will() : info.is_allowed(type)))
    return fail(malformed(0, "this property may not stand in this packet"));
  // [RULE5-property-twice]
  if (is_repeated && !(is_will ? info.may_repeat_in_will() : info.may_repeat(type)))
    return fail(protocol_fault(0, "this property stands there more than once"));
  return {};
}

}  // namespace

Result<Properties> check_properties(ByteView raw, PacketType type, PropertyPlace place,
                                    const DecodeLimits& limits) {
  Properties properties{.raw = raw};
  ByteReader reader(raw);
  std::uint32_t user_properties = 0;
  while (!reader.is_done()) {
    const std::size_t begin = reader.offset();
    std::uint8_t id = 0;
    reader.take_byte(id);
    const PropertyInfo* info = find_property(id);
    // [RULE5-property-unknown]
    if (info == nullptr)
      return fail(malformed(begin, "the standard defines no property of this identifier"));
    PropertyView property;
    if (!take_property_value(reader, info->wire, property))
      return fail(malformed(begin, "the property is cut short or its number has no valid form"));
    const std::uint64_t bit = std::uint64_t{1} << id;
    if (auto checked = check_place(*info, (properties.present & bit) != 0, type, place); !checked)
      return fail(shifted(checked.error(), begin));
    properties.present |= bit;
    if (auto checked = check_value(*info, property, limits); !checked)
      return fail(shifted(checked.error(), begin));
    if (info->id == PropertyId::user_property && ++user_properties > limits.user_properties_max)
      return fail(limit_fault(ReasonCode::quota_exceeded, begin, limit_text::user_properties));
  }
  return properties;
}

}  // namespace sluice::codec
