// SPDX-License-Identifier: Apache-2.0
// Sessions beyond connections: expiry, takeover, wills, keep-alive.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

class CoreSession : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  InProcessBroker broker_{BrokerSetup{.shards = GetParam()}};
  const std::string id_ = broker_.client_id_on(static_cast<std::uint16_t>(GetParam() - 1), "c");
  RawClient& watcher_ = broker_.connect({.client_id = broker_.client_id_on(0, "w")});

  void SetUp() override {
    watcher_.send(Subscribe{.packet_id = 1, .filters = {{"will/#", qos_1}}});
    watcher_.expect(Suback{.packet_id = 1, .codes = {1}});
  }
  Connect five(std::uint32_t expiry_s, bool clean_start = true) const {
    return {.client_id = id_,
            .clean_start = clean_start,
            .props = Props().number(PropertyId::session_expiry_interval, expiry_s)};
  }
  Connect with_will(Connect connect, std::uint32_t delay_s) const {
    connect.will = Will{.topic = "will/x", .payload = "gone"};
    if (delay_s > 0) connect.will->props.number(PropertyId::will_delay_interval, delay_s);
    return connect;
  }
  void expect_will() { watcher_.expect(Publish{.topic = "will/x", .payload = "gone"}); }
};

TEST_P(CoreSession, ASessionEndsWithItsConnectionWhereNoExpiryWasAsked) {
  broker_.connect(five(0)).cut();
  broker_.connect(five(0, false));
}

TEST_P(CoreSession, ASessionIsThereUntilItsExpiryAndGoneThereafter) {
  broker_.connect(five(30)).cut();
  broker_.advance(29s);
  RawClient& resumed = broker_.resume(five(30, false));
  resumed.cut();
  broker_.advance(31s);
  broker_.connect(five(30, false));
}

TEST_P(CoreSession, DisconnectMayChangeTheExpiry) {
  RawClient& client = broker_.connect(five(30));
  client.send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 0)});
  client.expect_closed();
  RawClient& second = broker_.connect(five(30, false));
  second.send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 100)});
  broker_.advance(90s);
  broker_.resume(five(0, false));
}

TEST_P(CoreSession, DisconnectMayNotAskForASessionThatConnectDidNot) {
  RawClient& client = broker_.connect(five(0));
  client.send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 10)});
  client.expect_disconnect(ReasonCode::protocol_error);
}

TEST_P(CoreSession, CleanSession0OfThreeOneOneIsKept) {
  const Connect connect{.version = Version::v3_1_1, .client_id = id_, .clean_start = false};
  RawClient& client = broker_.connect(connect);
  client.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  client.expect(Suback{.packet_id = 1, .codes = {1}});
  client.send(Disconnect{});
  watcher_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  broker_.advance(24h);
  RawClient& resumed = broker_.resume(connect);
  resumed.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
}

TEST_P(CoreSession, CleanStartForgetsSubscriptionsAndMessages) {
  RawClient& client = broker_.connect(five(60));
  client.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  client.take<Suback>();
  client.cut();
  watcher_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  RawClient& fresh = broker_.connect(five(60));
  watcher_.send(Publish{.topic = "t", .payload = "y", .qos = qos_1, .packet_id = 2});
  fresh.expect_nothing();
}

TEST_P(CoreSession, TakeoverMovesTheSessionToTheNewConnection) {
  RawClient& old = broker_.connect(five(60));
  old.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  old.take<Suback>();
  watcher_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  old.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
  RawClient& fresh = broker_.resume(five(60, false));
  old.expect_disconnect(ReasonCode::session_taken_over);
  fresh.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1, .dup = true});
}

TEST_P(CoreSession, AWillGoesOutWhenTheConnectionIsLost) {
  broker_.connect(with_will(five(0), 0)).cut();
  expect_will();
  watcher_.expect_nothing();
}

TEST_P(CoreSession, AWillStaysWhenTheClientSaysGoodbye) {
  broker_.connect(with_will(five(60), 0)).send(Disconnect{});
  broker_.advance(100s);
  watcher_.expect_nothing();
}

TEST_P(CoreSession, DisconnectWithWillPublishesIt) {
  broker_.connect(with_will(five(60), 0))
      .send(Disconnect{.reason = ReasonCode::disconnect_with_will});
  expect_will();
}

TEST_P(CoreSession, ADelayedWillWaitsAndIsCalledOffByTheClientsReturn) {
  broker_.connect(with_will(five(100), 20)).cut();
  broker_.advance(19s);
  watcher_.expect_nothing();
  broker_.resume(five(100, false)).cut();
  broker_.advance(50s);
  watcher_.expect_nothing();
  broker_.resume(with_will(five(100, false), 20)).cut();
  broker_.advance(21s);
  expect_will();
  watcher_.expect_nothing();
}

