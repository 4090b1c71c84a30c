// SPDX-License-Identifier: Apache-2.0
#include "core/connection/connack.h"

#include "base/assert.h"
#include "codec/limits.h"

namespace sluice::core {

using codec::PropertyId;

codec::Properties connack_properties(codec::PropertyWriter& writer, const CoreOptions& options,
                                     const codec::Connect& connect, const Granted& granted) {
  if (connect.version != codec::Version::v5) return {};
  const auto& mqtt = options.mqtt;
  const codec::Properties& asked = connect.properties;
  const auto say = [&writer](bool is_said, PropertyId id, std::uint64_t value) {
    if (is_said) writer.number(id, static_cast<std::uint32_t>(value));
  };
  say(asked.number(PropertyId::session_expiry_interval).value_or(0) != granted.session_expiry_s,
      PropertyId::session_expiry_interval, granted.session_expiry_s);
  say(mqtt.receive_maximum != 65535, PropertyId::receive_maximum, mqtt.receive_maximum);
  say(mqtt.maximum_qos < 2, PropertyId::maximum_qos, mqtt.maximum_qos);  // [MQTT5-3.2.2-9]
  say(!mqtt.retain_available, PropertyId::retain_available, 0);
  say(granted.packet_bytes_max < codec::remaining_length_max, PropertyId::maximum_packet_size,
      granted.packet_bytes_max);
  if (!granted.assigned_id.empty())  // [MQTT5-3.1.3-7] [MQTT5-3.2.2-16]
    writer.text(PropertyId::assigned_client_identifier, granted.assigned_id);
  say(mqtt.topic_alias_maximum > 0, PropertyId::topic_alias_maximum, mqtt.topic_alias_maximum);
  say(!mqtt.wildcard_subscription_available, PropertyId::wildcard_subscription_available, 0);
  say(!mqtt.subscription_identifiers_available, PropertyId::subscription_identifiers_available, 0);
  say(!mqtt.shared_subscription_available, PropertyId::shared_subscription_available, 0);
  // [MQTT5-3.2.2-22]
  say(granted.keep_alive_s != connect.keep_alive_s, PropertyId::server_keep_alive,
      granted.keep_alive_s);
  if (!granted.auth_method.empty()) {  // [MQTT5-4.12.0-5]
    writer.text(PropertyId::authentication_method, granted.auth_method);
    if (!granted.auth_data.empty())
      writer.binary(PropertyId::authentication_data, granted.auth_data);
  }
  // [MQTT5-3.1.2-28]
  if (!mqtt.response_information.empty() &&
      asked.flag(PropertyId::request_response_information, false))
    writer.text(PropertyId::response_information, mqtt.response_information);
  const auto written = writer.finish();
  SLUICE_ASSERT(written.has_value());
  return *written;
}

}  // namespace sluice::core
