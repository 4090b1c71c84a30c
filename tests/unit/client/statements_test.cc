// SPDX-License-Identifier: Apache-2.0
// What the standards demand of a client, statement by statement, on the client machine.
#include "tests/unit/client/scripted_server.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::client {
namespace {

using codec::PropertyId;
using codec::Qos;
using codec::ReasonCode;
using Lines = std::vector<std::string>;

constexpr auto qos_1 = Qos::at_least_once;
constexpr auto qos_2 = Qos::exactly_once;

MachineOptions keeping_session_v3() {
  MachineOptions options = keeping_session();
  options.version = codec::Version::v3_1_1;
  return options;
}

// Three messages in flight, the second of them released, when the connection is lost.
void lose_connection(ScriptedServer& server) {
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", qos_1));
  ASSERT_TRUE(server.publish("a", "2", qos_2));
  ASSERT_TRUE(server.publish("a", "3", qos_2));
  ASSERT_TRUE(server.publish("a", "4", qos_2));
  server.send(codec::Pubrec{2, {}, {}});
  server.send(codec::Pubrec{3, {}, {}});
  server.close();
  server.open();
  server.send(session_present());
}
const Lines sent_again{"PUBLISH 1 q1 dup t=a p=1", "PUBREL 2", "PUBREL 3",
                       "PUBLISH 4 q2 dup t=a p=4"};

// Messages of both kinds, then the word of the server that releases the second.
Lines answers_of(MachineOptions options) {
  ScriptedServer server(std::move(options));
  server.connect();
  server.send(message("a", "1", qos_1, 1));
  server.send(message("a", "2", qos_2, 2));
  server.send(message("a", "3", qos_1, 3));
  server.send(message("a", "4", qos_2, 4));
  return server.received();
}
const Lines answered{"PUBACK 1", "PUBREC 2", "PUBACK 3", "PUBREC 4"};

void expect_releases_in_order(MachineOptions options) {
  ScriptedServer server(std::move(options));
  server.connect();
  for (const char* payload : {"1", "2", "3"}) ASSERT_TRUE(server.publish("a", payload, qos_2));
  server.received();
  for (const codec::PacketId id : std::array<codec::PacketId, 3>{2, 1, 3})
    server.send(codec::Pubrec{id, {}, {}});
  EXPECT_EQ(server.received(), (Lines{"PUBREL 2", "PUBREL 1", "PUBREL 3"}));
}

void expect_nothing_behind_disconnect(MachineOptions options) {
  ScriptedServer server(std::move(options));
  server.connect();
  server.told();
  ASSERT_TRUE(server.machine.disconnect({}, server.now));
  EXPECT_EQ(server.received(), Lines{"DISCONNECT"});
  EXPECT_EQ(server.told(), Lines{"ended by_user"});
  EXPECT_EQ(server.publish("a", "x").error().code, ErrorCode::closed);
  server.send(message("a", "x", qos_1, 1));
  EXPECT_EQ(server.received(), Lines{});
}

void expect_ping_in_time(MachineOptions options) {
  ScriptedServer server(std::move(options));
  server.connect();
  server.advance(60s);
  EXPECT_EQ(server.received(), Lines{"PINGREQ"});
}

TEST(ClientStatements, MQTT3_2_3_1_2_a_new_packet_takes_an_unused_identifier) {
  ScriptedServer server(v3());
  server.connect();
  EXPECT_EQ(server.publish("a", "1", qos_1).value(), 1);
  EXPECT_EQ(server.publish("a", "2", qos_2).value(), 2);
  server.send(codec::Puback{1, {}, {}});
  EXPECT_EQ(server.publish("a", "3", qos_1).value(), 3);
}

TEST(ClientStatements, MQTT3_2_3_1_3_what_is_sent_again_keeps_its_identifier) {
  ScriptedServer server(keeping_session_v3());
  lose_connection(server);
  EXPECT_EQ(server.received(), sent_again);
}

TEST(ClientStatements, MQTT3_3_1_2_23_a_ping_goes_out_within_the_keep_alive) {
  expect_ping_in_time(v3());
}

TEST(ClientStatements, MQTT3_3_14_4_1_and_2_disconnect_is_the_last_packet_and_the_end) {
  expect_nothing_behind_disconnect(v3());
}

TEST(ClientStatements, MQTT3_4_5_0_2_a_message_is_acknowledged_whatever_becomes_of_it) {
  EXPECT_EQ(answers_of(v3()), answered);
}

TEST(ClientStatements, MQTT3_4_6_0_1_publishes_are_sent_again_in_their_first_order) {
  ScriptedServer server(keeping_session_v3());
  lose_connection(server);
  EXPECT_EQ(server.received(), sent_again);
}

TEST(ClientStatements, MQTT3_4_6_0_2_and_3_puback_and_pubrec_go_in_the_order_of_the_publishes) {
  EXPECT_EQ(answers_of(v3()), answered);
}

TEST(ClientStatements, MQTT3_4_6_0_4_pubrel_goes_in_the_order_of_the_pubrec) {
  expect_releases_in_order(v3());
}

TEST(ClientStatements, MQTT3_7_1_2_1_any_cut_of_the_stream_is_the_same_stream) {
  ScriptedServer server(v3());
  server.open();
  const std::array<std::uint8_t, 13> stream{0x20, 2, 0, 0, 0x32, 7, 0, 1, 'a', 0, 9, 'x', 'y'};
  for (const std::uint8_t byte : stream) server.send_bytes(ByteView(&byte, 1));
  EXPECT_EQ(server.told(), (Lines{"connected", "PUBLISH 9 q1 t=a p=xy"}));
}

TEST(ClientStatements, MQTT5_3_1_2_20_a_ping_goes_out_within_the_keep_alive) {
  expect_ping_in_time(v5());
}

TEST(ClientStatements, MQTT5_3_1_2_21_the_servers_keep_alive_counts) {
  ScriptedServer server(v5());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::server_keep_alive, 5).view();
  server.connect(connack);
  server.advance(5s);
  EXPECT_EQ(server.received(), Lines{"PINGREQ"});
}

