// SPDX-License-Identifier: Apache-2.0
// From the first byte of a connection to its CONNACK, and how connections end.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

TEST(CoreConnect, AnAcceptedConnectIsAnsweredByConnackAlone) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(Connect{.client_id = "a"});
  client.expect(Connack{});
  client.expect_nothing();
  EXPECT_FALSE(client.is_closed());
}

TEST(CoreConnect, AConnectMayComeByteByByte) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send_in_pieces(encode(Connect{.client_id = "a", .user_name = "u"}, Version::v5), 1);
  client.expect(Connack{});
}

TEST(CoreConnect, EveryVersionIsAnsweredInItsOwnForm) {
  for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
    InProcessBroker broker;
    RawClient& client = broker.open();
    client.send(Connect{.version = version, .client_id = "a"});
    client.expect(Connack{});
    client.send(Pingreq{});
    client.expect(Pingresp{});
  }
}

TEST(CoreConnect, AClientWithoutAnIdentifierGetsOne) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(Connect{});
  const auto connack = client.take<Connack>();
  EXPECT_EQ(connack.code, 0);
  EXPECT_FALSE(connack.props.text(PropertyId::assigned_client_identifier).empty());
}

TEST(CoreConnect, AnAssignedIdentifierLivesOnTheAcceptingShard) {
  InProcessBroker broker({.shards = 4});
  for (std::uint16_t shard = 0; shard < 4; ++shard) {
    broker.open(shard).send(Connect{});
    EXPECT_EQ(broker.metrics(shard).sessions, 1U);
  }
}

TEST(CoreConnect, ThreeOneOneWithoutIdentifierMustBeClean) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.set_version(Version::v3_1_1);
  client.send_bytes({0x10, 12, 0, 4, 'M', 'Q', 'T', 'T', 4, 0, 0, 0, 0, 0});
  client.expect(Connack{.code = 2});
  client.expect_closed();
}

TEST(CoreConnect, WhoSaysNothingIsClosedAfterTheConnectTimeout) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  broker.advance(9s);
  EXPECT_FALSE(client.is_closed());
  broker.advance(2s);
  client.expect_closed();
  EXPECT_EQ(broker.metrics().disconnects_connect_timeout, 1U);
  EXPECT_EQ(broker.metrics().connections_open, 0U);
}

TEST(CoreConnect, AFirstPacketOtherThanConnectIsClosedWithoutAnAnswer) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(Pingreq{});
  client.expect_closed();
}

TEST(CoreConnect, ASecondConnectEndsTheConnection) {
  InProcessBroker broker;
  RawClient& client = broker.connect({.client_id = "a"});
  client.send(Connect{.client_id = "a"});
  client.expect_disconnect(ReasonCode::protocol_error);
}

TEST(CoreConnect, BytesThatAreNoMqttAreClosed) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send_bytes({'G', 'E', 'T', ' ', '/', ' ', 'H', 'T', 'T', 'P', '\r', '\n'});
  client.expect_closed();
}

TEST(CoreConnect, AnUnknownProtocolLevelIsRefusedInBothForms) {
  InProcessBroker broker;
  Bytes bytes = encode(Connect{.version = Version::v3_1_1, .client_id = "a"}, Version::v3_1_1);
  bytes[8] = 6;
  RawClient& client = broker.open();
  client.send_bytes(bytes);
  client.expect(Connack{.code = code(ReasonCode::unsupported_protocol_version)});
  client.expect_closed();
}

TEST(CoreConnect, PacketsBehindConnectAreHandledInTheSameTurn) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(Connect{.client_id = "a"}, Subscribe{.packet_id = 7, .filters = {{"t"}}},
              Publish{.topic = "t", .payload = "x"}, Pingreq{});
  client.expect(Connack{});
  client.expect(Suback{.packet_id = 7, .codes = {0}});
  client.expect(Publish{.topic = "t", .payload = "x"});
  client.expect(Pingresp{});
}

TEST(CoreConnect, PacketsBehindAnAbandonedSessionWaitForTheLog) {
  InProcessBroker broker({.has_log = true, .log_answers = LogAnswers::later});
  RawClient& client = broker.open();
  client.send(
      Connect{.client_id = "a", .props = Props().number(PropertyId::session_expiry_interval, 60)},
      Pingreq{});
  client.expect_nothing();
  broker.answer_log();
  client.expect(Connack{});
  client.expect(Pingresp{});
}

TEST(CoreConnect, TheClockOfTheKeepAliveStartsWithConnack) {
  InProcessBroker broker({.has_log = true, .log_answers = LogAnswers::later});
  RawClient& client = broker.open();
  broker.advance(9s);
  client.send(Connect{.client_id = "a",
                      .keep_alive_s = 2,
                      .props = Props().number(PropertyId::session_expiry_interval, 60)});
  broker.advance(30s);
  broker.answer_log();
  client.expect(Connack{});
  EXPECT_FALSE(client.is_closed());
}

