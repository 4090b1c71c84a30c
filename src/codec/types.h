// SPDX-License-Identifier: Apache-2.0
//
// The small vocabulary of MQTT: versions, qualities of service, packet types, subscription options.
// Values are those of the wire, so a cast after a range check is the conversion.
//
// Spec:    MQTT 3.1 §2.1, MQTT 3.1.1 §2.2.1, MQTT 5.0 §2.1.2, §3.8.3.1.
#pragma once

#include <cstdint>

namespace sluice::codec {

/// The protocol level of CONNECT. 3.1 calls itself MQIsdp, the others MQTT.
enum class Version : std::uint8_t { v3_1 = 3, v3_1_1 = 4, v5 = 5 };

enum class Qos : std::uint8_t { at_most_once, at_least_once, exactly_once };

enum class PacketType : std::uint8_t {
  connect = 1,
  connack,
  publish,
  puback,
  pubrec,
  pubrel,
  pubcomp,
  subscribe,
  suback,
  unsubscribe,
  unsuback,
  pingreq,
  pingresp,
  disconnect,
  auth = 15,
};

using PacketId = std::uint16_t;

/// Who the packet goes to: a broker decodes `to_server`, a client `to_client`.
enum class Direction : std::uint8_t { to_server, to_client };

enum class RetainHandling : std::uint8_t { send, send_if_new, do_not_send };

/// What a SUBSCRIBE asks for with each filter. MQTT 3.x has only the QoS; the defaults here are
/// what 3.x does.
struct SubscriptionOptions {
  Qos qos = Qos::at_most_once;
  bool no_local = false;
  bool retain_as_published = false;
  RetainHandling retain_handling = RetainHandling::send;

  /// The byte of the wire.
  constexpr std::uint8_t to_byte() const {
    return static_cast<std::uint8_t>(static_cast<unsigned>(qos) | (no_local ? 4U : 0U) |
                                     (retain_as_published ? 8U : 0U) |
                                     (static_cast<unsigned>(retain_handling) << 4));
  }
  /// REQUIRES: a byte that the decoder has accepted (QoS and Retain Handling below 3, bits 6 and 7
  /// clear).
  static constexpr SubscriptionOptions from_byte(std::uint8_t byte) {
    return {.qos = static_cast<Qos>(byte & 3U),
            .no_local = (byte & 4U) != 0,
            .retain_as_published = (byte & 8U) != 0,
            .retain_handling = static_cast<RetainHandling>((byte >> 4) & 3U)};
  }
  constexpr bool operator==(const SubscriptionOptions&) const = default;
};

/// "MQTT 3.1", "MQTT 3.1.1", "MQTT 5.0"; static.
const char* to_string(Version version) noexcept;
/// "CONNECT", "PUBLISH" …; static. "RESERVED" for a value outside the enumeration.
const char* to_string(PacketType type) noexcept;

}  // namespace sluice::codec
