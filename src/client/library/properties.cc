// SPDX-License-Identifier: Apache-2.0
#include "client/library/properties.h"

#include "codec/property.h"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <utility>

namespace sluice::client {
namespace {

using codec::PropertyId;

/// Writes properties into memory that grows as needed.
class Writer {
 public:
  void number(PropertyId id, std::uint32_t value) {
    room(5).number(id, value);
    keep();
  }
  void text(PropertyId id, std::string_view value) {
    if (value.empty()) return;
    room(value.size() + 3).text(id, value);
    keep();
  }
  void binary(PropertyId id, std::string_view value) {
    if (value.empty()) return;
    room(value.size() + 3).binary(id, as_bytes(value));
    keep();
  }
  void user(v1::user_properties_view user) {
    for (const auto& [name, value] : user) {
      room(name.size() + value.size() + 5).user(name, value);
      keep();
    }
  }
  Result<RawProperties> finish() {
    if (error_.code != ErrorCode::ok) return fail(error_);
    return std::move(bytes_);
  }

 private:
  codec::PropertyWriter& room(std::size_t bytes) {
    begin_ = bytes_.size();
    bytes_.resize(begin_ + bytes);
    writer_.emplace(MutableByteView(bytes_).subspan(begin_));
    return *writer_;
  }
  void keep() {
    const auto written = writer_->finish();
    if (!written) error_ = written.error();
    bytes_.resize(begin_ + (written ? written->raw.size() : 0));
  }

  RawProperties bytes_;
  std::size_t begin_ = 0;
  std::optional<codec::PropertyWriter> writer_;
  Error error_;
};

std::uint32_t seconds_of(std::chrono::seconds time) {
  return static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(time.count(), 0, std::numeric_limits<std::uint32_t>::max()));
}

}  // namespace

Result<RawProperties> raw_properties(const v1::publish_options& options) {
  const bool has_none = options.content_type.empty() && options.response_topic.empty() &&
                        options.correlation_data.empty() && !options.is_text &&
                        options.user_properties.empty();
  if (has_none) return RawProperties{};
  Writer writer;
  if (options.is_text) writer.number(PropertyId::payload_format_indicator, 1);
  writer.text(PropertyId::content_type, options.content_type);
  writer.text(PropertyId::response_topic, options.response_topic);
  writer.binary(PropertyId::correlation_data, options.correlation_data);
  writer.user(options.user_properties);
  return writer.finish();
}

Result<RawProperties> raw_properties(const v1::will& will) {
  Writer writer;
  if (will.delay.count() > 0) {
    writer.number(PropertyId::will_delay_interval, seconds_of(will.delay));
  }
  if (will.expiry) writer.number(PropertyId::message_expiry_interval, seconds_of(*will.expiry));
  writer.text(PropertyId::content_type, will.content_type);
  writer.text(PropertyId::response_topic, will.response_topic);
  writer.binary(PropertyId::correlation_data, will.correlation_data);
  writer.user(will.user_properties);
  return writer.finish();
}

Result<RawProperties> raw_properties(v1::user_properties_view user) {
  Writer writer;
  writer.user(user);
  return writer.finish();
}

Result<RawProperties> raw_connect_properties(const v1::client_options& options,
                                             const std::string& authentication_data) {
  Writer writer;
  writer.number(PropertyId::request_response_information, 1);
  writer.text(PropertyId::authentication_method, options.auth.method);
  writer.binary(PropertyId::authentication_data, authentication_data);
  writer.user(options.user_properties);
  return writer.finish();
}

Result<RawProperties> raw_auth_properties(const std::string& method, const std::string& data) {
  Writer writer;
  writer.text(PropertyId::authentication_method, method);
  writer.binary(PropertyId::authentication_data, data);
  return writer.finish();
}

v1::message to_message(const codec::Publish& publish) {
  v1::message message;
  message.topic = publish.topic;
  message.payload = as_text(publish.payload);
  message.qos = static_cast<v1::qos>(publish.qos);
  message.retain = publish.retain;
  message.duplicate = publish.dup;
  if (publish.properties.is_empty()) return message;
  auto cursor = publish.properties.cursor();
  while (const auto property = cursor.next()) {
    switch (property->id) {
      case PropertyId::payload_format_indicator:
        message.is_text = property->number == 1;
        break;
      case PropertyId::message_expiry_interval:
        message.expiry = std::chrono::seconds(property->number);
        break;
      case PropertyId::content_type:
        message.content_type = property->text;
        break;
      case PropertyId::response_topic:
        message.response_topic = property->text;
        break;
      case PropertyId::correlation_data:
        message.correlation_data = as_text(property->binary);
        break;
      case PropertyId::user_property:
        message.user_properties.emplace_back(property->name, property->value);
        break;
      default:
        break;
    }
  }
  return message;
}

}  // namespace sluice::client
