// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/recording_json.h"

#include "cli/mqtt/property_arguments.h"
#include "cli/output/base64.h"
#include "codec/topic.h"
#include "codec/utf8.h"

#include <nlohmann/json.hpp>

#include <algorithm>

namespace sluice::cli {
namespace {

using codec::PropertyWire;
using Json = nlohmann::ordered_json;

Failure wrong(const char* how) { return fail(ErrorCode::parse_error, how); }

Json json_of(const codec::Properties& properties) {
  Json out = Json::object();
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    const codec::PropertyInfo* info = codec::find_property(static_cast<std::uint8_t>(property->id));
    if (info == nullptr) continue;
    if (info->wire == PropertyWire::utf8_pair)
      out[info->name].push_back({property->name, property->value});
    else if (info->wire == PropertyWire::utf8)
      out[info->name] = property->text;
    else if (info->wire == PropertyWire::binary)
      out[info->name] = base64(property->binary);
    else
      out[info->name] = property->number;
  }
  return out;
}

Result<void> add_property(const codec::PropertyInfo& info, const Json& value, PropertyList& list) {
  if (info.wire == PropertyWire::utf8_pair) {
    if (!value.is_array()) return wrong("user_property is a list of pairs");
    for (const Json& pair : value) {
      if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string())
        return wrong("user_property is a list of pairs");
      list.add_pair(pair[0].get<std::string>(), pair[1].get<std::string>());
    }
    return {};
  }
  if (info.wire == PropertyWire::utf8 || info.wire == PropertyWire::binary) {
    if (!value.is_string()) return wrong("a property has to be a text and is not");
    std::string text = value.get<std::string>();
    if (info.wire == PropertyWire::binary) {
      auto bytes = bytes_of_base64(text);
      if (!bytes) return wrong("a property has to be base64 and is not");
      text = std::move(*bytes);
    }
    if (text.size() > codec::field_bytes_max) return wrong("a property is too long");
    list.add_text(info.id, text);
    return {};
  }
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > 0xFFFF'FFFF)
    return wrong("a property has to be a number and is not");
  list.add_number(info.id, value.get<std::uint32_t>());
  return {};
}

Result<void> take_properties(const Json& object, RecordedMessage& message) {
  if (!object.contains("properties")) return {};
  const Json& properties = object["properties"];
  if (!properties.is_object()) return wrong("properties is an object");
  PropertyList list;
  for (const auto& [name, value] : properties.items()) {
    const codec::PropertyInfo* info = codec::find_property(std::string_view(name));
    if (info == nullptr) return wrong("there is no such property");
    SLUICE_CHECK(add_property(*info, value, list));
  }
  SLUICE_CHECK(codec::check_properties(list.bytes(), codec::PacketType::publish,
                                       codec::PropertyPlace::packet, codec::DecodeLimits{}));
  message.properties = list.bytes();
  return {};
}

Result<void> take_payload(const Json& object, RecordedMessage& message) {
  if (object.contains("payload_base64")) {
    if (!object["payload_base64"].is_string()) return wrong("payload_base64 is a text");
    auto bytes = bytes_of_base64(object["payload_base64"].get<std::string>());
    if (!bytes) return wrong("payload_base64 is not base64");
    message.payload = std::move(*bytes);
    return {};
  }
  if (!object.contains("payload")) return {};
  const Json& payload = object["payload"];
  message.payload = payload.is_string() ? payload.get<std::string>() : payload.dump();
  return {};
}

}  // namespace

void append_recorded_json(const RecordedMessage& message, std::string& out) {
  Json object{{"time_ns", message.time.ns},
              {"topic", message.topic},
              {"qos", static_cast<unsigned>(message.qos)},
              {"retain", message.retain}};
  const codec::Properties properties = codec::Properties::of_checked(message.properties);
  if (!properties.is_empty()) object["properties"] = json_of(properties);
  const bool is_text = codec::find_invalid_utf8(message.payload) == message.payload.size();
  if (is_text)
    object["payload"] = message.payload;
  else
    object["payload_base64"] = base64(as_bytes(message.payload));
  out += object.dump(-1, ' ', false, Json::error_handler_t::replace);
  out += '\n';
}

Result<RecordedMessage> recorded_of_json(std::string_view line) {
  const Json object = Json::parse(line.begin(), line.end(), nullptr, false);
  if (!object.is_object() || !object.contains("topic") || !object["topic"].is_string())
    return wrong("a line is no JSON object with a topic");
  RecordedMessage message;
  message.topic = object["topic"].get<std::string>();
  SLUICE_CHECK(codec::check_topic_name(message.topic));
  if (object.contains("time_ns")) {
    if (!object["time_ns"].is_number_integer()) return wrong("time_ns is a whole number");
    message.time.ns = object["time_ns"].get<std::int64_t>();
  }
  if (object.contains("qos")) {
    const Json& qos = object["qos"];
    if (!qos.is_number_unsigned() || qos.get<std::uint64_t>() > 2) return wrong("qos is 0, 1 or 2");
    message.qos = static_cast<codec::Qos>(qos.get<unsigned>());
  }
  if (object.contains("retain")) {
    if (!object["retain"].is_boolean()) return wrong("retain is true or false");
    message.retain = object["retain"].get<bool>();
  }
  SLUICE_CHECK(take_properties(object, message));
  SLUICE_CHECK(take_payload(object, message));
  return message;
}

}  // namespace sluice::cli
