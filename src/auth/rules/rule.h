// SPDX-License-Identifier: Apache-2.0
//
// A Rule allows or denies something to somebody, as a line of a file says it. What a client asks is
// one of ten things (publish at a QoS, retained or not; subscribe at a QoS; receive); a rule speaks
// of a set of them. A denial wins over every permission; what no rule speaks of is denied.
//
// Thread: any (a value).
#pragma once

#include "codec/types.h"
#include "core/access/account.h"
#include "core/access/principal.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::auth {

/// A set of things to ask for, a bit each.
using AccessBits = std::uint16_t;

namespace access {
constexpr AccessBits publish(codec::Qos qos, bool retain) {
  return static_cast<AccessBits>(1U << (static_cast<unsigned>(qos) + (retain ? 3U : 0U)));
}
constexpr AccessBits subscribe(codec::Qos qos) {
  return static_cast<AccessBits>(1U << (6U + static_cast<unsigned>(qos)));
}
inline constexpr AccessBits receive = 1U << 9U;
/// Any filter that may bring something the rule allows may be subscribed to; the rest is left out
/// at delivery. So mosquitto reads its files.
inline constexpr AccessBits subscribe_around = 1U << 10U;
inline constexpr AccessBits any_publish = 0x3f;
inline constexpr AccessBits any_subscribe = 0x1c0;
inline constexpr AccessBits everything = 0x7ff;
}  // namespace access

enum class RuleEffect : std::uint8_t { allow, deny };

/// Whom a rule is for: all that is set must be so.
struct Subject {
  std::string user{};
  std::string group{};
  std::string client{};
  std::string identity{};
  std::string listener{};
  bool is_anonymous = false;  ///< only clients without a user name

  auto operator<=>(const Subject&) const = default;
};

bool is_met(const Subject& subject, const core::Principal& principal, std::string_view client_id);

struct Rule {
  RuleEffect effect = RuleEffect::allow;
  Subject subject{};
  AccessBits bits = 0;
  std::string filter{};  ///< a level that is %u or %c stands for the user name or client identifier
  std::string file{};
  std::size_t line = 0;
  std::string text{};  ///< as it stands in the file, for explanations
};

/// What all clients of one user may have together. The first that speaks of a quota decides it.
struct QuotaRule {
  Subject subject{};
  core::OwnQuotas quotas{};
};

}  // namespace sluice::auth
