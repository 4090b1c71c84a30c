// SPDX-License-Identifier: Apache-2.0
//
// What a CONNACK that accepts tells a client: what it was granted, and what the server has,
// wherever that is not what an absent property says.
//
// Thread: any (pure).
// Spec:    MQTT 5.0 §3.2.2.3.
#pragma once

#include "codec/codec.h"
#include "core/shard/options.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::core {

/// What a CONNECT is granted.
struct Granted {
  std::string assigned_id;
  std::uint32_t session_expiry_s = 0;
  std::uint16_t keep_alive_s = 0;
  bool is_present = false;
  std::uint64_t packet_bytes_max = 0;
  std::string auth_method{};  ///< empty if none was used
  std::vector<std::uint8_t> auth_data{};
};

/// Empty before MQTT 5. The result views the writer's buffer, which must have room for them all.
codec::Properties connack_properties(codec::PropertyWriter& writer, const CoreOptions& options,
                                     const codec::Connect& connect, const Granted& granted);

}  // namespace sluice::core
