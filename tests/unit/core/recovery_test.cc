// SPDX-License-Identifier: Apache-2.0
// What a broker is after it was killed and has started again from its log.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::testing {
namespace {

// With so many shards, and with the whole log or one that begins with a checkpoint.
class Recovery : public ::testing::TestWithParam<std::tuple<std::uint16_t, bool>> {
 protected:
  const std::uint16_t shards_ = std::get<0>(GetParam());
  InProcessBroker broker_{BrokerSetup{.shards = shards_, .has_log = true}};
  const std::uint16_t last_ = static_cast<std::uint16_t>(shards_ - 1);
  const std::string id_ = broker_.client_id_on(last_, "s");

  Connect session(std::string id, bool clean_start, std::uint32_t expiry_s = 3'600) const {
    return {.client_id = std::move(id),
            .clean_start = clean_start,
            .props = Props().number(PropertyId::session_expiry_interval, expiry_s)};
  }
  RawClient& begin(const std::vector<Filter>& filters, std::uint32_t expiry_s = 3'600) {
    RawClient& client = broker_.connect(session(id_, true, expiry_s));
    client.send(Subscribe{.packet_id = 1, .filters = filters});
    client.take<Suback>();
    return client;
  }
  RawClient& publisher() {
    return broker_.connect({.client_id = broker_.client_id_on(last_, "p")});
  }
  void crash(Duration down = 1s) {
    if (std::get<1>(GetParam())) broker_.write_checkpoints();
    broker_.crash(down);
  }
  RawClient& come_back() { return broker_.resume(session(id_, false)); }
};

TEST_P(Recovery, AQueueIsThereInItsOrder) {
  begin({{"t/+", qos_2}}).cut();
  RawClient& from = publisher();
  from.send(Publish{.topic = "t/1", .payload = "a", .qos = qos_1, .packet_id = 1},
            Publish{.topic = "t/1", .payload = "b", .qos = qos_1, .packet_id = 2},
            Publish{.topic = "t/2", .payload = "c", .qos = qos_1, .packet_id = 3});
  crash();
  RawClient& client = come_back();
  client.expect(Publish{.topic = "t/1", .payload = "a", .qos = qos_1, .packet_id = 1});
  client.expect(Publish{.topic = "t/1", .payload = "b", .qos = qos_1, .packet_id = 2});
  client.expect(Publish{.topic = "t/2", .payload = "c", .qos = qos_1, .packet_id = 3});
  client.expect_nothing();
}

TEST_P(Recovery, WhatWasSentAndNotAcknowledgedIsSentAgainAsADuplicate) {
  RawClient& client = begin({{"t", qos_1}});
  RawClient& from = publisher();
  from.send(Publish{.topic = "t", .payload = "a", .qos = qos_1, .packet_id = 1},
            Publish{.topic = "t", .payload = "b", .qos = qos_1, .packet_id = 2});
  client.expect(Publish{.topic = "t", .payload = "a", .qos = qos_1, .packet_id = 1});
  client.expect(Publish{.topic = "t", .payload = "b", .qos = qos_1, .packet_id = 2});
  client.send(Puback{.packet_id = 1});
  crash();
  RawClient& again = come_back();
  again.expect(Publish{.topic = "t", .payload = "b", .qos = qos_1, .dup = true, .packet_id = 2});
  again.expect_nothing();
}

TEST_P(Recovery, SubscriptionsWorkForWhatIsPublishedAfterwards) {
  begin({{"t/#", qos_1}, {"$share/g/u", qos_1}}).cut();
  crash();
  crash();
  RawClient& from = publisher();
  from.send(Publish{.topic = "t/x", .payload = "a", .qos = qos_1, .packet_id = 1},
            Publish{.topic = "u", .payload = "b", .qos = qos_1, .packet_id = 2});
  RawClient& client = come_back();
  client.expect(Publish{.topic = "t/x", .payload = "a", .qos = qos_1});
  client.expect(Publish{.topic = "u", .payload = "b", .qos = qos_1});
}

TEST_P(Recovery, TheTurnOfASharedGroupGoesOnWhereItWas) {
  std::vector<std::string> ids;
  for (std::uint16_t i = 0; i < 3; ++i) {
    const auto shard = static_cast<std::uint16_t>(i % shards_);
    ids.push_back(broker_.client_id_on(shard, "m" + std::to_string(i) + "-"));
    RawClient& member = broker_.connect(session(ids.back(), true));
    member.send(Subscribe{.packet_id = 1, .filters = {{"$share/g/t", qos_1}}});
    member.take<Suback>();
    member.cut();
  }
  for (int i = 0; i < 7; ++i) {
    publisher().send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
    crash();
  }
  std::multiset<std::size_t> counts;
  for (const std::string& id : ids) {
    RawClient& member = broker_.resume(session(id, false));
    std::size_t count = 0;
    while (member.receive()) ++count;
    counts.insert(count);
  }
  EXPECT_EQ(counts, (std::multiset<std::size_t>{2, 2, 3}));
}

TEST_P(Recovery, ASessionThatEndedWithItsConnectionIsGone) {
  begin({{"t", qos_1}}, 0);
  crash();
  EXPECT_EQ(broker_.metrics(last_).sessions, 0U);
  broker_.connect(session(id_, false));
}

TEST_P(Recovery, TheExpiryOfASessionGoesOnWhileTheBrokerIsDown) {
  begin({{"t", qos_1}}, 100).cut();
  broker_.advance(40s);
  crash(40s);
  broker_.advance(15s);
  come_back().send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 100)});
  crash(101s);
  broker_.advance(10ms);
  EXPECT_EQ(broker_.metrics(last_).sessions, 0U);
}

