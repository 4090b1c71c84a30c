// SPDX-License-Identifier: Apache-2.0
//
// A TimeShare keeps one kind of work to a share of a thread's time: what was spent is paid back at
// that share of the time that passes, and a little may be spent at once.
//
// Owner:   ShardThread.      Thread: its own.
#pragma once

#include "base/time.h"

#include <algorithm>

namespace sluice::server {

class TimeShare {
 public:
  /// What may be spent at once after a rest.
  static constexpr Duration burst = 1ms;

  /// From now on; 100: all of the time. REQUIRES: 1 to 100.
  void set_percent(std::int64_t percent) { percent_ = percent; }
  bool may_spend(Instant now) const { return left(now) > Duration{0}; }
  void spend(Duration took, Instant now) {
    left_ = left(now) - took;
    at_ = now;
  }
  /// From when on may_spend(), if nothing is spent meanwhile.
  Instant next(Instant now) const {
    const Duration left_now = left(now);
    if (left_now > Duration{0}) return now;
    return now + ((Duration{1} - left_now) * 100 + Duration{percent_ - 1}) / percent_;
  }

 private:
  Duration left(Instant now) const { return std::min(burst, left_ + (now - at_) * percent_ / 100); }

  std::int64_t percent_ = 100;
  Duration left_ = burst;  // at `at_`
  Instant at_{};
};

}  // namespace sluice::server
