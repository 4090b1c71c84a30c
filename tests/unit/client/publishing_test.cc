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
using Lines = std::vector<std::string>;

TEST(ClientPublishing, Qos0PublishHasNoIdentifier) {
  ScriptedServer server(v5());
  server.connect();
  EXPECT_EQ(server.publish("a", "x").value(), 0);
  EXPECT_EQ(server.received(), Lines{"PUBLISH 0 q0 t=a p=x"});
  EXPECT_EQ(server.machine.waiting(), 0U);
}

TEST(ClientPublishing, PublishingBeforeConnackIsRefused) {
  ScriptedServer server(v5());
  server.open();
  EXPECT_EQ(server.publish("a", "x").error().code, ErrorCode::closed);
}

TEST(ClientPublishing, TopicNameWithAWildcardIsRefused) {
  ScriptedServer server(v5());
  server.connect();
  EXPECT_FALSE(server.publish("a/#", "x"));
  EXPECT_FALSE(server.publish("", "x"));
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientPublishing, Qos1PublishIsCompleteWithItsPuback) {
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

TEST(ClientPublishing, Qos2PublishGoesThroughAllFourPackets) {
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

TEST(ClientPublishing, RefusedQos2PublishIsOverWithItsPubrec) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  ASSERT_TRUE(server.publish("a", "x", Qos::exactly_once));
  server.received();
  server.send(codec::Pubrec{1, ReasonCode::not_authorized, {}});
  EXPECT_EQ(server.told(), Lines{"published 1 r=135"});
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientPublishing, AckThatFitsAnotherQosIsAProtocolError) {
  ScriptedServer server(v5());
  server.connect();
  ASSERT_TRUE(server.publish("a", "x", Qos::exactly_once));
  server.told();
  server.send(codec::Puback{1, {}, {}});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
}

TEST(ClientPublishing, PubrecForAnUnknownMessageIsReleased) {
  ScriptedServer server(v5());
  server.connect();
  server.send(codec::Pubrec{77, {}, {}});
  EXPECT_EQ(server.received(), Lines{"PUBREL 77 r=146"});
}

TEST(ClientPublishing, MQTT5_3_3_4_7_no_more_messages_than_the_servers_receive_maximum) {
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

TEST(ClientPublishing, WindowOfOurOwnLimitsMessagesInFlight) {
  MachineOptions options = v3();
  options.inflight_max = 1;
  ScriptedServer server(options);
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", Qos::at_least_once));
  EXPECT_EQ(server.publish("a", "2", Qos::at_least_once).error().code, ErrorCode::would_block);
}

TEST(ClientPublishing, LimitsThatTheServerStatesAreKept) {
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

TEST(ClientPublishing, ResumedSessionSendsAgainInOrderWithDup) {
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

TEST(ClientPublishing, ResumedSessionRespectsASmallerReceiveMaximumAndLetsNothingOvertake) {
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

TEST(ClientPublishing, LostSessionIsPublishedAgainAsNewIfTheUserSaysSo) {
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

TEST(ClientPublishing, MessageOfQos2IsNotDeliveredAgainOnAResumedSession) {
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

TEST(ClientPublishing, OwnTopicAliasIsNotPartOfASecondSending) {
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

TEST(ClientPublishing, SubscribeIsAnsweredBySubackWithOneCodeForEachFilter) {
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

TEST(ClientPublishing, SubscribeOnALostConnectionIsLost) {
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

TEST(ClientPublishing, IdentifiersGoRoundAndSkipNoneThatWait) {
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

}  // namespace
}  // namespace sluice::client
