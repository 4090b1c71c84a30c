// SPDX-License-Identifier: Apache-2.0
#include "client/machine/client_machine.h"

#include "tests/unit/client/scripted_server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace sluice::client {
namespace {

using codec::PropertyId;
using codec::Qos;
using codec::ReasonCode;
using codec::Version;
using Lines = std::vector<std::string>;

MachineOptions v5() {
  MachineOptions options;
  options.client_id = "c";
  return options;
}

MachineOptions v3() {
  MachineOptions options = v5();
  options.version = Version::v3_1_1;
  return options;
}

MachineOptions keeping_session() {
  MachineOptions options = v5();
  options.clean_start = CleanStart::first_connection;
  options.session_expiry_s = 600;
  return options;
}

codec::Connack session_present() {
  codec::Connack connack;
  connack.session_present = true;
  return connack;
}

codec::Connack refusal(std::uint8_t code) {
  codec::Connack connack;
  connack.code = code;
  return connack;
}

TEST(ClientMachine, ConnectIsTheFirstPacketAndConnackConnects) {
  ScriptedServer server(v5());
  server.machine.on_opened(server.now);
  EXPECT_EQ(server.received(), Lines{"CONNECT v5 id=c clean"});
  EXPECT_EQ(server.machine.state(), MachineState::connecting);
  server.send(codec::Connack{});
  EXPECT_EQ(server.told(), Lines{"connected"});
  EXPECT_TRUE(server.machine.is_connected());
}

TEST(ClientMachine, AnyCutOfTheStreamGivesTheSameEvents) {
  ScriptedServer server(v3());
  server.open();
  std::vector<std::uint8_t> stream{0x20, 2, 0, 0};
  const std::vector<std::uint8_t> publish{0x32, 7, 0, 1, 'a', 0, 9, 'x', 'y', 0xD0, 0};
  stream.insert(stream.end(), publish.begin(), publish.end());
  for (const std::uint8_t byte : stream) server.send_bytes(ByteView(&byte, 1));
  EXPECT_EQ(server.told(), (Lines{"connected", "PUBLISH 9 q1 t=a p=xy", "pong"}));
  EXPECT_EQ(server.received(), Lines{"PUBACK 9"});
}

TEST(ClientMachine, ServerThatDoesNotAnswerConnectIsLeft) {
  ScriptedServer server(v5());
  server.open();
  server.advance(29s);
  EXPECT_EQ(server.told(), Lines{});
  server.advance(1s);
  EXPECT_EQ(server.told(), Lines{"ended connect_timeout"});
  EXPECT_EQ(server.machine.state(), MachineState::closing);
}

TEST(ClientMachine, RefusalIsToldWithItsCode) {
  ScriptedServer server(v5());
  server.open();
  server.send(refusal(0x87));
  EXPECT_EQ(server.told(), (Lines{"refused 135", "ended refused r=135"}));
}

TEST(ClientMachine, OldServerThatRefusesMqtt5InTheOldFormIsUnderstood) {
  ScriptedServer server(v5());
  server.open();
  const std::vector<std::uint8_t> connack{0x20, 2, 0, 1};
  server.send_bytes(connack);
  EXPECT_EQ(server.told(), (Lines{"refused 1", "ended refused r=128"}));
}

TEST(ClientMachine, OldServerThatAcceptsMqtt5InTheOldFormIsLeft) {
  ScriptedServer server(v5());
  server.open();
  const std::vector<std::uint8_t> connack{0x20, 2, 0, 0};
  server.send_bytes(connack);
  EXPECT_EQ(server.told(), Lines{"ended protocol"});
}

TEST(ClientMachine, AnythingBeforeConnackEndsTheConnectionWithoutAnAnswer) {
  ScriptedServer server(v5());
  server.open();
  server.send(codec::Pingresp{});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientMachine, SecondConnackIsAProtocolError) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(codec::Connack{});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=130"});
}

