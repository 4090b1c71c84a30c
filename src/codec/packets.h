// SPDX-License-Identifier: Apache-2.0
//
// One struct for each kind of MQTT packet, the same for all versions: what a version lacks stays at
// its default and is not encoded. All texts and bytes are views of the buffer that was decoded, or
// of the caller's own when encoding.
//
// Owner:   whoever owns the viewed bytes.      Thread: any.      Never: allocation.
// Spec:    MQTT 5.0 §3, MQTT 3.1.1 §3.
#pragma once

#include "base/bytes.h"
#include "codec/filters.h"
#include "codec/property.h"
#include "codec/reason_code.h"
#include "codec/types.h"

#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>

namespace sluice::codec {

struct Will {
  Qos qos = Qos::at_most_once;
  bool retain = false;
  Properties properties{};
  std::string_view topic{};
  ByteView payload{};
};

struct Connect {
  Version version = Version::v3_1_1;
  bool is_bridge = false;   ///< bit 0x80 of the protocol level: the peer is a bridge
  bool clean_start = true;  ///< Clean Session in 3.x
  std::uint16_t keep_alive_s = 0;
  Properties properties{};
  std::string_view client_id{};
  std::optional<Will> will{};
  std::optional<std::string_view> user_name{};
  std::optional<ByteView> password{};
};

struct Connack {
  bool session_present = false;
  std::uint8_t code = 0;  ///< ReasonCode in 5.0, ConnectReturnCode in 3.x
  Properties properties{};
};

struct Publish {
  bool dup = false;
  Qos qos = Qos::at_most_once;
  bool retain = false;
  PacketId packet_id = 0;    ///< 0 at QoS 0
  std::string_view topic{};  ///< empty in 5.0: the topic alias stands for it
  Properties properties{};
  ByteView payload{};
};

/// PUBACK, PUBREC, PUBREL and PUBCOMP; 3.x has only the packet identifier.
template <PacketType type_of_ack>
struct Ack {
  static constexpr PacketType type = type_of_ack;
  PacketId packet_id = 0;
  ReasonCode reason = ReasonCode::success;
  Properties properties{};
};
using Puback = Ack<PacketType::puback>;
using Pubrec = Ack<PacketType::pubrec>;
using Pubrel = Ack<PacketType::pubrel>;
using Pubcomp = Ack<PacketType::pubcomp>;

struct Subscribe {
  PacketId packet_id = 0;
  Properties properties{};
  SubscribeFilters filters{};
};

struct Suback {
  static constexpr PacketType type = PacketType::suback;
  PacketId packet_id = 0;
  Properties properties{};
  ByteView codes{};  ///< one for each filter of the SUBSCRIBE, in its order
};

struct Unsubscribe {
  PacketId packet_id = 0;
  Properties properties{};
  UnsubscribeFilters filters{};
};

struct Unsuback {
  static constexpr PacketType type = PacketType::unsuback;
  PacketId packet_id = 0;
  Properties properties{};
  ByteView codes{};  ///< one for each filter of the UNSUBSCRIBE; empty in 3.x
};

struct Pingreq {};
struct Pingresp {};

struct Disconnect {
  ReasonCode reason = ReasonCode::normal_disconnection;
  Properties properties{};
};

struct Auth {
  ReasonCode reason = ReasonCode::success;
  Properties properties{};
};

/// The alternatives stand in the order of PacketType.
using Packet = std::variant<Connect, Connack, Publish, Puback, Pubrec, Pubrel, Pubcomp, Subscribe,
                            Suback, Unsubscribe, Unsuback, Pingreq, Pingresp, Disconnect, Auth>;

inline PacketType type_of(const Packet& packet) {
  return static_cast<PacketType>(packet.index() + 1);
}

}  // namespace sluice::codec