TEST_P(Recovery, AMessageExpiresWhileTheBrokerIsDown) {
  begin({{"t", qos_1}}).cut();
  RawClient& from = publisher();
  for (const std::uint32_t expiry_s : {10U, 100U})
    from.send(Publish{.topic = "t",
                      .payload = std::to_string(expiry_s),
                      .qos = qos_1,
                      .packet_id = 1,
                      .props = Props().number(PropertyId::message_expiry_interval, expiry_s)});
  crash(30s);
  RawClient& client = come_back();
  const auto got = client.take<Publish>();
  EXPECT_EQ(got.payload, "100");
  EXPECT_EQ(got.props.number(PropertyId::message_expiry_interval), 70U);
  client.expect_nothing();
}

TEST_P(Recovery, RetainedMessagesAreThereAndClearedOnesAreNot) {
  RawClient& from = publisher();
  for (const char* topic : {"r/1", "r/2", "r/3"})
    from.send(
        Publish{.topic = topic, .payload = topic, .qos = qos_1, .retain = true, .packet_id = 1});
  from.send(
      Publish{.topic = "r/2", .qos = qos_1, .retain = true, .packet_id = 1},
      Publish{.topic = "r/3", .payload = "new", .qos = qos_1, .retain = true, .packet_id = 2});
  crash();
  RawClient& client = broker_.connect({.client_id = "fresh"});
  client.send(Subscribe{.packet_id = 1, .filters = {{"r/+", qos_1}}});
  client.take<Suback>();
  std::vector<std::string> got{client.take<Publish>().payload, client.take<Publish>().payload};
  std::ranges::sort(got);
  EXPECT_EQ(got, (std::vector<std::string>{"new", "r/1"}));
  client.expect_nothing();
}

INSTANTIATE_TEST_SUITE_P(Shards, Recovery,
                         ::testing::Combine(::testing::Values(1, 2, 3), ::testing::Bool()));