TEST(ClientMachine, MQTT5_3_2_2_4_session_present_without_a_session_here_closes) {
  ScriptedServer server(v5());
  server.open();
  server.send(session_present());
  EXPECT_EQ(server.told(), Lines{"ended protocol"});
}

TEST(ClientMachine, SessionOfAnEarlierRunIsResumedIfTheUserSaysSo) {
  MachineOptions options = v5();
  options.clean_start = CleanStart::never;
  options.prior_session = PriorSession::resumed;
  ScriptedServer server(options);
  server.connect(session_present());
  EXPECT_EQ(server.told(), Lines{"connected resumed"});
}

TEST(ClientMachine, AssignedClientIdIsUsedForTheNextConnection) {
  MachineOptions options = keeping_session();
  options.client_id.clear();
  ScriptedServer server(options);
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.text(PropertyId::assigned_client_identifier, "auto-7").view();
  server.connect(connack);
  EXPECT_EQ(server.machine.client_id(), "auto-7");
  server.close();
  server.machine.on_opened(server.now);
  EXPECT_EQ(server.received(), Lines{"CONNECT v5 id=auto-7"});
}

TEST(ClientMachine, Qos0PublishHasNoIdentifier) {
  ScriptedServer server(v5());
  server.connect();
  EXPECT_EQ(server.publish("a", "x").value(), 0);
  EXPECT_EQ(server.received(), Lines{"PUBLISH 0 q0 t=a p=x"});
  EXPECT_EQ(server.machine.waiting(), 0U);
}

TEST(ClientMachine, PublishingBeforeConnackIsRefused) {
  ScriptedServer server(v5());
  server.open();
  EXPECT_EQ(server.publish("a", "x").error().code, ErrorCode::closed);
}

TEST(ClientMachine, TopicNameWithAWildcardIsRefused) {
  ScriptedServer server(v5());
  server.connect();
  EXPECT_FALSE(server.publish("a/#", "x"));
  EXPECT_FALSE(server.publish("", "x"));
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientMachine, Qos1PublishIsCompleteWithItsPuback) {
  ScriptedServer server(v3());
  server.connect();
  server.told();
  EXPECT_EQ(server.publish("a", "x", Qos::at_least_once).value(), 1);
  EXPECT_EQ(server.publish("a", "y", Qos::at_least_once).value(), 2);
  EXPECT_EQ(server.received(), (Lines{"PUBLISH 1 q1 t=a p=x", "PUBLISH 2 q1 t=a p=y"}));
  server.send(codec::Puback{2, {}, {}});
  server.send(codec::Puback{1, {}, {}});
  EXPECT_EQ(server.told(), (Lines{"published 2", "published 1"}));
  EXPECT_EQ(server.machine.waiting(), 0U);
}

TEST(ClientMachine, Qos2PublishGoesThroughAllFourPackets) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  ASSERT_TRUE(server.publish("a", "x", Qos::exactly_once));
  server.received();
  server.send(codec::Pubrec{1, {}, {}});
  EXPECT_EQ(server.received(), Lines{"PUBREL 1"});
  server.send(codec::Pubrec{1, {}, {}});
  EXPECT_EQ(server.received(), Lines{"PUBREL 1"});
  EXPECT_EQ(server.told(), Lines{});
  server.send(codec::Pubcomp{1, {}, {}});
  EXPECT_EQ(server.told(), Lines{"published 1"});
}

TEST(ClientMachine, RefusedQos2PublishIsOverWithItsPubrec) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  ASSERT_TRUE(server.publish("a", "x", Qos::exactly_once));
  server.received();
  server.send(codec::Pubrec{1, ReasonCode::not_authorized, {}});
  EXPECT_EQ(server.told(), Lines{"published 1 r=135"});
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientMachine, AckThatFitsAnotherQosIsAProtocolError) {
  ScriptedServer server(v5());
  server.connect();
  ASSERT_TRUE(server.publish("a", "x", Qos::exactly_once));
  server.told();
  server.send(codec::Puback{1, {}, {}});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
}

