// SPDX-License-Identifier: Apache-2.0
// A log of the records is the state: histories drawn at random, compared at every batch.
#include "core/state/replay.h"

#include "base/rng.h"
#include "core/state/record_codec.h"
#include "tests/support/state_dump.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace sluice::core {
namespace {

using testing::dump;
using Bytes = std::vector<std::uint8_t>;

constexpr HashKey key{1, 2};
constexpr LogClock clock_of_run{.instant = Instant{5'000'000'000},
                                .wall = WallTime{1'800'000'000'000'000'000}};

// A state that changes as a broker's does, and writes what happens.
class History {
 public:
  explicit History(std::uint64_t seed) : rng_(seed), writer_(state_, clock_of_run) {}

  Bytes next_batch() {
    now_ = now_ + Duration(static_cast<std::int64_t>(rng_.below(3'000'000'000)));
    for (std::uint64_t left = 1 + rng_.below(12); left > 0; --left) step();
    Bytes bytes;
    writer_.take(bytes);
    return bytes;
  }
  const State& state() const { return state_; }

 private:
  template <class Record>
  decltype(auto) commit(const Record& record) {
    writer_.write(record, now_);
    return state_.apply(record);
  }
  std::string topic() { return "t/" + std::to_string(rng_.below(6)); }
  std::string filter() {
    const char* const all[] = {"t/+", "t/1", "t/2", "#", "$share/g/t/+", "$share/h/t/3", "t/0/#"};
    return all[rng_.below(std::size(all))];
  }
  MessageRef message() {
    const std::string payload(rng_.below(40), 'p');
    const std::string name = topic();
    return state_.messages.make(
        {.topic = name,
         .properties = rng_.chance(1, 3) ? as_bytes("xyz") : ByteView{},
         .payload = as_bytes(payload),
         .qos = static_cast<codec::Qos>(rng_.below(3)),
         .retain = rng_.chance(1, 4),
         .expiry_s = rng_.chance(1, 3) ? 100 : MessageFields::no_expiry,
         .received = now_ - Duration(static_cast<std::int64_t>(rng_.below(2'000'000))),
         .body = {}});
  }
  Session* any() {
    return state_.sessions.end() == 0
               ? nullptr
               : state_.sessions.find(
                     SessionSlot{static_cast<std::uint32_t>(rng_.below(state_.sessions.end()))});
  }
  void step() {
    if (rng_.chance(1, 12)) return connect();
    if (rng_.chance(1, 10)) return retain();
    if (rng_.chance(1, 200)) {
      commit(record::RunStarted{now_});
      return;
    }
    if (rng_.chance(1, 8)) return mail();
    if (rng_.chance(1, 3)) return publish();
    if (Session* session = any()) act(*session);
  }
  void connect() {
    const std::string id = "c" + std::to_string(rng_.below(8));
    Session* session = state_.sessions.find(id);
    if (session == nullptr)
      session = &commit(record::SessionCreated{id, state_.sessions.next_log_number()});
    commit(record::SessionAttached{session->slot, codec::Version::v5,
                                   static_cast<std::uint32_t>(rng_.below(100))});
    if (rng_.chance(1, 3)) commit(record::WillSet{session->slot, message(), 3s});
  }
  void retain() {
    if (rng_.chance(1, 3))
      commit(record::RetainedCleared{topic()});
    else
      commit(record::RetainedSet{message()});
  }
  void publish() {
    const MessageRef sent = message();
    for (std::uint32_t i = 0; i < state_.sessions.end(); ++i) {
      if (state_.sessions.find(SessionSlot{i}) == nullptr || !rng_.chance(1, 2)) continue;
      const std::uint32_t some[] = {4, 5, 6};
      const auto ids = std::span<const std::uint32_t>(some).first(rng_.below(4));
      commit(record::Queued{SessionSlot{i}, sent, state_.sessions.store_ids(ids),
                            static_cast<codec::Qos>(1 + rng_.below(2)), rng_.chance(1, 2),
                            rng_.chance(1, 2)});
      if (rng_.chance(1, 2)) commit(record::DeliveryBegun{SessionSlot{i}});
    }
  }
  void mail() {
    const auto other = ShardIndex{static_cast<std::uint16_t>(1 + rng_.below(3))};
    const OutboxLane& lane = state_.lane(other);
    if (rng_.chance(1, 3)) {
      commit(record::OutboxApplied{other, lane.applied + rng_.below(4)});
    } else if (rng_.chance(1, 3)) {
      commit(record::OutboxConfirmed{
          other, lane.last_sequence - std::min<std::uint64_t>(lane.last_sequence, rng_.below(3))});
    } else {
      const OutboxEntry entry{.sequence = lane.last_sequence + 1,
                              .message = message(),
                              .shared = rng_.chance(1, 3) ? "$share/g/t/+" : "",
                              .is_for_subscribers = rng_.chance(1, 2),
                              .is_to_retain = rng_.chance(1, 2)};
      commit(record::OutboxSent{other, entry});
    }
  }
  void act(Session& session) {
    const SessionSlot slot = session.slot;
    const auto id = static_cast<codec::PacketId>(1 + rng_.below(30));
    switch (rng_.below(10)) {
      case 0:
        commit(record::SessionDetached{slot, 50, now_});
        break;
      case 1:
        if (rng_.chance(1, 3)) commit(record::SessionEnded{slot});
        break;
      case 2:
        commit(record::WillSet{slot, {}, {}});
        break;
      case 3:
        commit(record::Unsubscribed{slot, filter()});
        break;
      case 4:
        commit(record::PacketIdReceived{slot, id});
        break;
      case 5:
        commit(record::PacketIdReleased{slot, id});
        break;
      case 6:
        if (!session.outbound().queue.empty()) commit(record::QueueFrontDropped{slot});
        break;
      case 7:
      case 8:
        acknowledge(session);
        break;
      default:
        commit(record::Subscribed{
            slot, filter(), codec::SubscriptionOptions{.qos = static_cast<codec::Qos>(id % 3)},
            id});
        break;
    }
  }
  void acknowledge(const Session& session) {
    const Outbound* outbound = session.find_outbound();
    if (outbound == nullptr || outbound->window.empty()) return;
    const Delivery& delivery = outbound->window[rng_.below(outbound->window.size())];
    commit(record::DeliveryAcknowledged{session.slot, delivery.packet_id,
                                        static_cast<record::AckKind>(rng_.below(4))});
  }

  Rng rng_;
  State state_{key};
  RecordWriter writer_;
  Instant now_{5'000'000'000};
};

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