class RecoveredWill : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  InProcessBroker broker_{BrokerSetup{.shards = GetParam(), .has_log = true}};
  const std::string id_ = broker_.client_id_on(static_cast<std::uint16_t>(GetParam() - 1), "c");
  const Connect watcher_{.version = Version::v3_1_1, .client_id = "watcher", .clean_start = false};

  void SetUp() override {
    RawClient& watcher = broker_.connect(watcher_);
    watcher.send(Subscribe{.packet_id = 1, .filters = {{"will/#", qos_1}}});
    watcher.take<Suback>();
  }
  Connect with_will(std::uint32_t delay_s, std::uint32_t expiry_s) const {
    Connect connect{.client_id = id_,
                    .props = Props().number(PropertyId::session_expiry_interval, expiry_s),
                    .will = Will{.topic = "will/x", .payload = "gone", .qos = qos_1}};
    connect.will->props.number(PropertyId::will_delay_interval, delay_s);
    return connect;
  }
  /// Its packet identifier.
  PacketId expect_will(RawClient& watcher) {
    auto publish = watcher.take<Publish>();
    const PacketId id = std::exchange(publish.packet_id, PacketId{0});
    EXPECT_EQ(to_text(publish),
              to_text(Publish{.topic = "will/x", .payload = "gone", .qos = qos_1}));
    watcher.expect_nothing();
    return id;
  }
};

TEST_P(RecoveredWill, IsPublishedAfterTheGraceAndOnce) {
  broker_.connect(with_will(0, 0));
  broker_.crash();
  RawClient& watcher = broker_.resume(watcher_);
  broker_.advance(9s);
  watcher.expect_nothing();
  broker_.advance(2s);
  watcher.send(Puback{.packet_id = expect_will(watcher)});
  broker_.crash();
  RawClient& again = broker_.resume(watcher_);
  broker_.advance(60s);
  again.expect_nothing();
}

TEST_P(RecoveredWill, IsInACheckpoint) {
  broker_.connect(with_will(30, 0));
  broker_.write_checkpoints();
  broker_.crash();
  RawClient& watcher = broker_.resume(watcher_);
  broker_.advance(29s);
  watcher.expect_nothing();
  broker_.advance(2s);
  expect_will(watcher);
}

TEST_P(RecoveredWill, WaitsForItsDelayIfThatIsLonger) {
  broker_.connect(with_will(30, 100));
  broker_.crash(5s);
  RawClient& watcher = broker_.resume(watcher_);
  broker_.advance(29s);
  watcher.expect_nothing();
  broker_.advance(2s);
  expect_will(watcher);
}

TEST_P(RecoveredWill, IsNotPublishedIfItsClientIsBack) {
  broker_.connect(with_will(0, 0));
  broker_.crash();
  RawClient& watcher = broker_.resume(watcher_);
  broker_.connect({.client_id = id_});
  broker_.advance(60s);
  watcher.expect_nothing();
}

TEST_P(RecoveredWill, IsPublishedAfterAStopToo) {
  RawClient& client = broker_.connect(with_will(0, 0));
  broker_.stop();
  client.expect(Disconnect{.reason = ReasonCode::server_shutting_down});
  broker_.crash();
  RawClient& watcher = broker_.resume(watcher_);
  broker_.advance(11s);
  expect_will(watcher);
}

TEST_P(RecoveredWill, OfAClientThatSaidGoodbyeIsNotPublished) {
  broker_.connect(with_will(0, 100)).send(Disconnect{});
  broker_.crash();
  RawClient& watcher = broker_.resume(watcher_);
  broker_.advance(60s);
  watcher.expect_nothing();
}

INSTANTIATE_TEST_SUITE_P(Shards, RecoveredWill, ::testing::Values(1, 2));

TEST(Recovery, WhatTheLogHadNotAnsweredWasNeverAcknowledged) {
  InProcessBroker broker({.has_log = true, .log_answers = LogAnswers::later});
  const Connect connect{.version = Version::v3_1_1, .client_id = "c", .clean_start = false};
  RawClient& client = broker.open();
  client.send(connect);
  client.expect_nothing();
  broker.answer_log();
  client.expect(Connack{});
  client.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  broker.answer_log();
  client.take<Suback>();
  client.cut();
  RawClient& from = broker.connect({.client_id = "p"});
  from.send(Publish{.topic = "t", .payload = "a", .qos = qos_1, .packet_id = 1});
  broker.answer_log();
  from.expect(Puback{.packet_id = 1});
  from.send(Publish{.topic = "t", .payload = "b", .qos = qos_1, .packet_id = 2});
  from.expect_nothing();
  broker.crash();
  RawClient& again = broker.open();
  again.send(connect);
  broker.answer_log();
  again.expect(Connack{.session_present = true});
  again.expect(Publish{.topic = "t", .payload = "a", .qos = qos_1});
  again.expect_nothing();
}