TEST(ClientMachine, PubrecForAnUnknownMessageIsReleased) {
  ScriptedServer server(v5());
  server.connect();
  server.send(codec::Pubrec{77, {}, {}});
  EXPECT_EQ(server.received(), Lines{"PUBREL 77 r=146"});
}

TEST(ClientMachine, MQTT5_3_3_4_7_no_more_messages_than_the_servers_receive_maximum) {
  ScriptedServer server(v5());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::receive_maximum, 2).view();
  server.connect(connack);
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  ASSERT_TRUE(server.publish("a", "2", Qos::exactly_once));
  EXPECT_EQ(server.publish("a", "3", Qos::at_least_once).error().code, ErrorCode::would_block);
  EXPECT_TRUE(server.publish("a", "qos 0 needs no quota"));
  server.send(codec::Pubrec{2, {}, {}});
  EXPECT_EQ(server.machine.send_quota(), 0U);
  server.send(codec::Pubcomp{2, {}, {}});
  EXPECT_EQ(server.machine.send_quota(), 1U);
}

TEST(ClientMachine, WindowOfOurOwnLimitsMessagesInFlight) {
  MachineOptions options = v3();
  options.inflight_max = 1;
  ScriptedServer server(options);
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  EXPECT_EQ(server.publish("a", "2", Qos::at_least_once).error().code, ErrorCode::would_block);
}

TEST(ClientMachine, LimitsThatTheServerStatesAreKept) {
  ScriptedServer server(v5());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::maximum_qos, 1)
                           .number(PropertyId::retain_available, 0)
                           .number(PropertyId::maximum_packet_size, 20)
                           .number(PropertyId::wildcard_subscription_available, 0)
                           .view();
  server.connect(connack);
  const auto reason = [](const auto& result) {
    return static_cast<ReasonCode>(result.error().reason);
  };
  EXPECT_EQ(reason(server.publish("a", "x", Qos::exactly_once)), ReasonCode::qos_not_supported);
  EXPECT_EQ(reason(server.publish("a", "0123456789012345678")), ReasonCode::packet_too_large);
  codec::Publish retained;
  retained.topic = "a";
  retained.retain = true;
  EXPECT_EQ(reason(server.machine.publish(retained, server.now)), ReasonCode::retain_not_supported);
  std::array<std::uint8_t, 64> buffer{};
  codec::SubscribeFilterWriter writer(buffer);
  writer.add("a/#");
  codec::Subscribe subscribe;
  subscribe.filters = *writer.finish();
  EXPECT_EQ(reason(server.machine.subscribe(subscribe, server.now)),
            ReasonCode::wildcard_subscriptions_not_supported);
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientMachine, ResumedSessionSendsAgainInOrderWithDup) {
  ScriptedServer server(keeping_session());
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  ASSERT_TRUE(server.publish("a", "2", Qos::exactly_once));
  ASSERT_TRUE(server.publish("a", "3", Qos::exactly_once));
  ASSERT_TRUE(server.publish("a", "4", Qos::at_least_once));
  server.send(codec::Pubrec{2, {}, {}});
  server.close();
  server.told();
  server.machine.on_opened(server.now);
  EXPECT_EQ(server.received(), Lines{"CONNECT v5 id=c"});
  server.send(session_present());
  EXPECT_EQ(server.told(), Lines{"connected resumed"});
  EXPECT_EQ(server.received(), (Lines{"PUBLISH 1 q1 dup t=a p=1", "PUBREL 2",
                                      "PUBLISH 3 q2 dup t=a p=3", "PUBLISH 4 q1 dup t=a p=4"}));
}

