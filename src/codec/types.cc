// SPDX-License-Identifier: Apache-2.0
#include "codec/types.h"

#include <array>
#include <cstddef>

namespace sluice::codec {

const char* to_string(Version version) noexcept {
  switch (version) {
    case Version::v3_1:
      return "MQTT 3.1";
    case Version::v3_1_1:
      return "MQTT 3.1.1";
    case Version::v5:
      return "MQTT 5.0";
  }
  return "unknown version";
}

const char* to_string(PacketType type) noexcept {
  constexpr std::array<const char*, 16> names{
    "RESERVED", "CONNECT", "CONNACK",   "PUBLISH", "PUBACK", "PUBREC", "PUBREL",   "PUBCOMP",
    "SUBSCRIBE", "SUBACK", "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
  const auto index = static_cast<std::size_t>(type);
  return index < names.size() ? names[index] : names[0];
}

}  // namespace sluice::codec
