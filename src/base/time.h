// SPDX-License-Identifier: Apache-2.0
//
// Time as data. Duration and Instant count nanoseconds in 64 bits; Instant is monotonic (its zero
// means nothing), WallTime is nanoseconds since 1970-01-01 UTC. Nothing here reads a clock:
// os/clock.h does, and hands the value in.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace sluice {

using Duration = std::chrono::nanoseconds;
using namespace std::chrono_literals;

struct Instant {
  std::int64_t ns = 0;

  static constexpr Instant never() { return {std::numeric_limits<std::int64_t>::max()}; }
  constexpr bool is_never() const { return ns == std::numeric_limits<std::int64_t>::max(); }
  constexpr auto operator<=>(const Instant&) const = default;

  friend constexpr Instant operator+(Instant t, Duration d) { return {t.ns + d.count()}; }
  friend constexpr Instant operator-(Instant t, Duration d) { return {t.ns - d.count()}; }
  friend constexpr Duration operator-(Instant a, Instant b) { return Duration(a.ns - b.ns); }
};

struct WallTime {
  std::int64_t ns = 0;

  constexpr auto operator<=>(const WallTime&) const = default;
  friend constexpr WallTime operator+(WallTime t, Duration d) { return {t.ns + d.count()}; }
  friend constexpr Duration operator-(WallTime a, WallTime b) { return Duration(a.ns - b.ns); }
};

}  // namespace sluice