TEST(ClientMachine, ResumedSessionRespectsASmallerReceiveMaximumAndLetsNothingOvertake) {
  ScriptedServer server(keeping_session());
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  ASSERT_TRUE(server.publish("a", "2", Qos::at_least_once));
  server.close();
  server.open();
  BuiltProperties said;
  codec::Connack connack = session_present();
  connack.properties = said.number(PropertyId::receive_maximum, 1).view();
  server.send(connack);
  EXPECT_EQ(server.received(), Lines{"PUBLISH 1 q1 dup t=a p=1"});
  EXPECT_EQ(server.publish("a", "3", Qos::at_least_once).error().code, ErrorCode::would_block);
  server.send(codec::Puback{1, {}, {}});
  EXPECT_EQ(server.received(), Lines{"PUBLISH 2 q1 dup t=a p=2"});
}

TEST(ClientMachine, LostSessionLosesWhatWasInFlight) {
  ScriptedServer server(keeping_session());
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  server.close();
  server.told();
  server.connect();
  EXPECT_EQ(server.told(), (Lines{"lost 1", "connected"}));
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientMachine, LostSessionIsPublishedAgainAsNewIfTheUserSaysSo) {
  MachineOptions options = keeping_session();
  options.session_loss = SessionLoss::publish_again;
  ScriptedServer server(options);
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  ASSERT_TRUE(server.publish("a", "2", Qos::exactly_once));
  server.send(codec::Pubrec{2, {}, {}});
  server.close();
  server.told();
  server.connect();
  EXPECT_EQ(server.received(), Lines{"PUBLISH 1 q1 t=a p=1"});
  EXPECT_EQ(server.told(), (Lines{"published 2", "connected"}));
}

TEST(ClientMachine, MessagesOfQos1AreAcknowledgedAfterTheUserHasSeenThem) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(message("a", "x", Qos::at_least_once, 5));
  EXPECT_EQ(server.told(), Lines{"PUBLISH 5 q1 t=a p=x"});
  EXPECT_EQ(server.received(), Lines{"PUBACK 5"});
}

TEST(ClientMachine, MessageOfQos2IsDeliveredOnceUntilReleased) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(message("a", "x", Qos::exactly_once, 5));
  codec::Publish again = message("a", "x", Qos::exactly_once, 5);
  again.dup = true;
  server.send(again);
  EXPECT_EQ(server.told(), Lines{"PUBLISH 5 q2 t=a p=x"});
  EXPECT_EQ(server.received(), (Lines{"PUBREC 5", "PUBREC 5"}));
  server.send(codec::Pubrel{5, {}, {}});
  server.send(codec::Pubrel{5, {}, {}});
  EXPECT_EQ(server.received(), (Lines{"PUBCOMP 5", "PUBCOMP 5 r=146"}));
  server.send(message("a", "y", Qos::exactly_once, 5));
  EXPECT_EQ(server.told(), Lines{"PUBLISH 5 q2 t=a p=y"});
}

TEST(ClientMachine, MessageOfQos2IsNotDeliveredAgainOnAResumedSession) {
  ScriptedServer server(keeping_session());
  server.connect();
  server.send(message("a", "x", Qos::exactly_once, 5));
  server.close();
  server.open();
  server.send(session_present());
  server.told();
  codec::Publish again = message("a", "x", Qos::exactly_once, 5);
  again.dup = true;
  server.send(again);
  EXPECT_EQ(server.told(), Lines{});
  EXPECT_EQ(server.received(), Lines{"PUBREC 5"});
}

