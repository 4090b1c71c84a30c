// SPDX-License-Identifier: Apache-2.0
// A checkpoint is the state, however it changes meanwhile: histories drawn at random, with
// checkpoints in between, replayed from each of them.
#include "core/state/checkpoint.h"

#include "core/state/replay.h"
#include "tests/support/state_dump.h"
#include "tests/unit/core/state/state_history.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace sluice::core {
namespace {

using testing::a_day_later;
using testing::clock_of_run;
using testing::dump;
using testing::History;
using testing::key;
using Bytes = std::vector<std::uint8_t>;

// A state that is made from batches.
struct Follower {
  State state{key};
  Replay replay{state, a_day_later};
};

// A history with a checkpoint begun now and then, and given up now and then; and with crashes,
// which leave them unfinished.
class CheckedHistory {
 public:
  explicit CheckedHistory(std::uint64_t seed) : history_(seed), rng_(~seed) {}

  void next_batch() {
    history_.pass_time();
    if (rng_.chance(1, 30)) {
      checkpoint_ = std::make_unique<Checkpoint>(history_.state(), history_.writer());
      history_.begin_run();
    }
    history_.change(rng_.below(6));
    if (checkpoint_->is_running() ? rng_.chance(1, 200) : rng_.chance(1, 6)) {
      checkpoint_->begin(history_.now());
      begun_ = log_.size();
    }
    history_.change(rng_.below(6));
    if (checkpoint_->is_running() && !rng_.chance(1, 4) &&
        checkpoint_->go_on(1 + rng_.below(900), history_.now()) == Checkpoint::Progress::ended)
      starts_.push_back(begun_);
    history_.change(rng_.below(3));
    log_.push_back(history_.take());
  }
  const std::vector<Bytes>& log() const { return log_; }
  /// The batches that replay may begin with.
  const std::vector<std::size_t>& starts() const { return starts_; }
  const State& state() { return history_.state(); }

 private:
  History history_;
  Rng rng_;
  std::unique_ptr<Checkpoint> checkpoint_ =
      std::make_unique<Checkpoint>(history_.state(), history_.writer());
  std::vector<Bytes> log_;
  std::vector<std::size_t> starts_;
  std::size_t begun_ = 0;
};

void follow(Follower& follower, const Bytes& batch, std::uint64_t seed) {
  if (batch.empty()) return;
  const auto done = follower.replay.apply(batch);
  ASSERT_TRUE(done.has_value()) << "seed " << seed << ": " << done.error().detail;
}

TEST(Checkpoint, ReplayFromItsBeginningIsReplayFromTheBeginningOfTheLog) {
  std::size_t checkpoints = 0;
  for (std::uint64_t seed = 1; seed <= 25; ++seed) {
    CheckedHistory history(seed);
    Follower whole;
    std::vector<std::unique_ptr<Follower>> followers;
    for (int batch = 0; batch < 150; ++batch) {
      history.next_batch();
      follow(whole, history.log().back(), seed);
      for (const auto& follower : followers) follow(*follower, history.log().back(), seed);
      if (history.starts().size() > followers.size()) {
        followers.push_back(std::make_unique<Follower>());
        for (std::size_t i = history.starts().back(); i < history.log().size(); ++i)
          follow(*followers.back(), history.log()[i], seed);
      }
      const std::string now = dump(history.state());
      ASSERT_EQ(dump(whole.state), now) << "seed " << seed << ", batch " << batch;
      // The older ones were looked at often enough.
      for (std::size_t i = followers.size() - std::min<std::size_t>(2, followers.size());
           i < followers.size(); ++i)
        ASSERT_EQ(dump(followers[i]->state), now)
            << "seed " << seed << ", batch " << batch << ", checkpoint " << i;
    }
    for (const auto& follower : followers)
      ASSERT_EQ(dump(follower->state), dump(history.state())) << "seed " << seed;
    checkpoints += history.starts().size();
  }
  EXPECT_GT(checkpoints, 100U);
}

class CheckpointOf : public ::testing::Test {
 protected:
  State state_{key};
  RecordWriter writer_{state_, clock_of_run};
  Checkpoint checkpoint_{state_, writer_};
  const Instant now_ = clock_of_run.instant;

