// SPDX-License-Identifier: Apache-2.0
//
// ServerLimits is what a server said in CONNACK that it accepts, and the checks of a client's
// packets against it. In MQTT 3.x nothing is said and nothing is limited.
//
// Spec:    MQTT 5.0 §3.2.2.3.
#pragma once

#include "base/result.h"
#include "codec/packets.h"

#include <cstdint>
#include <string>

namespace sluice::client {

struct ServerLimits {
  std::uint16_t receive_maximum = 65'535;
  codec::Qos qos_max = codec::Qos::exactly_once;
  bool has_retain = true;
  bool has_wildcards = true;
  bool has_subscription_ids = true;
  bool has_shared = true;
  std::uint32_t packet_bytes_max = 0;  ///< 0: no limit
  std::uint16_t topic_alias_max = 0;

  static ServerLimits of(const codec::Connack& connack);

  /// invalid_argument with the reason that the server would answer, or packet_too_large.
  Result<void> check(const codec::Publish& publish) const;
  Result<void> check(const codec::Subscribe& subscribe) const;
  Result<void> check_size(std::size_t packet_bytes) const;
};

}  // namespace sluice::client
