// SPDX-License-Identifier: Apache-2.0
//
// What the operator's options allow a packet to be, as the codec asks it.
//
// Thread: any (pure).     Limits:  mqtt.* options.
#pragma once

#include "codec/limits.h"
#include "core/shard/options.h"

#include <cstdint>

namespace sluice::core {

/// `remaining_length_max`: mqtt.packet_bytes_max, or its like before CONNECT.
inline codec::DecodeLimits decode_limits(const CoreOptions& options,
                                         std::uint64_t remaining_length_max) {
  constexpr std::uint32_t fixed_header_max = 5;
  const auto& mqtt = options.mqtt;
  return {.packet_bytes_max = static_cast<std::uint32_t>(remaining_length_max) + fixed_header_max,
          .topic_levels_max = static_cast<std::uint32_t>(mqtt.topic_levels_max),
          .topic_bytes_max = static_cast<std::uint32_t>(mqtt.topic_bytes_max),
          .user_properties_max = static_cast<std::uint32_t>(mqtt.user_properties_max),
          .filters_max = 0xffffffffU,
          .client_id_bytes_max = static_cast<std::uint32_t>(mqtt.client_id_bytes_max)};
}

}  // namespace sluice::core
