// SPDX-License-Identifier: Apache-2.0
//
// Sets of packet kinds as the tables write them: bit n stands for PacketType n, bit 0 for the
// properties of a will.
#pragma once

#include <cstdint>

#include "codec/types.h"

namespace sluice::codec::packet_set {

constexpr std::uint16_t only(PacketType type) {
  return static_cast<std::uint16_t>(1U << static_cast<unsigned>(type));
}
constexpr bool holds(std::uint16_t set, PacketType type) { return (set & only(type)) != 0; }

// The words of the tables.
inline constexpr unsigned will = 1;
inline constexpr unsigned connect = only(PacketType::connect);
inline constexpr unsigned connack = only(PacketType::connack);
inline constexpr unsigned publish = only(PacketType::publish);
inline constexpr unsigned received = only(PacketType::puback) | only(PacketType::pubrec);
inline constexpr unsigned released = only(PacketType::pubrel) | only(PacketType::pubcomp);
inline constexpr unsigned acks = received | released;
inline constexpr unsigned subscribe = only(PacketType::subscribe);
inline constexpr unsigned suback = only(PacketType::suback);
inline constexpr unsigned unsubscribe = only(PacketType::unsubscribe);
inline constexpr unsigned unsuback = only(PacketType::unsuback);
inline constexpr unsigned disconnect = only(PacketType::disconnect);
inline constexpr unsigned auth = only(PacketType::auth);
/// Whatever a server answers to CONNECT, PUBLISH, SUBSCRIBE and UNSUBSCRIBE, and DISCONNECT.
inline constexpr unsigned answers = received | connack | suback | unsuback | disconnect;
/// All that may hold a Reason String.
inline constexpr unsigned replies = connack | acks | suback | unsuback | disconnect | auth;
inline constexpr unsigned all = connect | connack | publish | acks | subscribe | suback |
                                unsubscribe | unsuback | disconnect | auth;

}  // namespace sluice::codec::packet_set
