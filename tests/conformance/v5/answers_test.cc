// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §3.4 to §3.7 and §3.12 to §3.15: acknowledgements, DISCONNECT, AUTH.
#include "tests/conformance/pair.h"

namespace sluice::testing {
namespace {

using Mqtt5Answers = Pair<Version::v5>;

// Nothing but what must be there fits into ten bytes.
Connect small(std::string id) {
  Connect connect = five(std::move(id));
  connect.props.number(PropertyId::maximum_packet_size, 24);
  return connect;
}

TEST_F(Mqtt5Answers, MQTT5_3_4_2_1_puback_has_a_listed_code) {
  expect_disconnected_after("40 @ 0001 05", protocol_error);
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  client_.expect(Puback{.packet_id = 1, .reason = ReasonCode::no_matching_subscribers});
  client_.send(Publish{.topic = "$SYS/t", .qos = qos_1, .packet_id = 1});
  client_.expect(Puback{.packet_id = 1, .reason = ReasonCode::not_authorized});
}

TEST_F(Mqtt5Answers, MQTT5_3_4_2_2_and_3_puback_never_exceeds_the_clients_maximum) {
  Client& client = broker_.connect(small("s"));
  client.send(Publish{.topic = "$SYS/t", .qos = qos_1, .packet_id = 1});
  EXPECT_TRUE(client.take<Puback>().props.empty());
}

TEST_F(Mqtt5Answers, MQTT5_3_5_2_1_pubrec_has_a_listed_code) {
  expect_disconnected_after("50 @ 0001 92", protocol_error);
  client_.send(Publish{.topic = "$SYS/t", .qos = qos_2, .packet_id = 1});
  client_.expect(Pubrec{.packet_id = 1, .reason = ReasonCode::not_authorized});
}

TEST_F(Mqtt5Answers, MQTT5_3_5_2_2_and_3_pubrec_never_exceeds_the_clients_maximum) {
  Client& client = broker_.connect(small("s"));
  client.send(Publish{.topic = "$SYS/t", .qos = qos_2, .packet_id = 1});
  EXPECT_TRUE(client.take<Pubrec>().props.empty());
}

TEST_F(Mqtt5Answers, MQTT5_3_6_2_1_pubrel_has_a_listed_code) {
  expect_disconnected_after("62 @ 0001 10", protocol_error);
  client_.send(Pubrec{.packet_id = 6});
  client_.expect(Pubrel{.packet_id = 6, .reason = ReasonCode::packet_identifier_not_found});
}

TEST_F(Mqtt5Answers, MQTT5_3_6_2_2_and_3_pubrel_never_exceeds_the_clients_maximum) {
  Client& client = broker_.connect(small("s"));
  client.send(Pubrec{.packet_id = 6});
  EXPECT_TRUE(client.take<Pubrel>().props.empty());
}

TEST_F(Mqtt5Answers, MQTT5_3_7_2_1_pubcomp_has_a_listed_code) {
  expect_disconnected_after("70 @ 0001 10", protocol_error);
  client_.send(Pubrel{.packet_id = 6});
  client_.expect(Pubcomp{.packet_id = 6, .reason = ReasonCode::packet_identifier_not_found});
}

TEST_F(Mqtt5Answers, MQTT5_3_7_2_2_and_3_pubcomp_never_exceeds_the_clients_maximum) {
  Client& client = broker_.connect(small("s"));
  client.send(Pubrel{.packet_id = 6});
  EXPECT_TRUE(client.take<Pubcomp>().props.empty());
}

TEST_F(Mqtt5Answers, MQTT5_3_12_4_1_pingreq_is_answered) {
  client_.send(Pingreq{}, Pingreq{});
  client_.expect(Pingresp{});
  client_.expect(Pingresp{});
}

TEST(Mqtt5AnswersRaw, MQTT5_3_14_0_1_no_disconnect_before_a_connack) {
  expect_closed_at_once("C0 00");
  expect_closed_at_once("F0 00");
  expect_closed_at_once("10 FFFFFFFF01");
}

TEST(Mqtt5AnswersRaw, MQTT5_3_14_2_1_and_2_disconnect_has_a_listed_code_and_no_session_expiry) {
  expect_disconnected_after("E0 01 05", protocol_error);
  Broker broker;
  Client& client = broker.connect(five("a", 600));
  client.send_bytes(wire("C1 00"));
  const auto said = client.take<Disconnect>();
  EXPECT_EQ(said.reason, ReasonCode::malformed_packet);
  EXPECT_FALSE(said.props.has(PropertyId::session_expiry_interval));
}

TEST(Mqtt5AnswersRaw, MQTT5_3_14_2_3_and_4_disconnect_leaves_out_what_does_not_fit) {
  Broker broker;
  Client& small_client = broker.connect(small("a"));
  small_client.send_bytes(wire("C1 00"));
  EXPECT_TRUE(small_client.take<Disconnect>().props.empty());
  Client& client = broker.connect(five("b"));
  client.send_bytes(wire("C1 00"));
  EXPECT_TRUE(client.take<Disconnect>().props.has(PropertyId::reason_string));
}

TEST_F(Mqtt5Answers, MQTT5_3_14_4_1_and_2_nothing_comes_behind_disconnect_but_the_end) {
  subscribe(client_, {"t"});
  client_.send_bytes(wire("C1 00 C0 00 C0 00"));
  other_.send(Publish{.topic = "t"});
  client_.expect_disconnect(ReasonCode::malformed_packet);
}

TEST(Mqtt5AnswersRaw, MQTT5_3_15_1_1_auth_has_no_flags) {
  expect_disconnected_after("F1 00", ReasonCode::malformed_packet);
}

TEST(Mqtt5AnswersRaw, MQTT5_3_15_2_1_auth_has_a_listed_code) {
  expect_disconnected_after("F0 @ 05 [ 15 s'm' ]", protocol_error);
}

TEST(Mqtt5AnswersRaw, MQTT5_3_15_2_2_and_3_a_client_that_takes_little_gets_no_auth_that_is_more) {
  Broker broker;
  Client& client = broker.open();
  Connect connect = small("a");
  connect.props.text(PropertyId::authentication_method, "nobody-has-it");
  client.send(connect);
  EXPECT_TRUE(client.expect(Connack{.code = 0x8C}).props.empty());
  client.expect_closed();
}

TEST(Mqtt5AnswersRaw, MQTT5_4_13_1_1_every_fault_with_a_code_ends_the_connection) {
  expect_disconnected_after("00 00", ReasonCode::malformed_packet);
  expect_disconnected_after("D0 00", protocol_error);
  expect_disconnected_after("82 @ 0001 [ 0B 00 ] s't' 00", protocol_error);
  expect_disconnected_after("30 @ s't' [ 7F 00 ]", ReasonCode::malformed_packet);
}

}  // namespace
}  // namespace sluice::testing
