// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store/log_history.h"

namespace sluice::testing {
namespace {

using Cut = SimDisk::Cut;

TEST(Log, WhatWasAcknowledgedIsReadAfterAPowerCutAtEveryOperation) {
  for (const Cut cut : {Cut::power, Cut::process}) {
    for (std::uint64_t n = 1;; ++n) {
      LogHistory history(n);
      history.disk.die_in(n);
      bool is_alive = history.start();
      for (int i = 0; is_alive && i < 30; ++i) {
        history.append(100 + history.rng.below(6000));
        if (i % 3 == 0) history.append(1 + history.rng.below(20));
        is_alive = history.step();
        if (is_alive && i == 20) history.log->begin_replay_at(store::Position{15});
        history.replay_from = i >= 20 ? 14 : 0;
      }
      const bool is_through = is_alive;
      history.crash(cut);
      ASSERT_TRUE(history.start()) << "operation " << n;
      history.append(10);
      ASSERT_TRUE(history.step());
      history.crash(cut);
      ASSERT_TRUE(history.start()) << "operation " << n;
      if (HasFatalFailure() || is_through) break;
    }
  }
}

TEST(Log, ManyLivesWithCutsAtAnyTimeLoseNothing) {
  std::size_t torn = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    LogHistory history(seed);
    for (int life = 0; life < 12; ++life) {
      history.disk.die_in(1 + history.rng.below(120));
      bool is_alive = history.start();
      while (is_alive) {
        for (std::uint64_t i = history.rng.below(5); i > 0; --i)
          history.append(history.rng.chance(1, 20) ? history.rng.below(200'000)
                                                   : 1 + history.rng.below(3000));
        is_alive = history.step();
        if (is_alive && history.acknowledged > 0 && history.rng.chance(1, 12)) {
          history.replay_from = history.acknowledged - 1;
          history.log->begin_replay_at(store::Position{history.acknowledged});
        }
      }
      history.crash(history.rng.chance(1, 4) ? Cut::process : Cut::power);
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << " life " << life;
    }
    ASSERT_TRUE(history.start()) << "seed " << seed;
    ASSERT_FALSE(HasFatalFailure()) << "seed " << seed;
    torn += history.torn;
  }
  EXPECT_GT(torn, 20U);
}

TEST(Log, ADiskThatIsFullLosesNothingAndGoesOnWhenThereIsRoomAgain) {
  LogHistory history(1);
  ASSERT_TRUE(history.start());
  history.disk.set_capacity(history.disk.used_bytes() + 40'000);
  for (int i = 0; i < 40; ++i) {
    history.append(3000);
    ASSERT_TRUE(history.step());
  }
  EXPECT_EQ(history.log->space(), store::Space::low);
  EXPECT_LT(history.acknowledged, history.all.size());
  EXPECT_GT(history.log->pending_bytes(), 0U);
  history.disk.set_capacity(10'000'000);
  ASSERT_TRUE(history.step());
  EXPECT_EQ(history.acknowledged, history.all.size());
  EXPECT_EQ(history.log->space(), store::Space::ample);
  history.crash(Cut::power);
  ASSERT_TRUE(history.start());
}

TEST(Log, WhatDoesNotFitBehindALittleGetsASegmentOfItsOwn) {
  LogHistory history(1);
  ASSERT_TRUE(history.start());
  history.append(10);
  ASSERT_TRUE(history.step());
  history.append(small_segments.min);  // more than is left, and more than half is
  ASSERT_TRUE(history.step());
  EXPECT_EQ(history.acknowledged, history.all.size());
  history.crash(Cut::power);
  ASSERT_TRUE(history.start());
}

TEST(Log, AFailedSyncIsNeverTriedAgain) {
  LogHistory history(1);
  ASSERT_TRUE(history.start());
  history.append(100);
  history.disk.fail_in(1, SimDisk::Operation::sync, ErrorCode::io_error);
  const auto syncs = history.disk.syncs();
  const auto stepped = history.log->step();
  ASSERT_FALSE(stepped.has_value());
  EXPECT_EQ(stepped.error().code, ErrorCode::io_error);
  EXPECT_EQ(history.disk.syncs(), syncs);
  EXPECT_EQ(history.log->durable(), core::Ticket{0});
}

TEST(Log, SegmentsBeforeTheReplayStartAreFreedAndUsedAgain) {
  LogHistory history(1);
  ASSERT_TRUE(history.start());
  std::uint64_t most = 0;
  for (int i = 0; i < 400; ++i) {
    history.append(4000);
    ASSERT_TRUE(history.step());
    if (i % 50 == 49) {
      history.replay_from = history.acknowledged - 1;
      history.log->begin_replay_at(store::Position{history.acknowledged});
    }
    most = std::max(most, history.disk.used_bytes());
  }
  EXPECT_LT(most, 900'000U);
  history.crash(Cut::power);
  ASSERT_TRUE(history.start());
  EXPECT_LT(history.read.size(), 60U);
}

}  // namespace
}  // namespace sluice::testing
