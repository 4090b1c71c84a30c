// SPDX-License-Identifier: Apache-2.0
//
// Handles of the broker core. They are indices with a generation, never pointers, so that an answer
// that comes late meets nothing instead of a stranger.
#pragma once

#include <compare>
#include <cstdint>

namespace sluice::core {

/// Index of a session in its shard.
enum class SessionSlot : std::uint32_t {};
inline constexpr SessionSlot no_session{0xffffffffU};

/// A shard of this process, 0-based.
enum class ShardIndex : std::uint16_t {};
inline constexpr std::uint16_t shards_max = 64;

/// A network connection of a shard, given out by the driver of the shard. A slot is used again only
/// with another generation.
struct ConnId {
  std::uint32_t slot = 0xffffffffU;
  std::uint32_t generation = 0;

  bool is_none() const { return slot == 0xffffffffU; }
  auto operator<=>(const ConnId&) const = default;
};

/// Names an effect that wants an answer. Tickets of one shard grow by one.
enum class Ticket : std::uint64_t {};

/// Names a piece of a session's queue that was given away to be kept outside memory. Grows, over
/// all runs of a log.
enum class ChunkId : std::uint64_t {};

constexpr std::uint32_t index_of(SessionSlot slot) { return static_cast<std::uint32_t>(slot); }
constexpr std::uint16_t index_of(ShardIndex shard) { return static_cast<std::uint16_t>(shard); }

}  // namespace sluice::core