TEST_P(CoreSession, ADelayedWillGoesOutWhenTheSessionEndsFirst) {
  broker_.connect(with_will(five(10), 60)).cut();
  broker_.advance(11s);
  expect_will();
  broker_.connect(with_will(five(100), 60)).cut();
  broker_.connect(five(0));
  expect_will();
  broker_.advance(100s);
  watcher_.expect_nothing();
}

TEST_P(CoreSession, TakeoverAndWills) {
  // A will without delay goes out, one with a delay is called off, unless the client starts anew.
  broker_.connect(with_will(five(60), 0));
  RawClient& second = broker_.resume(with_will(five(60, false), 20));
  expect_will();
  broker_.resume(five(60, false));
  second.expect_disconnect(ReasonCode::session_taken_over);
  broker_.advance(100s);
  watcher_.expect_nothing();
  broker_.resume(with_will(five(60, false), 20));
  broker_.connect(five(60));
  expect_will();
  broker_.advance(100s);
  watcher_.expect_nothing();
  Connect three{.version = Version::v3_1_1,
                .client_id = id_,
                .will = Will{.topic = "will/x", .payload = "gone"}};
  broker_.connect(three);
  broker_.connect({.version = Version::v3_1_1, .client_id = id_});
  expect_will();
}

TEST_P(CoreSession, AWillIsRetainedIfItSaysSo) {
  Connect connect = with_will(five(0), 0);
  connect.will->retain = true;
  broker_.connect(connect).cut();
  expect_will();
  RawClient& late = broker_.connect({.client_id = "late"});
  late.send(Subscribe{.packet_id = 1, .filters = {{"will/x"}}});
  late.take<Suback>();
  late.expect(Publish{.topic = "will/x", .payload = "gone", .retain = true});
}

TEST_P(CoreSession, AStopPublishesNoWills) {
  broker_.connect(with_will(five(60), 0));
  broker_.stop();
  watcher_.expect_disconnect(ReasonCode::server_shutting_down);
}

TEST_P(CoreSession, SilenceForOneAndAHalfKeepAlivesEndsTheConnectionAndPublishesTheWill) {
  Connect connect = with_will(five(0), 0);
  connect.keep_alive_s = 10;
  RawClient& client = broker_.connect(connect);
  broker_.advance(14s);
  client.send(Pingreq{});
  client.expect(Pingresp{});
  broker_.advance(14s);
  EXPECT_FALSE(client.is_closed());
  broker_.advance(2s);
  client.expect_disconnect(ReasonCode::keep_alive_timeout);
  expect_will();
}

TEST_P(CoreSession, AKeepAliveOfZeroNeverEnds) {
  RawClient& client = broker_.connect(five(0));
  broker_.advance(100h);
  client.send(Pingreq{});
  client.expect(Pingresp{});
}

TEST_P(CoreSession, NothingIsLeftOfAHundredClientsThatCameAndWent) {
  for (int i = 0; i < 100; ++i) {
    const std::string id = "many" + std::to_string(i);
    Connect connect{.client_id = id,
                    .props = Props().number(PropertyId::session_expiry_interval, 5)};
    RawClient& client = broker_.connect(connect);
    client.send(
        Subscribe{.packet_id = 1,
                  .filters = {{"a/" + id, qos_1}, {"$share/g/b/#", qos_1}, {"+/" + id + "/#"}}});
    client.take<Suback>();
    if (i % 2 == 0)
      client.cut();
    else
      client.send(Disconnect{});
  }
  watcher_.send(Publish{.topic = "b/x", .payload = "x", .qos = qos_1, .packet_id = 1});
  broker_.advance(10s);
  std::uint64_t sessions = 0;
  std::uint64_t subscriptions = 0;
  std::uint64_t messages = 0;
  for (std::uint16_t i = 0; i < GetParam(); ++i) {
    const auto metrics = broker_.metrics(i);
    sessions += metrics.sessions;
    subscriptions += metrics.subscriptions;
    messages += metrics.queue_messages + metrics.inflight_messages;
  }
  EXPECT_EQ(sessions, 1U);
  EXPECT_EQ(subscriptions, 1U);
  EXPECT_EQ(messages, 0U);
}

INSTANTIATE_TEST_SUITE_P(Shards, CoreSession, ::testing::Values(1, 3));

}  // namespace
}  // namespace sluice::testing