TEST(ClientMachine, AcknowledgementsByHandLeaveInTheOrderOfTheMessages) {
  MachineOptions options = v5();
  options.acknowledge = Acknowledge::manually;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", "1", Qos::at_least_once, 1));
  server.send(message("a", "2", Qos::exactly_once, 2));
  server.send(message("a", "3", Qos::at_least_once, 3));
  EXPECT_EQ(server.received(), Lines{});
  const auto deliveries = server.events.deliveries;
  ASSERT_EQ(deliveries.size(), 3U);
  EXPECT_TRUE(server.machine.acknowledge(deliveries[2], ReasonCode::success, server.now));
  EXPECT_EQ(server.received(), Lines{});
  EXPECT_TRUE(server.machine.acknowledge(deliveries[0], ReasonCode::success, server.now));
  EXPECT_EQ(server.received(), Lines{"PUBACK 1"});
  EXPECT_TRUE(server.machine.acknowledge(deliveries[1], ReasonCode::quota_exceeded, server.now));
  EXPECT_EQ(server.received(), (Lines{"PUBREC 2 r=151", "PUBACK 3"}));
  EXPECT_EQ(server.machine.acknowledge(deliveries[1], ReasonCode::success, server.now).error().code,
            ErrorCode::not_found);
}

TEST(ClientMachine, AcknowledgementOfAnEarlierConnectionIsNotSentOnTheNext) {
  MachineOptions options = keeping_session();
  options.acknowledge = Acknowledge::manually;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", "1", Qos::at_least_once, 1));
  server.send(message("a", "2", Qos::exactly_once, 2));
  server.close();
  server.open();
  server.send(session_present());
  const auto deliveries = server.events.deliveries;
  EXPECT_FALSE(server.machine.acknowledge(deliveries[0], ReasonCode::success, server.now));
  EXPECT_TRUE(server.machine.acknowledge(deliveries[1], ReasonCode::success, server.now));
  EXPECT_EQ(server.received(), Lines{});
  codec::Publish again = message("a", "2", Qos::exactly_once, 2);
  again.dup = true;
  server.send(again);
  EXPECT_EQ(server.received(), Lines{"PUBREC 2"});
}

TEST(ClientMachine, ServerThatExceedsOurReceiveMaximumIsLeft) {
  MachineOptions options = v5();
  options.receive_maximum = 1;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", "1", Qos::exactly_once, 1));
  server.received();
  server.told();
  server.send(message("a", "2", Qos::exactly_once, 2));
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=147"});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=147"});
}

TEST(ClientMachine, PacketAboveOurMaximumIsRefused) {
  MachineOptions options = v5();
  options.packet_bytes_max = 32;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", std::string(100, 'x'), Qos::at_most_once));
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=149"});
}

TEST(ClientMachine, TopicAliasesOfTheServerAreResolved) {
  MachineOptions options = v5();
  options.topic_alias_max = 2;
  ScriptedServer server(options);
  server.connect();
  server.told();
  BuiltProperties alias;
  codec::Publish publish = message("long/topic", "1", Qos::at_most_once);
  publish.properties = alias.number(PropertyId::topic_alias, 2).view();
  server.send(publish);
  publish.topic = {};
  server.send(publish);
  EXPECT_EQ(server.told(),
            (Lines{"PUBLISH 0 q0 t=long/topic p=1", "PUBLISH 0 q0 t=long/topic p=1"}));
}

TEST(ClientMachine, TopicAliasIsForgottenWithItsConnection) {
  MachineOptions options = keeping_session();
  options.topic_alias_max = 2;
  ScriptedServer server(options);
  server.connect();
  BuiltProperties alias;
  codec::Publish publish = message("t", "1", Qos::at_most_once);
  publish.properties = alias.number(PropertyId::topic_alias, 1).view();
  server.send(publish);
  server.close();
  server.connect();
  publish.topic = {};
  server.told();
  server.send(publish);
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=130"});
}

TEST(ClientMachine, TopicAliasAboveOurMaximumIsRefused) {
  ScriptedServer server(v5());
  server.connect();
  BuiltProperties alias;
  codec::Publish publish = message("t", "1", Qos::at_most_once);
  publish.properties = alias.number(PropertyId::topic_alias, 1).view();
  server.send(publish);
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=148"});
}