TEST(CoreConnect, AListenerThatWantsCredentialsRefusesAnonymousClients) {
  InProcessBroker broker;
  RawClient& five = broker.open_without_anonymous();
  five.send(Connect{.client_id = "a"});
  five.expect(Connack{.code = code(ReasonCode::not_authorized)});
  five.expect_closed();
  RawClient& three = broker.open_without_anonymous();
  three.send(Connect{.version = Version::v3_1_1, .client_id = "b"});
  three.expect(Connack{.code = 5});
  three.expect_closed();
}

TEST(CoreConnect, AnAuthenticationMethodThatNobodyKnowsIsRefused) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(
      Connect{.client_id = "a", .props = Props().text(PropertyId::authentication_method, "X")});
  client.expect(Connack{.code = code(ReasonCode::bad_authentication_method)});
  client.expect_closed();
}

TEST(CoreConnect, MoreConnectionsThanTheLimitAreRefused) {
  BrokerSetup setup;
  setup.options.limits.connections_max = 2;
  InProcessBroker broker(setup);
  broker.connect({.client_id = "a"});
  broker.connect({.client_id = "b"});
  RawClient& third = broker.open();
  third.send(Connect{.client_id = "c"});
  third.expect(Connack{.code = code(ReasonCode::quota_exceeded)});
  third.expect_closed();
}

TEST(CoreConnect, MoreSessionsThanTheLimitAreRefused) {
  BrokerSetup setup;
  setup.options.limits.sessions_max = 1;
  InProcessBroker broker(setup);
  const Connect first{.client_id = "a",
                      .props = Props().number(PropertyId::session_expiry_interval, 60)};
  broker.connect(first).cut();
  RawClient& second = broker.open();
  second.send(Connect{.client_id = "b"});
  second.expect(Connack{.code = code(ReasonCode::quota_exceeded)});
  Connect again = first;
  again.clean_start = false;
  broker.resume(again);
}

TEST(CoreConnect, TheLimitOfConnectionsIsThatOfAllShardsTogether) {
  BrokerSetup setup;
  setup.shards = 4;
  setup.options.limits.connections_max = 5;
  InProcessBroker broker(setup);
  RawClient& first = broker.connect({.client_id = "c0"});
  for (int i = 1; i < 5; ++i) broker.connect({.client_id = "c" + std::to_string(i)});
  const auto is_refused = [&](const std::string& id) {
    RawClient& client = broker.open();
    client.send(Connect{.client_id = id});
    const bool is_full = client.take<Connack>().code == code(ReasonCode::quota_exceeded);
    if (is_full) client.expect_closed();
    return is_full;
  };
  EXPECT_TRUE(is_refused("c5"));
  // Who is there already may come again, and what has gone leaves its place.
  RawClient& again = broker.connect({.client_id = "c0"});
  first.expect_disconnect(ReasonCode::session_taken_over);
  EXPECT_TRUE(is_refused("c5"));
  again.cut();
  EXPECT_FALSE(is_refused("c5"));
  EXPECT_TRUE(is_refused("c6"));
}

TEST(CoreConnect, TheLimitOfSessionsIsThatOfAllShardsTogetherAndOutlivesARestart) {
  BrokerSetup setup;
  setup.shards = 4;
  setup.has_log = true;
  setup.options.limits.sessions_max = 6;
  InProcessBroker broker(setup);
  const auto durable = [](int i, bool clean = false) {
    return Connect{.client_id = "c" + std::to_string(i),
                   .clean_start = clean,
                   .props = Props().number(PropertyId::session_expiry_interval, 60)};
  };
  const auto code_for = [&](const Connect& connect) {
    RawClient& client = broker.open();
    client.send(connect);
    const auto answer = client.take<Connack>().code;
    if (answer == 0) client.cut();
    return answer;
  };
  for (int i = 0; i < 6; ++i) EXPECT_EQ(code_for(durable(i)), 0) << i;
  for (int run = 0; run < 2; ++run) {
    EXPECT_EQ(code_for(durable(7)), code(ReasonCode::quota_exceeded));
    EXPECT_EQ(code_for(durable(3)), 0);
    EXPECT_EQ(code_for(durable(4, true)), 0);
    if (run == 0) broker.crash(Duration(std::chrono::seconds(1)));
  }
  // A session that ends leaves its place to one other.
  EXPECT_EQ(code_for({.client_id = "c5"}), 0);
  EXPECT_EQ(code_for(durable(7)), 0);
  EXPECT_EQ(code_for(durable(8)), code(ReasonCode::quota_exceeded));
}

