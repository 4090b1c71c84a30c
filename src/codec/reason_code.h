// SPDX-License-Identifier: Apache-2.0
//
// ReasonCode is every reason code of MQTT 5.0, from reason_codes.def; ConnectReturnCode is what
// CONNACK says in MQTT 3.x.
//
// Spec:    MQTT 5.0 §2.4, MQTT 3.1.1 §3.2.2.3.
#pragma once

#include "codec/types.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace sluice::codec {

enum class ReasonCode : std::uint8_t {
#define SLUICE_REASON_CODE(name, value, from_client, from_server, return_code, text) name = value,
#include "codec/reason_codes.def"
#undef SLUICE_REASON_CODE
  granted_qos_0 = success,
  normal_disconnection = success,
};

enum class ConnectReturnCode : std::uint8_t {
  accepted,
  unacceptable_protocol_version,
  identifier_rejected,
  server_unavailable,
  bad_user_name_or_password,
  not_authorized,
};

/// The standard's name of the code, e.g. "Malformed Packet"; static.
const char* to_string(ReasonCode code) noexcept;
const char* to_string(ConnectReturnCode code) noexcept;
/// The name in the table, e.g. "malformed_packet", for metric labels; static.
const char* label(ReasonCode code) noexcept;
/// The code of a byte, if the standard defines it.
std::optional<ReasonCode> to_reason_code(std::uint8_t byte) noexcept;

/// True if the standard lists the code for that packet, whoever sends it.
bool is_allowed(ReasonCode code, PacketType type) noexcept;
/// True if the standard lists the code for that packet when it goes that way.
bool is_allowed(ReasonCode code, PacketType type, Direction direction) noexcept;
inline bool is_allowed(std::uint8_t code, PacketType type, Direction direction) noexcept {
  return is_allowed(static_cast<ReasonCode>(code), type, direction);
}
/// 0x80 and above mean that it did not succeed.
constexpr bool is_failure(ReasonCode code) { return static_cast<std::uint8_t>(code) >= 0x80; }

/// What a CONNACK of MQTT 3.x says for a reason code.
ConnectReturnCode to_return_code(ReasonCode code) noexcept;

}  // namespace sluice::codec