TEST(ClientMachine, OwnTopicAliasIsNotPartOfASecondSending) {
  ScriptedServer server(keeping_session());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::topic_alias_maximum, 5).view();
  server.connect(connack);
  BuiltProperties alias;
  codec::Publish publish = message("t", "1", Qos::at_least_once);
  publish.properties = alias.number(PropertyId::topic_alias, 3).view();
  ASSERT_TRUE(server.machine.publish(publish, server.now));
  const std::size_t with_alias = server.machine.output().size();
  server.close();
  server.open();
  server.send(session_present());
  EXPECT_EQ(server.machine.output().size(), with_alias - 3);
}

TEST(ClientMachine, SubscribeIsAnsweredBySubackWithOneCodeForEachFilter) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  std::array<std::uint8_t, 64> buffer{};
  codec::SubscribeFilterWriter writer(buffer);
  writer.add("a").add("b");
  codec::Subscribe subscribe;
  subscribe.filters = *writer.finish();
  ASSERT_EQ(server.machine.subscribe(subscribe, server.now).value(), 1);
  EXPECT_EQ(server.received(), Lines{"SUBSCRIBE 1"});
  const std::array<std::uint8_t, 2> codes{0, 1};
  codec::Suback suback;
  suback.packet_id = 1;
  suback.codes = codes;
  server.send(suback);
  EXPECT_EQ(server.told(), Lines{"subscribed 1"});
  server.send(suback);
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
}

TEST(ClientMachine, SubscribeOnALostConnectionIsLost) {
  ScriptedServer server(keeping_session());
  server.connect();
  std::array<std::uint8_t, 64> buffer{};
  codec::SubscribeFilterWriter writer(buffer);
  writer.add("a");
  codec::Subscribe subscribe;
  subscribe.filters = *writer.finish();
  ASSERT_TRUE(server.machine.subscribe(subscribe, server.now));
  server.told();
  server.close();
  EXPECT_EQ(server.told(), (Lines{"lost 1", "ended transport"}));
}

TEST(ClientMachine, PingGoesOutBeforeTheKeepAliveEnds) {
  ScriptedServer server(v5());
  server.connect();
  server.advance(53s);
  EXPECT_EQ(server.received(), Lines{});
  server.advance(6s);
  EXPECT_EQ(server.received(), Lines{"PINGREQ"});
  server.told();
  server.send(codec::Pingresp{});
  EXPECT_EQ(server.told(), Lines{"pong"});
}

TEST(ClientMachine, ClientThatOnlyPublishesAsksForASignOfLife) {
  ScriptedServer server(v5());
  server.connect();
  for (int minute = 0; minute < 6; ++minute) {
    server.advance(10s);
    ASSERT_TRUE(server.publish("a", "x"));
  }
  const Lines sent = server.received();
  EXPECT_EQ(std::ranges::count(sent, "PINGREQ"), 1);
}

TEST(ClientMachine, SilentServerIsLeftAfterThePingTimeout) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.advance(54s);
  EXPECT_EQ(server.received(), Lines{"PINGREQ"});
  server.advance(9s);
  EXPECT_EQ(server.told(), Lines{});
  server.advance(1s);
  EXPECT_EQ(server.told(), Lines{"ended ping_timeout"});
}

TEST(ClientMachine, MQTT5_3_2_2_21_server_keep_alive_replaces_ours) {
  ScriptedServer server(v5());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::server_keep_alive, 10).view();
  server.connect(connack);
  server.advance(9s);
  EXPECT_EQ(server.received(), Lines{"PINGREQ"});
}

TEST(ClientMachine, KeepAliveOfZeroSendsNoPings) {
  MachineOptions options = v5();
  options.keep_alive_s = 0;
  ScriptedServer server(options);
  server.connect();
  EXPECT_TRUE(server.machine.next_deadline().is_never());
}

