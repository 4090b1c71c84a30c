// SPDX-License-Identifier: Apache-2.0
//
// ClientRates says how fast one client has been: so many a second on average, and a burst on top.
// What comes in beyond that makes the client wait, unread; what goes out beyond it is dropped.
//
// Owner:   a Connection.      Thread: its shard's.
// Limits:  client.* options.
#pragma once

#include "base/time.h"

#include <algorithm>
#include <cstdint>

namespace sluice::core {

/// One rate, as the time at which all that was taken would have been due (GCRA).
class RateMeter {
 public:
  struct Limit {
    std::uint64_t per_s = 0;  ///< 0: no limit
    std::uint64_t burst = 1;
  };

  void take(const Limit& limit, std::uint64_t units, Instant now) {
    if (limit.per_s == 0) return;
    due_ = std::max(due_, now) + time_of(limit, units);
  }
  /// When something may be taken again; in the past if it may now.
  Instant free_at(const Limit& limit) const {
    if (limit.per_s == 0) return Instant{};
    return due_ - time_of(limit, std::max<std::uint64_t>(limit.burst, 1) - 1);
  }

 private:
  static Duration time_of(const Limit& limit, std::uint64_t units) {
    return Duration(static_cast<std::int64_t>(static_cast<double>(units) * 1e9 /
                                              static_cast<double>(limit.per_s)));
  }
  Instant due_{};
};

/// All rates of a client.
struct ClientRates {
  RateMeter messages;
  RateMeter bytes;
  RateMeter subscribes;
  RateMeter deliveries;
  Instant wakes_at = Instant::never();  ///< a timer was set for then
};

}  // namespace sluice::core
