// SPDX-License-Identifier: Apache-2.0
// A log of the records is the state: histories drawn at random, compared at every batch.
#include "core/state/replay.h"

#include "core/state/record_codec.h"
#include "tests/support/state_dump.h"
#include "tests/unit/core/state/state_history.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::core {
namespace {

using testing::clock_of_run;
using testing::dump;
using testing::History;
using testing::key;
using Bytes = std::vector<std::uint8_t>;

TEST(Replay, EveryPrefixOfALogIsTheStateAsItWasThen) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    History history(seed);
    State again({3, 4});  // the order of hash tables is no part of it
    Replay replay(again, {clock_of_run.instant + 24h, clock_of_run.wall + 24h});
    for (int batch = 0; batch < 150; ++batch) {
      const Bytes bytes = history.next_batch();
      const auto done = replay.apply(bytes);
      ASSERT_TRUE(done.has_value()) << "seed " << seed << ": " << done.error().detail;
      ASSERT_EQ(dump(again), dump(history.state())) << "seed " << seed << ", batch " << batch;
    }
    EXPECT_GT(again.retained.count() + again.sessions.size(), 0U);
  }
}

class ReplayOf : public ::testing::Test {
 protected:
  State before_{key};
  RecordWriter writer_{before_, clock_of_run};
  State after_{key};

  template <class Record>
  decltype(auto) commit(const Record& record, Instant now = Instant{5'000'000'000}) {
    writer_.write(record, now);
    return before_.apply(record);
  }
  Bytes take() {
    Bytes bytes;
    writer_.take(bytes);
    return bytes;
  }
  MessageRef message(std::string_view payload) {
    return before_.messages.make({.topic = "t",
                                  .properties = {},
                                  .payload = as_bytes(payload),
                                  .received = Instant{5'000'000'000},
                                  .body = {}});
  }
};

TEST_F(ReplayOf, ABodyIsWrittenOnceHoweverManySessionsWaitForIt) {
  constexpr std::uint64_t sessions = 50;
  for (std::uint64_t i = 1; i <= sessions; ++i)
    commit(record::SessionCreated{"c" + std::to_string(i), i});
  take();
  const MessageRef sent = message(std::string(1'000, 'b'));
  for (std::uint32_t i = 0; i < sessions; ++i)
    commit(record::Queued{SessionSlot{i}, sent, 0, codec::Qos::at_least_once, false, false});
  EXPECT_LT(take().size(), 1'000 + sessions * 8 + 40);
}

TEST_F(ReplayOf, TimesAreToldInTheClockOfTheNewRun) {
  commit(record::SessionCreated{"c", 1});
  commit(record::SessionDetached{SessionSlot{0}, 60, Instant{5'000'000'000}});
  // The new run began 100 s after the first, by the wall clock; its own clock says 7 s.
  const LogClock later{.instant = Instant{7'000'000'000}, .wall = clock_of_run.wall + 100s};
  ASSERT_TRUE(Replay(after_, later).apply(take()).has_value());
  EXPECT_EQ(later.instant - after_.sessions.find("c")->disconnected_at, Duration(100s));
}

TEST_F(ReplayOf, NoTimeHasPassedWhereTheWallClockWasSetBack) {
  commit(record::SessionCreated{"c", 1});
  commit(record::SessionDetached{SessionSlot{0}, 60, Instant{5'000'000'000}});
  const LogClock earlier{.instant = Instant{7'000'000'000},
                         .wall = WallTime{clock_of_run.wall.ns - 1'000'000'000'000}};
  ASSERT_TRUE(Replay(after_, earlier).apply(take()).has_value());
  EXPECT_EQ(after_.sessions.find("c")->disconnected_at, earlier.instant);
}

TEST_F(ReplayOf, ARecordOfAnUnknownSessionIsPassedOver) {
  commit(record::SessionCreated{"c", 7});
  take();
  commit(record::SessionAttached{SessionSlot{0}, codec::Version::v5, 5});
  commit(record::Queued{SessionSlot{0}, message("x"), 0, codec::Qos::at_least_once, false, false});
  commit(record::DeliveryBegun{SessionSlot{0}});
  commit(record::SessionEnded{SessionSlot{0}});
  ASSERT_TRUE(Replay(after_, clock_of_run).apply(take()).has_value());
  EXPECT_EQ(after_.sessions.size(), 0U);
}

template <class Record>
Bytes batch_of(const Record& record, bool is_created = true) {
  Bytes bytes;
  append_record(bytes, logged::BatchBegun{clock_of_run.wall});
  if (is_created) append_record(bytes, logged::SessionCreated{1, "c"});
  append_record(bytes, record);
  return bytes;
}

template <class Record>
const char* fault_of(const Record& record) {
  State state(key);
  const auto done = Replay(state, clock_of_run).apply(batch_of(record));
  return done ? "none" : done.error().detail;
}

TEST(Replay, WhatCannotHaveHappenedIsAnErrorAndNoAssertion) {
  EXPECT_STREQ(fault_of(logged::SessionCreated{1, "d"}), "a session that is there already");
  EXPECT_STREQ(fault_of(logged::SessionCreated{2, "c"}), "a session that is there already");
  EXPECT_STREQ(fault_of(logged::SessionCreated{0, "d"}), "a session that is there already");
  EXPECT_STREQ(fault_of(logged::DeliveryBegun{1}), "a delivery from a queue that is empty");
  EXPECT_STREQ(fault_of(logged::QueueFrontDropped{1}), "a drop from a queue that is empty");
  EXPECT_STREQ(fault_of(logged::Queued{.session = 1, .message = 1}),
               "an entry of a queue without its message");
  EXPECT_STREQ(fault_of(logged::WillSet{1, 1, 0}), "a will without its message");
  EXPECT_STREQ(fault_of(logged::RetainedSet{1}), "a retained message that is not there");
  EXPECT_STREQ(fault_of(logged::Message{.topic = "a/#", .properties = {}, .payload = {}}),
               "a message without a topic name");
  EXPECT_STREQ(fault_of(logged::Subscribed{1, "a/#/b", {}, 0}),
               "a subscription without a topic filter");
  EXPECT_STREQ(fault_of(logged::Subscribed{1, "$share/", {}, 0}),
               "a subscription without a topic filter");
  EXPECT_STREQ(fault_of(logged::Unsubscribed{1, ""}), "an unsubscribe without a topic filter");
  EXPECT_STREQ(fault_of(logged::OutboxSent{.message = 1, .shared = {}}),
               "a message of the outbox that is not there");
  EXPECT_STREQ(fault_of(logged::OutboxApplied{64, 1}), "a shard that cannot be");
  EXPECT_STREQ(fault_of(logged::OutboxConfirmed{64, 1}), "a shard that cannot be");
  EXPECT_STREQ(fault_of(logged::DeliveryAcknowledged{1, 0, record::AckKind::puback}), "none");
  EXPECT_STREQ(fault_of(logged::BatchBegun{clock_of_run.wall}),
               "a batch that does not begin with its time");
}

TEST(Replay, ABatchBeginsWithItsTime) {
  Bytes bytes;
  append_record(bytes, logged::SessionCreated{1, "c"});
  State state(key);
  EXPECT_FALSE(Replay(state, clock_of_run).apply(bytes).has_value());
}

}  // namespace
}  // namespace sluice::core
