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

TEST(ClientReceiving, MessagesOfQos1AreAcknowledgedAfterTheUserHasSeenThem) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(message("a", "x", Qos::at_least_once, 5));
  EXPECT_EQ(server.told(), Lines{"PUBLISH 5 q1 t=a p=x"});
  EXPECT_EQ(server.received(), Lines{"PUBACK 5"});
}

TEST(ClientReceiving, MessageOfQos2IsDeliveredOnceUntilReleased) {
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

TEST(ClientReceiving, AcknowledgementsByHandLeaveInTheOrderOfTheMessages) {
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

TEST(ClientReceiving, AcknowledgementOfAnEarlierConnectionIsNotSentOnTheNext) {
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

TEST(ClientReceiving, ServerThatExceedsOurReceiveMaximumIsLeft) {
  MachineOptions options = v5();
  options.receive_maximum = 1;
  options.acknowledge = Acknowledge::manually;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", "1", Qos::exactly_once, 1));
  server.received();
  server.told();
  server.send(message("a", "2", Qos::exactly_once, 2));
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=147"});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=147"});
}

TEST(ClientReceiving, ServerThatCountsQos2OnlyUntilPubrecIsNotLeft) {
  MachineOptions options = v5();
  options.receive_maximum = 1;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", "1", Qos::exactly_once, 1));
  server.send(message("a", "2", Qos::exactly_once, 2));
  EXPECT_EQ(server.received(), (Lines{"PUBREC 1", "PUBREC 2"}));
  EXPECT_EQ(server.told(), (Lines{"connected", "PUBLISH 1 q2 t=a p=1", "PUBLISH 2 q2 t=a p=2"}));
}

TEST(ClientReceiving, PacketAboveOurMaximumIsRefused) {
  MachineOptions options = v5();
  options.packet_bytes_max = 32;
  ScriptedServer server(options);
  server.connect();
  server.send(message("a", std::string(100, 'x'), Qos::at_most_once));
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=149"});
}

TEST(ClientReceiving, TopicAliasesOfTheServerAreResolved) {
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

TEST(ClientReceiving, MQTT5_3_3_2_7_a_topic_alias_is_forgotten_with_its_connection) {
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

TEST(ClientReceiving, TopicAliasAboveOurMaximumIsRefused) {
  ScriptedServer server(v5());
  server.connect();
  BuiltProperties alias;
  codec::Publish publish = message("t", "1", Qos::at_most_once);
  publish.properties = alias.number(PropertyId::topic_alias, 1).view();
  server.send(publish);
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=148"});
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

TEST(ClientReceiving, PublishingFromWithinAMessageHandlerWorks) {
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
