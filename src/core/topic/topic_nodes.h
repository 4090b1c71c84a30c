// SPDX-License-Identifier: Apache-2.0
//
// The records that the topic tree is made of. A filter is cut at its wildcards into runs of literal
// levels: "site/7/dev/+/temp" is the run "site/7/dev" that goes on behind a '+', then the run
// "temp" that ends. So a filter without wildcards is one record, however many levels it has, and a
// match looks up whole runs instead of levels. Each record fills one cache line and holds its text,
// if that fits.
//
// Spec:    MQTT 5.0 §4.7.
#pragma once

#include "core/topic/subscription.h"

#include <array>
#include <cstdint>

namespace sluice::core::topic {

inline constexpr std::uint32_t none = 0xffffffffU;
inline constexpr std::uint32_t root_branch = 0;
/// The longest run of one record, in levels; longer ones go on behind a RunKind::more.
inline constexpr std::uint32_t run_levels_max = 62;

/// What stands behind a run.
enum class RunKind : std::uint8_t {
  end,   ///< nothing: the filter ends
  hash,  ///< '#'
  plus,  ///< '+', then the runs of a branch
  more,  ///< more literal levels, then the runs of a branch
};

/// Levels and kind of a run in one byte.
struct Shape {
  std::uint8_t byte;

  static constexpr Shape of(RunKind kind, std::uint32_t levels) {
    return {static_cast<std::uint8_t>(static_cast<unsigned>(kind) << 6 | levels)};
  }
  constexpr RunKind kind() const { return static_cast<RunKind>(byte >> 6); }
  constexpr std::uint32_t levels() const { return byte & 63U; }
  constexpr bool is_branch() const { return byte >= 128; }
  constexpr bool operator==(const Shape&) const = default;
};

struct Run {
  static constexpr std::uint32_t inline_max = 28;

  std::uint32_t parent = none;  ///< branch in which the run begins
  std::uint16_t size = 0;       ///< bytes of text
  Shape shape{};
  std::uint8_t options = 0;             ///< of a leaf's first member
  std::array<char, inline_max> text{};  ///< the text, or its TextId if it is longer
};

/// One subscription's place in the list of its session.
struct Member {
  SessionSlot session = no_session;
  std::uint32_t subscription_id = 0;
  std::uint32_t session_next = none;      ///< MemberId
  std::uint32_t session_previous = none;  ///< MemberId
};

/// The end of a filter, or its '#', and the first of its subscribers.
struct Leaf {
  Run run;
  Member first;                 ///< session == no_session if free
  std::uint32_t chain = none;   ///< Entry: the other subscribers, the last to come first
  std::uint32_t chained = 0;    ///< how many; top bit: they are in the index of members
  std::uint32_t groups = none;  ///< shared groups, the last to come first
};

/// A place behind a '+' (or behind 62 levels) where runs go on, and the root.
struct Branch {
  std::uint64_t end_levels = 0;   ///< bit k: some run of k levels ends
  std::uint64_t hash_levels = 0;  ///< bit k: some run of k levels goes on with '#'
  std::uint64_t plus_levels = 0;  ///< bit k: … with '+'; bit 63: some run of 62 levels goes on
  std::uint32_t runs = 0;         ///< how many begin here
  Run run;
};

/// A subscriber beyond a leaf's first, or a member of a shared group.
struct Entry {
  std::uint32_t next = none;
  std::uint32_t previous = none;
  Member member;
  std::uint32_t owner = none;  ///< leaf, or group if is_shared
  std::uint8_t options = 0;
  bool is_shared = false;

  Subscription subscription() const {
    return {member.session, member.subscription_id, codec::SubscriptionOptions::from_byte(options)};
  }
};

static_assert(sizeof(Leaf) == 64 && sizeof(Branch) == 64 && sizeof(Entry) == 32);

}  // namespace sluice::core::topic