// A connection that is cut after each step of a QoS 2 exchange, with or without a restart of the
// broker: exactly once, always.
enum class Interruption : std::uint8_t { cut, crash, crash_after_checkpoint };

class ExactlyOnce : public ::testing::TestWithParam<std::tuple<int, Interruption, std::uint16_t>> {
 protected:
  const int steps_ = std::get<0>(GetParam());
  InProcessBroker broker_{BrokerSetup{.shards = std::get<2>(GetParam()), .has_log = true}};
  const std::string from_ = broker_.client_id_on(0, "from");
  const std::string to_ =
      broker_.client_id_on(static_cast<std::uint16_t>(broker_.shards() - 1), "to");

  Connect connect(const std::string& id) const {
    return {.version = Version::v3_1_1, .client_id = id, .clean_start = false};
  }
  void SetUp() override {
    RawClient& to = broker_.connect(connect(to_));
    to.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_2}}});
    to.take<Suback>();
    to.cut();
  }
  void interrupt(RawClient& client) {
    const Interruption how = std::get<1>(GetParam());
    if (how == Interruption::cut) return client.cut();
    if (how == Interruption::crash_after_checkpoint) broker_.write_checkpoints();
    broker_.crash();
  }
};

TEST_P(ExactlyOnce, FromAPublisher) {
  const Publish publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 7};
  RawClient& first = broker_.connect(connect(from_));
  if (steps_ >= 1) first.send(publish);
  if (steps_ >= 2) first.expect(Pubrec{.packet_id = 7});
  if (steps_ >= 3) first.send(Pubrel{.packet_id = 7});
  if (steps_ >= 4) first.expect(Pubcomp{.packet_id = 7});
  interrupt(first);
  // It goes on from what it has seen.
  RawClient& second = broker_.resume(connect(from_));
  if (steps_ < 2) {
    Publish again = publish;
    again.dup = true;
    second.send(again);
    second.expect(Pubrec{.packet_id = 7});
  }
  if (steps_ < 4) {
    second.send(Pubrel{.packet_id = 7});
    second.expect(Pubcomp{.packet_id = 7});
  }
  RawClient& to = broker_.resume(connect(to_));
  to.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  to.expect_nothing();
}

TEST_P(ExactlyOnce, ToASubscriber) {
  RawClient& from = broker_.connect(connect(from_));
  from.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 7});
  from.send(Pubrel{.packet_id = 7});
  RawClient& first = broker_.resume(connect(to_));
  PacketId id = 0;
  if (steps_ >= 1) id = first.take<Publish>().packet_id;
  if (steps_ >= 2) first.send(Pubrec{.packet_id = id});
  if (steps_ >= 3) first.expect(Pubrel{.packet_id = id});
  if (steps_ >= 4) first.send(Pubcomp{.packet_id = id});
  interrupt(first);
  RawClient& second = broker_.resume(connect(to_));
  if (steps_ < 2) {
    // Whether the client has seen it or not: the same identifier, so it can tell.
    const auto again = second.take<Publish>();
    EXPECT_TRUE(again.dup);
    if (steps_ == 1) {
      EXPECT_EQ(again.packet_id, id);
    }
    id = again.packet_id;
    second.send(Pubrec{.packet_id = id});
  }
  if (steps_ < 4) {
    second.expect(Pubrel{.packet_id = id});
    second.send(Pubcomp{.packet_id = id});
  }
  second.expect_nothing();
  broker_.crash();
  broker_.resume(connect(to_)).expect_nothing();
}

INSTANTIATE_TEST_SUITE_P(Steps, ExactlyOnce,
                         ::testing::Combine(::testing::Range(0, 5),
                                            ::testing::Values(Interruption::cut,
                                                              Interruption::crash_after_checkpoint,
                                                              Interruption::crash),
                                            ::testing::Values(1, 2)));

}  // namespace
}  // namespace sluice::testing