TEST(ClientMachine, DisconnectOfTheServerIsToldWithItsReason) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(codec::Disconnect{ReasonCode::session_taken_over, {}});
  EXPECT_EQ(server.told(), Lines{"ended by_server r=142"});
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientMachine, DisconnectIsTheLastPacket) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  ASSERT_TRUE(server.machine.disconnect({}, server.now));
  EXPECT_EQ(server.received(), Lines{"DISCONNECT"});
  EXPECT_EQ(server.told(), Lines{"ended by_user"});
  EXPECT_EQ(server.publish("a", "x").error().code, ErrorCode::closed);
  server.close();
  EXPECT_EQ(server.told(), Lines{});
  EXPECT_EQ(server.machine.state(), MachineState::idle);
}

TEST(ClientMachine, MQTT5_3_14_2_2_session_expiry_cannot_be_given_at_the_end) {
  ScriptedServer server(v5());
  server.connect();
  BuiltProperties expiry;
  codec::Disconnect disconnect;
  disconnect.properties = expiry.number(PropertyId::session_expiry_interval, 5).view();
  EXPECT_EQ(server.machine.disconnect(disconnect, server.now).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(server.machine.is_connected());
}

TEST(ClientMachine, AuthWithoutAMethodInConnectIsAProtocolError) {
  ScriptedServer server(v5());
  server.open();
  BuiltProperties method;
  codec::Auth auth;
  auth.reason = ReasonCode::continue_authentication;
  auth.properties = method.text(PropertyId::authentication_method, "SCRAM-SHA-256").view();
  server.send(auth);
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
}

TEST(ClientMachine, AuthOfOurMethodIsGivenToTheUser) {
  BuiltProperties ours;
  const codec::Properties method =
      ours.text(PropertyId::authentication_method, "SCRAM-SHA-256").view();
  MachineOptions options = v5();
  options.connect_properties.assign(method.raw.begin(), method.raw.end());
  ScriptedServer server(options);
  server.open();
  codec::Auth auth;
  auth.reason = ReasonCode::continue_authentication;
  auth.properties = method;
  server.send(auth);
  EXPECT_EQ(server.told(), Lines{"auth r=24"});
  EXPECT_TRUE(server.machine.auth(auth, server.now));
  EXPECT_EQ(server.received(), Lines{"AUTH r=24"});
}

TEST(ClientMachine, IdentifiersGoRoundAndSkipNoneThatWait) {
  ScriptedServer server(v3());
  server.connect();
  ASSERT_EQ(server.publish("a", "stuck", Qos::at_least_once).value(), 1);
  for (unsigned id = 2; id <= 65'535; ++id) {
    ASSERT_EQ(server.publish("a", "x", Qos::at_least_once).value(), id);
    server.send(codec::Puback{static_cast<codec::PacketId>(id), {}, {}});
    server.machine.consume(server.machine.output().size());
  }
  EXPECT_EQ(server.publish("a", "x", Qos::at_least_once).error().code, ErrorCode::would_block);
  server.send(codec::Puback{1, {}, {}});
  EXPECT_EQ(server.publish("a", "x", Qos::at_least_once).value(), 1);
}

class PublishingEvents : public NoClientEvents {
 public:
  void on_message(const Message& received) override {
    codec::Publish publish = message("reply", "r", Qos::at_least_once);
    EXPECT_TRUE(machine->publish(publish, Instant{}));
    EXPECT_EQ(received.publish.topic, "a");
  }
  ClientMachine* machine = nullptr;
};

TEST(ClientMachine, PublishingFromWithinAMessageHandlerWorks) {
  PublishingEvents events;
  ClientMachine machine(v3(), events);
  events.machine = &machine;
  machine.on_opened(Instant{});
  const std::vector<std::uint8_t> stream{0x20, 2,   0,    0, 0x30, 4, 0,   1,
                                         'a',  'x', 0x30, 4, 0,    1, 'a', 'y'};
  machine.on_bytes(stream, Instant{});
  EXPECT_EQ(machine.waiting(), 2U);
}

}  // namespace
}  // namespace sluice::client
