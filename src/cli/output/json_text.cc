// SPDX-License-Identifier: Apache-2.0
#include "cli/output/json_text.h"

#include "cli/output/base64.h"
#include "codec/utf8.h"

#include <algorithm>

namespace sluice::cli {
namespace {

std::string dashed(std::string text) {
  std::ranges::replace(text, '_', '-');
  return text;
}

void append_member(std::string_view name, std::uint64_t number, std::string& out) {
  append_json_string(name, out);
  out += ":" + std::to_string(number) + ",";
}

void append_member(std::string_view name, std::string_view text, std::string& out) {
  append_json_string(name, out);
  out += ':';
  append_json_string(text, out);
  out += ',';
}

void append_user_properties(const codec::Properties& properties, std::string& out) {
  out += "\"user-properties\":{";
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    if (property->id != codec::PropertyId::user_property) continue;
    append_member(property->name, property->value, out);
  }
  out.back() = '}';
  out += ',';
}

void append_property(const codec::PropertyView& property, std::string& out) {
  const codec::PropertyInfo* info = codec::find_property(static_cast<std::uint8_t>(property.id));
  if (info == nullptr) return;
  const std::string name = dashed(info->name);
  switch (info->wire) {
    case codec::PropertyWire::utf8:
      return append_member(name, property.text, out);
    case codec::PropertyWire::binary:
      return append_member(name, as_text(property.binary), out);
    case codec::PropertyWire::utf8_pair:
      return;
    default:
      return append_member(name, property.number, out);
  }
}

/// In the order they came; user properties together where the first one stood.
void append_properties(const codec::Properties& properties, std::string& out) {
  if (properties.is_empty()) return;
  out += "\"properties\":{";
  bool has_user_properties = false;
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    if (property->id != codec::PropertyId::user_property) {
      append_property(*property, out);
    } else if (!has_user_properties) {
      has_user_properties = true;
      append_user_properties(properties, out);
    }
  }
  out.back() = '}';
  out += ',';
}

void append_payload(ByteView payload, JsonPayload form, std::string& out) {
  const std::string_view text = as_text(payload);
  const bool is_text = codec::find_invalid_utf8(text) == text.size();
  if (form == JsonPayload::text_or_64 && !is_text) {
    out += "\"payload_base64\":\"" + base64(payload) + "\"";
  } else if (form != JsonPayload::value) {
    out += "\"payload\":";
    append_json_string(text, out);
  } else {
    out += "\"payload\":";
    out += payload.empty() ? "null" : text;
  }
}

}  // namespace

bool append_json(const ShownMessage& message, JsonPayload payload, JsonLayout layout,
                 std::string& out) {
  const codec::Publish& publish = message.publish;
  const bool is_value = payload == JsonPayload::value && !publish.payload.empty();
  if (is_value && !is_json(as_text(publish.payload))) return false;
  std::string object = "{";
  append_member("tst", json_time_text(message.time), object);
  append_member("topic", publish.topic, object);
  append_member("qos", static_cast<std::uint64_t>(publish.qos), object);
  append_member("retain", publish.retain ? 1 : 0, object);
  append_member("payloadlen", publish.payload.size(), object);
  if (publish.qos != codec::Qos::at_most_once) append_member("mid", publish.packet_id, object);
  append_properties(publish.properties, object);
  append_payload(publish.payload, payload, object);
  object += '}';
  if (is_value || layout == JsonLayout::pretty)
    append_laid_out(object, layout, out);
  else
    out += object;
  return true;
}

void append_json_string(std::string_view text, std::string& out) {
  constexpr std::string_view digits = "0123456789abcdef";
  constexpr std::string_view plain = "\"\\\b\f\n\r\t";
  constexpr std::string_view letters = "\"\\bfnrt";
  out += '"';
  for (const char c : text) {
    const auto known = plain.find(c);
    const auto byte = static_cast<unsigned char>(c);
    if (known != std::string_view::npos) {
      out += '\\';
      out += letters[known];
    } else if (byte < 0x20) {
      out += "\\u00";
      out += digits[byte >> 4];
      out += digits[byte & 0x0FU];
    } else {
      out += c;
    }
  }
  out += '"';
}

}  // namespace sluice::cli
