// SPDX-License-Identifier: Apache-2.0
//
// An Entrance is what a listener says of those who come by it. Connections name it by a number, so
// that a reload speaks of those who are on their way too.
//
// Owner:   server/ (in AccessSettings).      Thread: any (values).
#pragma once

#include "base/peer.h"
#include "codec/types.h"
#include "core/message/durability.h"

#include <cstdint>
#include <string>

namespace sluice::core {

/// The number of a listener, for as long as the process lives.
enum class EntranceId : std::uint16_t {};

/// A set of protocol versions, a bit each.
using VersionBits = std::uint8_t;
constexpr VersionBits bit_of(codec::Version version) {
  return static_cast<VersionBits>(1U << (static_cast<unsigned>(version) & 7U));
}
inline constexpr VersionBits every_version = 0xff;

struct Entrance {
  std::string name{};
  bool is_anonymous_allowed = true;
  VersionBits versions = every_version;
  std::string mount_point{};  ///< stands before every topic of its clients; they never see it
  Durability durability = Durability::fsync;     ///< of what its clients do
  std::uint32_t packet_bytes_max = 0xffffffffU;  ///< mqtt.packet_bytes_max counts too
};

/// A new connection.
struct Opened {
  Peer peer{};
  EntranceId entrance{};
  std::string identity{};  ///< what its transport has proved of who it is
  bool is_moved = false;   ///< another shard has accepted and counted it
};

}  // namespace sluice::core
