// SPDX-License-Identifier: Apache-2.0
#include "core/timer/timer_wheel.h"

#include "base/rng.h"
#include "tests/unit/core/allocation_counter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

namespace sluice::core {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr TimerKind kind{7};

constexpr Instant at(Duration since_zero) { return Instant{} + since_zero; }

std::vector<std::uint64_t> fire(TimerWheel& wheel, Instant now) {
  std::vector<std::uint64_t> fired;
  wheel.advance(now, [&](TimerKind, std::uint64_t payload) {
    fired.push_back(payload);
    return Instant::never();
  });
  return fired;
}

TEST(TimerWheel, FiresOnceAndNeverBeforeItsDeadline) {
  TimerWheel wheel(at(1s));
  const TimerId id = wheel.add(at(1500ms), kind, 42);
  EXPECT_TRUE(wheel.is_live(id));
  EXPECT_THAT(fire(wheel, at(1499ms)), IsEmpty());
  TimerKind seen{};
  wheel.advance(at(1500ms), [&](TimerKind k, std::uint64_t payload) {
    EXPECT_EQ(payload, 42U);
    seen = k;
    return Instant::never();
  });
  EXPECT_EQ(seen, kind);
  EXPECT_FALSE(wheel.is_live(id));
  EXPECT_EQ(wheel.size(), 0U);
  EXPECT_THAT(fire(wheel, at(10s)), IsEmpty());
}

TEST(TimerWheel, ADeadlineWithinATickFiresAtTheTicksEnd) {
  TimerWheel wheel(at(0s));
  wheel.add(at(5ms + 1ns), kind, 1);
  EXPECT_EQ(wheel.next_deadline(), at(6ms));
  EXPECT_THAT(fire(wheel, at(5ms + 999'999ns)), IsEmpty());
  EXPECT_THAT(fire(wheel, at(6ms)), ElementsAre(1));
}

TEST(TimerWheel, OrderIsByDeadlineThenByAdding) {
  TimerWheel wheel(at(0s));
  wheel.add(at(300ms), kind, 5);
  wheel.add(at(200ms + 20ns), kind, 3);
  wheel.add(at(200ms + 10ns), kind, 1);
  wheel.add(at(200ms + 10ns), kind, 2);
  fire(wheel, at(150ms));
  wheel.add(at(200ms + 20ns), kind, 4);
  wheel.add(at(200ms + 5ns), kind, 0);
  EXPECT_THAT(fire(wheel, at(1s)), ElementsAre(0, 1, 2, 3, 4, 5));
}

TEST(TimerWheel, ATimerMovedCountsAsAddedNow) {
  TimerWheel wheel(at(0s));
  const TimerId first = wheel.add(at(50ms), kind, 1);
  wheel.add(at(50ms), kind, 2);
  EXPECT_TRUE(wheel.move(first, at(90ms)));
  EXPECT_TRUE(wheel.move(first, at(50ms)));
  EXPECT_THAT(fire(wheel, at(50ms)), ElementsAre(2, 1));
  EXPECT_FALSE(wheel.move(first, at(60ms)));
}

TEST(TimerWheel, ACancelledTimerDoesNotFireAndItsIdMeetsNoOther) {
  TimerWheel wheel(at(0s));
  const TimerId id = wheel.add(at(50ms), kind, 1);
  EXPECT_TRUE(wheel.cancel(id));
  EXPECT_FALSE(wheel.cancel(id));
  EXPECT_FALSE(wheel.cancel(TimerId{}));
  EXPECT_TRUE(wheel.next_deadline().is_never());
  const TimerId other = wheel.add(at(60ms), kind, 2);
  EXPECT_EQ(other.slot, id.slot);
  EXPECT_FALSE(wheel.cancel(id));
  EXPECT_FALSE(wheel.move(id, at(70ms)));
  EXPECT_THAT(fire(wheel, at(1s)), ElementsAre(2));
}

TEST(TimerWheel, ADeadlineThatHasPassedFiresAtTheNextTick) {
  TimerWheel wheel(at(10s));
  wheel.add(at(3s), kind, 1);
  wheel.add(Instant{-5}, kind, 2);
  EXPECT_EQ(wheel.next_deadline(), at(10s + 1ms));
  EXPECT_THAT(fire(wheel, at(10s)), IsEmpty());
  EXPECT_THAT(fire(wheel, at(10s + 1ms)), ElementsAre(2, 1));
}

TEST(TimerWheel, TheVisitorRearmsByReturningALaterDeadline) {
  TimerWheel wheel(at(0s));
  const TimerId id = wheel.add(at(10ms), kind, 1);
  Instant real_deadline = at(35ms);
  std::vector<Instant> calls;
  Instant now{};
  const auto visit = [&](TimerKind, std::uint64_t) {
    calls.push_back(now);
    return now < real_deadline ? real_deadline : Instant::never();
  };
  for (now = at(0s); now <= at(100ms); now = now + 5ms) wheel.advance(now, visit);
  EXPECT_THAT(calls, ElementsAre(at(10ms), at(35ms)));
  EXPECT_FALSE(wheel.is_live(id));
}

TEST(TimerWheel, AVisitorThatAlwaysAsksForNowIsCalledOnceATick) {
  TimerWheel wheel(at(0s));
  wheel.add(at(1ms), kind, 1);
  int calls = 0;
  wheel.advance(at(10ms), [&](TimerKind, std::uint64_t) {
    ++calls;
    return at(1ms);
  });
  EXPECT_EQ(calls, 10);
}

TEST(TimerWheel, TheVisitorMayCancelMoveAndAddWhatIsDueWithIt) {
  TimerWheel wheel(at(0s));
  std::vector<TimerId> ids;
  for (std::uint64_t i = 0; i < 5; ++i) ids.push_back(wheel.add(at(10ms), kind, i));
  std::vector<std::uint64_t> fired;
  const auto visit = [&](TimerKind, std::uint64_t payload) {
    fired.push_back(payload);
    if (payload == 0) {
      EXPECT_TRUE(wheel.cancel(ids[1]));
      EXPECT_TRUE(wheel.move(ids[2], at(30ms)));
      wheel.add(at(20ms), kind, 10);
      wheel.add(at(1ms), kind, 11);
    }
    if (payload == 3) {
      EXPECT_TRUE(wheel.cancel(ids[3]));
      wheel.add(at(40ms), kind, 12);
      return at(15ms);
    }
    if (payload == 4) {
      EXPECT_TRUE(wheel.move(ids[4], at(50ms)));
    }
    return Instant::never();
  };
  wheel.advance(at(10ms), visit);
  EXPECT_THAT(fired, ElementsAre(0, 3, 4));
  EXPECT_TRUE(wheel.is_live(ids[4]));
  EXPECT_THAT(fire(wheel, at(1s)), ElementsAre(11, 10, 2, 12, 4));
  EXPECT_EQ(wheel.size(), 0U);
}

TEST(TimerWheel, FarDeadlinesAreKept) {
  TimerWheel wheel(at(0s));
  const Instant last{Instant::never().ns - 1};
  wheel.add(last, kind, 3);
  wheel.add(at(24h * 365), kind, 2);
  wheel.add(at(24h), kind, 1);
  EXPECT_THAT(fire(wheel, at(24h) - 1ns), IsEmpty());
  EXPECT_THAT(fire(wheel, at(24h)), ElementsAre(1));
  EXPECT_THAT(fire(wheel, at(24h * 365 * 100)), ElementsAre(2));
  EXPECT_FALSE(wheel.next_deadline().is_never());
  EXPECT_THAT(fire(wheel, last), IsEmpty());
  EXPECT_EQ(wheel.size(), 1U);
}

TEST(TimerWheel, AdvancingByNextDeadlineWakesSeldomAndNeverLate) {
  TimerWheel wheel(at(123ms));
  const Instant deadline = at(24h * 14 + 77ms);
  wheel.add(deadline, kind, 1);
  int wakes = 0;
  for (;;) {
    const Instant next = wheel.next_deadline();
    ASSERT_LE(next, deadline);
    ++wakes;
    if (!fire(wheel, next).empty()) break;
  }
  EXPECT_LE(wakes, 8);
}

TEST(TimerWheel, TimeThatGoesBackIsNoHarm) {
  TimerWheel wheel(at(5s));
  wheel.add(at(6s), kind, 1);
  EXPECT_THAT(fire(wheel, at(1s)), IsEmpty());
  wheel.add(at(5500ms), kind, 2);
  EXPECT_THAT(fire(wheel, at(6s)), ElementsAre(2, 1));
}

/// The wheel and a plain list of the same timers, under the same random calls.
class WheelAndList {
 public:
  explicit WheelAndList(std::uint64_t seed)
      : rng_(seed), now_{static_cast<std::int64_t>(rng_.below(1ULL << 50))}, wheel_(now_) {}

  void step() {
    const std::uint64_t dice = rng_.below(100);
    const auto some = list_.lower_bound(calls_ > 0 ? rng_.below(calls_) : 0);
    if (dice < 40) {
      const Instant deadline = random_deadline();
      list_[calls_] = entry(deadline, wheel_.add(deadline, kind, calls_));
    } else if (dice < 55 && some != list_.end()) {
      const Instant deadline = random_deadline();
      EXPECT_TRUE(wheel_.move(some->second.id, deadline));
      some->second = entry(deadline, some->second.id);
    } else if (dice < 65 && some != list_.end()) {
      EXPECT_TRUE(wheel_.cancel(some->second.id));
      EXPECT_FALSE(wheel_.is_live(some->second.id));
      list_.erase(some);
    } else if (dice >= 65) {
      advance();
    }
    ++calls_;
    EXPECT_EQ(wheel_.size(), list_.size());
    auto earliest = Instant::never();
    for (const auto& [payload, entry] : list_)
      earliest = std::min(earliest, Instant{entry.tick * 1'000'000});
    EXPECT_LE(wheel_.next_deadline(), earliest);
    EXPECT_EQ(wheel_.next_deadline().is_never(), list_.empty());
  }
  std::size_t fired() const { return fired_; }

 private:
  struct Entry {
    std::int64_t tick;
    Instant deadline;
    std::uint64_t added;
    TimerId id;
  };

  Instant random_deadline() {
    const auto range = 1ULL << (10 + rng_.below(38));
    return now_ + Duration(static_cast<std::int64_t>(rng_.below(range)));
  }
  Entry entry(Instant deadline, TimerId id) const {
    const std::int64_t rounded_up = (deadline.ns + 999'999) / 1'000'000;
    return {std::max(rounded_up, now_.ns / 1'000'000 + 1), deadline, calls_, id};
  }
  void advance() {
    const Instant next = wheel_.next_deadline();
    const bool is_by_deadline = rng_.chance(1, 2) && !next.is_never();
    now_ = is_by_deadline ? std::max(now_, next) : random_deadline();
    std::vector<std::pair<std::uint64_t, Entry>> due;
    for (const auto& [payload, entry] : list_)
      if (entry.tick <= now_.ns / 1'000'000) due.emplace_back(payload, entry);
    std::sort(due.begin(), due.end(), [](const auto& a, const auto& b) {
      return std::tie(a.second.tick, a.second.deadline.ns, a.second.added) <
             std::tie(b.second.tick, b.second.deadline.ns, b.second.added);
    });
    std::vector<std::uint64_t> expected;
    for (const auto& [payload, entry] : due) expected.push_back(payload);
    EXPECT_EQ(fire(wheel_, now_), expected);
    for (const std::uint64_t payload : expected) list_.erase(payload);
    fired_ += expected.size();
  }

  Rng rng_;
  Instant now_;
  TimerWheel wheel_;
  std::map<std::uint64_t, Entry> list_;  ///< by payload
  std::uint64_t calls_ = 0;
  std::size_t fired_ = 0;
};

TEST(TimerWheel, EqualsASortedListUnderRandomCalls) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    WheelAndList both(seed);
    for (int i = 0; i < 40'000 && !HasFailure(); ++i) both.step();
    EXPECT_GT(both.fired(), 5000U);
  }
}

TEST(TimerWheel, WarmTimersAllocateNothingAndTake32BytesEach) {
  TimerWheel wheel(at(0s));
  std::vector<TimerId> ids(100'000);
  const auto round = [&](Duration begin) {
    for (std::size_t i = 0; i < ids.size(); ++i)
      ids[i] = wheel.add(at(begin + Duration(std::chrono::microseconds(i * 37))), kind, i);
    for (std::size_t i = 0; i < ids.size(); i += 3) wheel.move(ids[i], at(begin + 5s));
    for (std::size_t i = 0; i < ids.size(); i += 7) wheel.cancel(ids[i]);
    std::size_t fired = 0;
    wheel.advance(at(begin + 10s), [&](TimerKind, std::uint64_t) {
      ++fired;
      return Instant::never();
    });
    EXPECT_GT(fired, ids.size() / 2);
  };
  round(1s);
  EXPECT_LE(wheel.bytes(), ids.size() * 33 + 1'200'000);
  const std::uint64_t before = sluice::test::allocations();
  for (int i = 1; i < 5; ++i) round(std::chrono::seconds(20 * i));
  EXPECT_EQ(sluice::test::allocations(), before);
  EXPECT_EQ(wheel.size(), 0U);
}

}  // namespace
}  // namespace sluice::core