TEST(CoreConnect, AConnectLargerThanItsLimitIsRefusedBeforeItHasCome) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send_bytes({0x10, 0xff, 0xff, 0x7f, 0, 4, 'M', 'Q', 'T', 'T', 5});
  client.expect(Connack{.code = 0x95});
  client.expect_closed();
}

TEST(CoreConnect, AConnectOfAHundredKilobytesMayComeInPieces) {
  InProcessBroker broker({.shards = 2});
  for (std::uint16_t shard = 0; shard < 2; ++shard) {
    RawClient& client = broker.open(shard);
    const Connect connect{.client_id = broker.client_id_on(0),
                          .will = Will{.topic = "w", .payload = std::string(65'000, 'x')},
                          .user_name = std::string(40'000, 'u')};
    client.send_in_pieces(encode(connect, Version::v5), 7'000);
    client.expect(Connack{});
  }
}

TEST(CoreConnect, ATurnWithTwoConnectsOfOneClientKeepsTheLater) {
  InProcessBroker broker;
  RawClient& first = broker.connect({.client_id = "a"});
  RawClient& second = broker.open();
  second.send(Connect{.client_id = "a"});
  second.expect(Connack{});
  first.expect_disconnect(ReasonCode::session_taken_over);
  EXPECT_EQ(broker.metrics().sessions, 1U);
}

TEST(CoreConnect, AClientOfAnotherShardIsHandedOverWithAllItsBytes) {
  for (const std::size_t piece : {std::size_t{1}, std::size_t{5}, std::size_t{1000}}) {
    InProcessBroker broker({.shards = 2});
    RawClient& client = broker.open(0);
    Bytes bytes = encode(Connect{.client_id = broker.client_id_on(1)}, Version::v5);
    const Bytes ping = encode(Pingreq{}, Version::v5);
    bytes.insert(bytes.end(), ping.begin(), ping.end());
    bytes.insert(bytes.end(), ping.begin(), ping.end());
    client.send_in_pieces(bytes, piece);
    client.expect(Connack{});
    client.expect(Pingresp{});
    client.expect(Pingresp{});
    EXPECT_EQ(broker.metrics(0).connections_open, 0U);
    EXPECT_EQ(broker.metrics(1).connections_open, 1U);
  }
}

TEST(CoreConnect, WhatFollowsACutConnectInOneReadIsHandedOverToo) {
  InProcessBroker broker({.shards = 2});
  RawClient& client = broker.open(0);
  const Bytes connect = encode(Connect{.client_id = broker.client_id_on(1)}, Version::v5);
  client.send_bytes({connect.begin(), connect.begin() + 5});
  Bytes rest(connect.begin() + 5, connect.end());
  for (int i = 0; i < 2; ++i) {
    rest.push_back(0xc0);
    rest.push_back(0);
  }
  client.send_bytes(rest);
  client.expect(Connack{});
  client.expect(Pingresp{});
  client.expect(Pingresp{});
}

TEST(CoreConnect, AHandedOverConnectionIsClosedIfItsConnectIsRefused) {
  BrokerSetup setup{.shards = 2};
  InProcessBroker broker(setup);
  RawClient& client = broker.open_without_anonymous(0);
  client.send(Connect{.client_id = broker.client_id_on(1)});
  client.expect(Connack{.code = code(ReasonCode::not_authorized)});
  client.expect_closed();
}

TEST(CoreConnect, KickEndsTheClientWithTheReason) {
  InProcessBroker broker;
  RawClient& client = broker.connect({.client_id = "a"});
  broker.kick("a");
  client.expect_disconnect(ReasonCode::administrative_action);
  broker.kick("a");
}

TEST(CoreConnect, AStopTellsMqtt5ClientsAndClosesAll) {
  InProcessBroker broker;
  RawClient& five = broker.connect({.client_id = "a"});
  RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "b"});
  RawClient& silent = broker.open();
  broker.run();
  broker.stop();
  five.expect_disconnect(ReasonCode::server_shutting_down);
  three.expect_closed();
  silent.expect_closed();
}

TEST(CoreConnect, LogLinesSayWhoCameAndWent) {
  InProcessBroker broker;
  RawClient& client = broker.connect({.client_id = "a", .user_name = "me"});
  EXPECT_TRUE(broker.log().has("client_connected client=a"));
  client.send(Disconnect{});
  client.expect_closed();
  EXPECT_TRUE(broker.log().has("client_disconnected client=a"));
  broker.connect({.client_id = "b"}).cut();
  EXPECT_TRUE(broker.log().has("client_closed client=b"));
}

}  // namespace
}  // namespace sluice::testing
