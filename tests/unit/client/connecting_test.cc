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

TEST(ClientConnecting, ConnectIsTheFirstPacketAndConnackConnects) {
  ScriptedServer server(v5());
  server.machine.on_opened(server.now);
  EXPECT_EQ(server.received(), Lines{"CONNECT v5 id=c clean"});
  EXPECT_EQ(server.machine.state(), MachineState::connecting);
  server.send(codec::Connack{});
  EXPECT_EQ(server.told(), Lines{"connected"});
  EXPECT_TRUE(server.machine.is_connected());
}

TEST(ClientConnecting, AnyCutOfTheStreamGivesTheSameEvents) {
  ScriptedServer server(v3());
  server.open();
  std::vector<std::uint8_t> stream{0x20, 2, 0, 0};
  const std::vector<std::uint8_t> publish{0x32, 7, 0, 1, 'a', 0, 9, 'x', 'y', 0xD0, 0};
  stream.insert(stream.end(), publish.begin(), publish.end());
  for (const std::uint8_t byte : stream) server.send_bytes(ByteView(&byte, 1));
  EXPECT_EQ(server.told(), (Lines{"connected", "PUBLISH 9 q1 t=a p=xy", "pong"}));
  EXPECT_EQ(server.received(), Lines{"PUBACK 9"});
}

TEST(ClientConnecting, ServerThatDoesNotAnswerConnectIsLeft) {
  ScriptedServer server(v5());
  server.open();
  server.advance(29s);
  EXPECT_EQ(server.told(), Lines{});
  server.advance(1s);
  EXPECT_EQ(server.told(), Lines{"ended connect_timeout"});
  EXPECT_EQ(server.machine.state(), MachineState::closing);
}

TEST(ClientConnecting, RefusalIsToldWithItsCode) {
  ScriptedServer server(v5());
  server.open();
  server.send(refusal(0x87));
  EXPECT_EQ(server.told(), (Lines{"refused 135", "ended refused r=135"}));
}

TEST(ClientConnecting, OldServerThatRefusesMqtt5InTheOldFormIsUnderstood) {
  ScriptedServer server(v5());
  server.open();
  const std::vector<std::uint8_t> connack{0x20, 2, 0, 1};
  server.send_bytes(connack);
  EXPECT_EQ(server.told(), (Lines{"refused 1", "ended refused r=128"}));
}

TEST(ClientConnecting, OldServerThatAcceptsMqtt5InTheOldFormIsLeft) {
  ScriptedServer server(v5());
  server.open();
  const std::vector<std::uint8_t> connack{0x20, 2, 0, 0};
  server.send_bytes(connack);
  EXPECT_EQ(server.told(), Lines{"ended protocol"});
}

TEST(ClientConnecting, AnythingBeforeConnackEndsTheConnectionWithoutAnAnswer) {
  ScriptedServer server(v5());
  server.open();
  server.send(codec::Pingresp{});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientConnecting, SecondConnackIsAProtocolError) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(codec::Connack{});
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
  EXPECT_EQ(server.received(), Lines{"DISCONNECT r=130"});
}

TEST(ClientConnecting, MQTT5_3_2_2_4_session_present_without_a_session_here_closes) {
  ScriptedServer server(v5());
  server.open();
  server.send(session_present());
  EXPECT_EQ(server.told(), Lines{"ended protocol"});
}

TEST(ClientConnecting, SessionOfAnEarlierRunIsResumedIfTheUserSaysSo) {
  MachineOptions options = v5();
  options.clean_start = CleanStart::never;
  options.prior_session = PriorSession::resumed;
  ScriptedServer server(options);
  server.connect(session_present());
  EXPECT_EQ(server.told(), Lines{"connected resumed"});
}

TEST(ClientConnecting, AssignedClientIdIsUsedForTheNextConnection) {
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

TEST(ClientConnecting, PingGoesOutBeforeTheKeepAliveEnds) {
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

TEST(ClientConnecting, ClientThatOnlyPublishesAsksForASignOfLife) {
  ScriptedServer server(v5());
  server.connect();
  for (int minute = 0; minute < 6; ++minute) {
    server.advance(10s);
    ASSERT_TRUE(server.publish("a", "x"));
  }
  const Lines sent = server.received();
  EXPECT_EQ(std::ranges::count(sent, "PINGREQ"), 1);
}

TEST(ClientConnecting, SilentServerIsLeftAfterThePingTimeout) {
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

TEST(ClientConnecting, MQTT5_3_2_2_21_server_keep_alive_replaces_ours) {
  ScriptedServer server(v5());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::server_keep_alive, 10).view();
  server.connect(connack);
  server.advance(9s);
  EXPECT_EQ(server.received(), Lines{"PINGREQ"});
}

TEST(ClientConnecting, KeepAliveOfZeroSendsNoPings) {
  MachineOptions options = v5();
  options.keep_alive_s = 0;
  ScriptedServer server(options);
  server.connect();
  EXPECT_TRUE(server.machine.next_deadline().is_never());
}

TEST(ClientConnecting, DisconnectOfTheServerIsToldWithItsReason) {
  ScriptedServer server(v5());
  server.connect();
  server.told();
  server.send(codec::Disconnect{ReasonCode::session_taken_over, {}});
  EXPECT_EQ(server.told(), Lines{"ended by_server r=142"});
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientConnecting, DisconnectIsTheLastPacket) {
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

TEST(ClientConnecting, SessionExpiryCannotBeGivenAtTheEnd) {
  ScriptedServer server(v5());
  server.connect();
  BuiltProperties expiry;
  codec::Disconnect disconnect;
  disconnect.properties = expiry.number(PropertyId::session_expiry_interval, 5).view();
  EXPECT_EQ(server.machine.disconnect(disconnect, server.now).error().code,
            ErrorCode::invalid_argument);
  EXPECT_TRUE(server.machine.is_connected());
}

TEST(ClientConnecting, AuthWithoutAMethodInConnectIsAProtocolError) {
  ScriptedServer server(v5());
  server.open();
  BuiltProperties method;
  codec::Auth auth;
  auth.reason = ReasonCode::continue_authentication;
  auth.properties = method.text(PropertyId::authentication_method, "SCRAM-SHA-256").view();
  server.send(auth);
  EXPECT_EQ(server.told(), Lines{"ended protocol r=130"});
}

TEST(ClientConnecting, MQTT5_4_12_0_7_no_auth_without_a_method_in_connect) {
  ScriptedServer server(v5());
  server.connect();
  codec::Auth auth;
  auth.reason = ReasonCode::re_authenticate;
  EXPECT_EQ(server.machine.auth(auth, server.now).error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(server.received(), Lines{});
}

}  // namespace
}  // namespace sluice::client
