// SPDX-License-Identifier: Apache-2.0
#include "client/machine/server_limits.h"

#include "codec/topic.h"

#include <algorithm>

namespace sluice::client {
namespace {

using codec::PropertyId;
using codec::ReasonCode;

Failure refuse(ReasonCode reason, const char* detail) {
  return fail(Error{.code = ErrorCode::invalid_argument,
                    .reason = static_cast<std::uint8_t>(reason),
                    .detail = detail});
}

}  // namespace

ServerLimits ServerLimits::of(const codec::Connack& connack) {
  const codec::Properties& said = connack.properties;
  ServerLimits limits;
  limits.receive_maximum =
      static_cast<std::uint16_t>(said.number(PropertyId::receive_maximum).value_or(65'535));
  limits.qos_max = static_cast<codec::Qos>(
      std::min<std::uint32_t>(2, said.number(PropertyId::maximum_qos).value_or(2)));
  limits.has_retain = said.flag(PropertyId::retain_available, true);
  limits.has_wildcards = said.flag(PropertyId::wildcard_subscription_available, true);
  limits.has_subscription_ids = said.flag(PropertyId::subscription_identifiers_available, true);
  limits.has_shared = said.flag(PropertyId::shared_subscription_available, true);
  limits.packet_bytes_max = said.number(PropertyId::maximum_packet_size).value_or(0);
  limits.topic_alias_max =
      static_cast<std::uint16_t>(said.number(PropertyId::topic_alias_maximum).value_or(0));
  return limits;
}

Result<void> ServerLimits::check(const codec::Publish& publish) const {
  if (publish.qos > qos_max) {  // [MQTT5-3.2.2-11]
    return refuse(ReasonCode::qos_not_supported, "the server does not take this QoS");
  }
  if (publish.retain && !has_retain) {  // [MQTT5-3.2.2-14]
    return refuse(ReasonCode::retain_not_supported, "the server does not retain messages");
  }
  const auto alias = publish.properties.number(PropertyId::topic_alias);
  if (alias && *alias > topic_alias_max) {  // [MQTT5-3.3.2-9] [MQTT5-3.2.2-17] [MQTT5-3.2.2-18]
    return refuse(ReasonCode::topic_alias_invalid, "the topic alias is above the server's maximum");
  }
  return {};
}

Result<void> ServerLimits::check(const codec::Subscribe& subscribe) const {
  if (!has_subscription_ids && subscribe.properties.has(PropertyId::subscription_identifier)) {
    return refuse(ReasonCode::subscription_identifiers_not_supported,
                  "the server has no subscription identifiers");
  }
  if (has_wildcards && has_shared) return {};
  auto cursor = subscribe.filters.cursor();
  while (const auto item = cursor.next()) {
    if (!has_wildcards && codec::has_wildcard(item->filter)) {
      return refuse(ReasonCode::wildcard_subscriptions_not_supported,
                    "the server has no wildcard subscriptions");
    }
    if (!has_shared && item->filter.starts_with("$share/")) {
      return refuse(ReasonCode::shared_subscriptions_not_supported,
                    "the server has no shared subscriptions");
    }
  }
  return {};
}

Result<void> ServerLimits::check_size(std::size_t packet_bytes) const {
  if (packet_bytes_max == 0 || packet_bytes <= packet_bytes_max) return {};  // [MQTT5-3.2.2-15]
  return fail(Error{.code = ErrorCode::packet_too_large,
                    .reason = static_cast<std::uint8_t>(ReasonCode::packet_too_large),
                    .detail = "the packet is larger than the server's Maximum Packet Size"});
}

}  // namespace sluice::client