TEST(ClientStatements, MQTT5_3_2_2_5_session_present_0_discards_what_was_in_flight) {
  ScriptedServer server(keeping_session());
  server.connect();
  ASSERT_TRUE(server.publish("a", "1", qos_1));
  server.close();
  server.told();
  server.connect();
  EXPECT_EQ(server.told(), (Lines{"lost 1", "connected"}));
  EXPECT_EQ(server.received(), Lines{});
}

TEST(ClientStatements, MQTT5_3_3_2_10_aliases_up_to_our_maximum_are_taken) {
  MachineOptions options = v5();
  options.topic_alias_max = 3;
  ScriptedServer server(options);
  server.connect();
  server.told();
  for (const std::uint32_t alias : {1U, 3U}) {
    for (const char* topic : {"a", ""}) {
      BuiltProperties said;
      codec::Publish publish = message(topic, "x", Qos::at_most_once);
      publish.properties = said.number(PropertyId::topic_alias, alias).view();
      server.send(publish);
    }
  }
  EXPECT_EQ(server.told(), Lines(4, "PUBLISH 0 q0 t=a p=x"));
}

TEST(ClientStatements, MQTT5_3_3_4_8_at_the_receive_maximum_other_packets_go_on) {
  ScriptedServer server(v5());
  BuiltProperties said;
  codec::Connack connack;
  connack.properties = said.number(PropertyId::receive_maximum, 1).view();
  server.connect(connack);
  ASSERT_TRUE(server.publish("a", "1", qos_1));
  server.received();
  EXPECT_EQ(server.publish("a", "2", qos_1).error().code, ErrorCode::would_block);
  EXPECT_TRUE(server.publish("a", "3"));
  server.send(message("b", "x", qos_1, 7));
  EXPECT_EQ(server.received(), (Lines{"PUBLISH 0 q0 t=a p=3", "PUBACK 7"}));
}

TEST(ClientStatements, MQTT5_4_5_0_2_a_message_is_acknowledged_whatever_becomes_of_it) {
  EXPECT_EQ(answers_of(v5()), answered);
}

TEST(ClientStatements, MQTT5_4_6_0_1_publishes_are_sent_again_in_their_first_order) {
  ScriptedServer server(keeping_session());
  lose_connection(server);
  EXPECT_EQ(server.received(), sent_again);
}

TEST(ClientStatements, MQTT5_4_6_0_2_and_3_puback_and_pubrec_go_in_the_order_of_the_publishes) {
  EXPECT_EQ(answers_of(v5()), answered);
}

TEST(ClientStatements, MQTT5_4_6_0_4_pubrel_goes_in_the_order_of_the_pubrec) {
  expect_releases_in_order(v5());
}

TEST(ClientStatements, MQTT5_3_14_4_1_and_2_disconnect_is_the_last_packet_and_the_end) {
  expect_nothing_behind_disconnect(v5());
}

TEST(ClientStatements, MQTT5_4_12_0_3_auth_of_the_client_continues_with_0x18) {
  BuiltProperties ours;
  const codec::Properties method = ours.text(PropertyId::authentication_method, "M").view();
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

}  // namespace
}  // namespace sluice::client
