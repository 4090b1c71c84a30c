// SPDX-License-Identifier: Apache-2.0
#include "server/time_share.h"

#include <gtest/gtest.h>

namespace sluice::server {
namespace {

/// Steps of 150 us, one after another whenever there may be one; how much of a second they took.
Duration spent_in_a_second(TimeShare& share) {
  constexpr Duration step = 150us;
  Duration spent{0};
  Instant now{1'000'000'000};
  const Instant end = now + 1s;
  while (now < end) {
    if (!share.may_spend(now)) {
      const Instant next = share.next(now);
      EXPECT_GT(next, now);
      EXPECT_FALSE(share.may_spend(next - Duration{1}));
      EXPECT_TRUE(share.may_spend(next));
      now = next;
      continue;
    }
    now = now + step;
    share.spend(step, now);
    spent += step;
  }
  return spent;
}

TEST(TimeShare, TakesItsShareOfTheTimeAndALittleAtOnce) {
  for (const int percent : {1, 30, 99}) {
    TimeShare share;
    share.set_percent(percent);
    const auto spent = static_cast<double>(spent_in_a_second(share).count());
    EXPECT_NEAR(spent, percent * 1e7 + static_cast<double>(TimeShare::burst.count()), 1.7e5)
        << percent;
  }
}

TEST(TimeShare, OfAllTheTimeIsNoLimit) {
  TimeShare share;
  EXPECT_GE(spent_in_a_second(share), 1s);
}

TEST(TimeShare, ARestIsNotSavedUpBeyondTheBurst) {
  TimeShare share;
  share.set_percent(50);
  const Instant late{3'600'000'000'000};
  share.spend(TimeShare::burst, late);
  EXPECT_FALSE(share.may_spend(late));
  EXPECT_EQ(share.next(late) - late, Duration{2});
  share.spend(10ms, late);
  EXPECT_NEAR(static_cast<double>((share.next(late) - late).count()), 20e6, 10);
}

}  // namespace
}  // namespace sluice::server
