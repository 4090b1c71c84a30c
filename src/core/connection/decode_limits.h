// SPDX-License-Identifier: Apache-2.0
//
// What the operator's options allow a packet to be, as the codec asks it, and the count of what was
// beyond.
//
// Thread: any (pure).     Limits:  mqtt.* options.
#pragma once

#include "codec/limit_kind.h"
#include "codec/limits.h"
#include "core/shard/metrics.h"
#include "core/shard/options.h"

#include <algorithm>
#include <cstdint>

namespace sluice::core {

/// `remaining_length_max`: mqtt.packet_bytes_max, or its like before CONNECT.
inline codec::DecodeLimits decode_limits(const CoreOptions& options,
                                         std::uint64_t remaining_length_max) {
  constexpr std::uint32_t fixed_header_max = 5;
  // A SUBSCRIBE of more than a session may ever hold is no honest one.
  constexpr std::uint64_t filters_a_packet_min = 10'000;
  const auto& mqtt = options.mqtt;
  return {.packet_bytes_max = static_cast<std::uint32_t>(remaining_length_max) + fixed_header_max,
          .topic_levels_max = static_cast<std::uint32_t>(mqtt.topic_levels_max),
          .topic_bytes_max = static_cast<std::uint32_t>(mqtt.topic_bytes_max),
          .user_properties_max = static_cast<std::uint32_t>(mqtt.user_properties_max),
          .filters_max = static_cast<std::uint32_t>(
              std::max<std::uint64_t>(options.session.subscriptions_max, filters_a_packet_min)),
          .client_id_bytes_max = static_cast<std::uint32_t>(mqtt.client_id_bytes_max)};
}

/// Counts the limit that a decoder's error is about, if it is about one.
inline void count_limit(CoreMetrics& metrics, const Error& error) {
  switch (codec::limit_kind(error)) {
    case codec::LimitKind::topic_bytes:
      ++metrics.limits_hit_topic_bytes_max;
      return;
    case codec::LimitKind::topic_levels:
      ++metrics.limits_hit_topic_levels_max;
      return;
    case codec::LimitKind::user_properties:
      ++metrics.limits_hit_user_properties_max;
      return;
    case codec::LimitKind::filters:
      ++metrics.limits_hit_subscriptions_max;
      return;
    case codec::LimitKind::client_id_bytes:
      ++metrics.limits_hit_client_id_bytes_max;
      return;
    case codec::LimitKind::none:
      return;
  }
}

}  // namespace sluice::core