  template <class Record>
  decltype(auto) commit(const Record& record) {
    writer_.write(record, now_);
    return state_.apply(record);
  }
  Bytes take() {
    Bytes bytes;
    writer_.take(bytes);
    return bytes;
  }
  SessionSlot session(std::string_view id) {
    const SessionSlot slot =
        commit(record::SessionCreated{id, state_.sessions.next_log_number()}).slot;
    attach(slot, 3'600);
    return slot;
  }
  void attach(SessionSlot slot, std::uint32_t expiry_s) {
    commit(record::SessionAttached{slot, codec::Version::v5, expiry_s});
  }
  MessageRef message(std::string_view payload, std::string_view topic = "t") {
    return state_.messages.make({.topic = topic,
                                 .properties = {},
                                 .payload = as_bytes(payload),
                                 .received = now_,
                                 .body = {}});
  }
  void queue(SessionSlot slot, const MessageRef& message) {
    commit(record::Queued{slot, message, 0, codec::Qos::at_least_once, false, false});
  }
  /// The batches of a checkpoint, each about so large.
  std::vector<Bytes> written(std::size_t bytes) {
    checkpoint_.begin(now_);
    std::vector<Bytes> batches;
    while (checkpoint_.is_running()) {
      checkpoint_.go_on(bytes, now_);
      batches.push_back(take());
    }
    return batches;
  }
};

TEST_F(CheckpointOf, ABodyIsWrittenOnceHoweverManySessionsWaitForIt) {
  constexpr std::size_t sessions = 50;
  const MessageRef sent = message(std::string(1'000, 'b'));
  for (std::size_t i = 0; i < sessions; ++i) queue(session("c" + std::to_string(i)), sent);
  take();
  std::size_t total = 0;
  for (const Bytes& batch : written(100)) total += batch.size();
  EXPECT_LT(total, 1'000 + sessions * 50);
}

TEST_F(CheckpointOf, ATurnWritesAboutAsMuchAsItIsTold) {
  const SessionSlot slot = session("c");
  for (int i = 0; i < 1'000; ++i) queue(slot, message(std::string(20, 'b')));
  for (int i = 0; i < 1'000; ++i)
    commit(record::RetainedSet{message("x", "r/" + std::to_string(i))});
  take();
  const auto batches = written(2'000);
  EXPECT_GT(batches.size(), 30U);
  for (const Bytes& batch : batches) EXPECT_LT(batch.size(), 3'000U);
}

TEST_F(CheckpointOf, ASessionThatEndsWhileItIsWrittenIsGone) {
  const SessionSlot slot = session("c");
  for (int i = 0; i < 100; ++i) queue(slot, message(std::string(20, 'b')));
  take();
  checkpoint_.begin(now_);
  std::vector<Bytes> batches;
  while (checkpoint_.is_running()) {
    checkpoint_.go_on(200, now_);
    if (batches.size() == 3) {
      commit(record::SessionEnded{slot});
      session("c");
    }
    batches.push_back(take());
  }
  Follower again;
  for (const Bytes& batch : batches) ASSERT_TRUE(again.replay.apply(batch).has_value());
  EXPECT_EQ(dump(again.state), dump(state_));
  EXPECT_EQ(again.state.queue_messages(), 0U);
}

// Of a session that ends with its connection the log knows the will; its deliveries come and go
// without a record.
TEST_F(CheckpointOf, ASessionThatIsKnownForItsWillAloneHasNoDeliveriesInIt) {
  const SessionSlot slot = session("c");
  commit(record::WillSet{slot, message("gone"), {}});
  for (int i = 0; i < 20; ++i) queue(slot, message(std::string(20, 'b')));
  take();
  checkpoint_.begin(now_);
  std::vector<Bytes> batches;
  const auto go_on = [&] {
    checkpoint_.go_on(150, now_);
    batches.push_back(take());
  };
  for (int i = 0; i < 3; ++i) go_on();
  // Another CONNECT, whose session is not to last.
  attach(slot, 0);
  for (int i = 0; i < 19; ++i) state_.apply(record::QueueFrontDropped{slot});
  while (checkpoint_.is_running()) go_on();
  Follower again;
  for (const Bytes& batch : batches) ASSERT_TRUE(again.replay.apply(batch).has_value());
  EXPECT_EQ(again.state.sessions.size(), 1U);
  for (const Bytes& batch : written(100)) ASSERT_TRUE(again.replay.apply(batch).has_value());
  Follower anew;
  for (const Bytes& batch : written(100)) ASSERT_TRUE(anew.replay.apply(batch).has_value());
  EXPECT_EQ(anew.state.queue_messages(), 0U);
}

// The client may still acknowledge what a run sent before it was killed and the log does not know.
TEST_F(CheckpointOf, IdentifiersThatTheRunBeforeMayHaveGivenAreNotGivenAgain) {
  const auto begin = [&](SessionSlot slot) {
    queue(slot, message("m"));
    return commit(record::DeliveryBegun{slot}).packet_id;
  };
  const auto acknowledge = [&](SessionSlot slot, codec::PacketId id) {
    return commit(record::DeliveryAcknowledged{slot, id, record::AckKind::puback});
  };
  const SessionSlot waits = session("waits");
  const SessionSlot is_done = session("is_done");
  EXPECT_EQ(begin(waits), 1U);
  EXPECT_EQ(begin(waits), 2U);
  EXPECT_EQ(begin(is_done), 1U);
  EXPECT_TRUE(acknowledge(is_done, 1));
  commit(record::RunStarted{now_});
  attach(waits, 3'600);
  attach(is_done, 3'600);
  constexpr auto skipped = State::packet_ids_skipped_at_start;
  EXPECT_EQ(begin(waits), skipped + 3);
  EXPECT_EQ(begin(is_done), skipped + 2);
  EXPECT_FALSE(acknowledge(waits, 3));
  EXPECT_TRUE(acknowledge(waits, static_cast<codec::PacketId>(skipped + 3)));
  take();
  Follower again;
  for (const Bytes& batch : written(100)) ASSERT_TRUE(again.replay.apply(batch).has_value());
  EXPECT_EQ(dump(again.state), dump(state_));
  EXPECT_TRUE(acknowledge(waits, 2));
  EXPECT_TRUE(acknowledge(waits, 1));
  EXPECT_EQ(state_.sessions.at(waits).outbound().skipped, 0U);
  EXPECT_EQ(begin(waits), skipped + 4);
}

TEST_F(CheckpointOf, AMessageThatIsNeverAcknowledgedLeavesIdentifiersApart) {
  const SessionSlot slot = session("c");
  queue(slot, message("old"));
  commit(record::DeliveryBegun{slot});
  for (int run = 0; run < 20; ++run) {
    commit(record::RunStarted{now_});
    attach(slot, 3'600);
    queue(slot, message("new"));
    const auto id = commit(record::DeliveryBegun{slot}).packet_id;
    EXPECT_NE(id, 1U);
    EXPECT_EQ(state_.find_delivery(state_.sessions.at(slot), id)->packet_id, id);
  }
  EXPECT_EQ(state_.sessions.at(slot).outbound().window.size(), 21U);
}

TEST_F(CheckpointOf, WhatTheBrokerSaysOfItselfIsNotWritten) {
  state_.apply(record::RetainedSet{message("1", "$SYS/broker/uptime")});
  commit(record::RetainedSet{message("1", "t")});
  Follower again;
  for (const Bytes& batch : written(100)) ASSERT_TRUE(again.replay.apply(batch).has_value());
  EXPECT_EQ(again.state.retained.count(), 1U);
}

TEST_F(CheckpointOf, NumbersOfSessionsThatEndedAreNotGivenAgain) {
  for (const char* id : {"a", "b", "c"}) commit(record::SessionEnded{session(id)});
  take();
  Follower again;
  for (const Bytes& batch : written(100)) ASSERT_TRUE(again.replay.apply(batch).has_value());
  EXPECT_EQ(again.state.sessions.next_log_number(), 4U);
}

}  // namespace
}  // namespace sluice::core
