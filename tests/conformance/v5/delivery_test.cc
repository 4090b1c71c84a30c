// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §4.1 to §4.9: sessions, the exchanges of each QoS, order.
#include "tests/conformance/pair.h"

#include <array>

namespace sluice::testing {
namespace {

using Mqtt5Delivery = Pair<Version::v5>;

TEST_F(Mqtt5Delivery, MQTT5_4_1_0_1_a_session_lasts_as_long_as_its_connection) {
  subscribe(other_, {"t"});
  for (int i = 0; i < 50; ++i) connect("x").cut();
  client_.send(Publish{.topic = "t"});
  other_.expect(Publish{.topic = "t"});
}

TEST_F(Mqtt5Delivery, MQTT5_4_2_1_any_cut_of_the_stream_is_the_same_stream) {
  expect_any_cut_to_be_the_same_stream();
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_1_1_qos_0_goes_out_with_qos_0_and_without_dup) {
  subscribe(other_, {"t", qos_2});
  client_.send(Publish{.topic = "t"});
  const auto got = other_.expect(Publish{.topic = "t"});
  EXPECT_FALSE(got.dup);
  EXPECT_EQ(got.packet_id, 0);
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_2_1_to_3_qos_1_goes_out_anew_and_counts_until_its_puback) {
  Connect connect = five("s");
  connect.props.number(PropertyId::receive_maximum, 2);
  Client& subscriber = broker_.connect(connect);
  subscribe(subscriber, {"t", qos_1});
  for (int i = 0; i < 3; ++i) publish(client_, {.topic = "t", .qos = qos_1});
  const auto first = subscriber.expect(Publish{.topic = "t", .qos = qos_1});
  const auto second = subscriber.expect(Publish{.topic = "t", .qos = qos_1});
  EXPECT_NE(first.packet_id, second.packet_id);
  EXPECT_FALSE(first.dup || second.dup);
  subscriber.expect_nothing();
  subscriber.send(Puback{.packet_id = first.packet_id});
  const auto third = subscriber.expect(Publish{.topic = "t", .qos = qos_1});
  EXPECT_NE(third.packet_id, second.packet_id);
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_2_4_puback_says_that_the_message_is_the_servers) {
  Client& away = broker_.connect(five("s", 600));
  subscribe(away, {"t", qos_1});
  away.cut();
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_1});
  client_.cut();
  broker_.resume(five("s", 600, false)).expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_2_5_after_puback_the_identifier_is_a_new_message) {
  subscribe(other_, {"t"});
  for (const bool dup : {false, true}) {
    client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .dup = dup, .packet_id = 1});
    client_.expect(Puback{.packet_id = 1});
    other_.expect(Publish{.topic = "t", .payload = "x"});
  }
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_3_1_to_6_qos_2_goes_out_in_its_four_steps) {
  Client& first = broker_.connect(five("s", 600));
  subscribe(first, {"t", qos_2});
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_2});
  const auto got = first.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  EXPECT_FALSE(got.dup);
  EXPECT_NE(got.packet_id, 0);
  first.cut();
  Client& second = broker_.resume(five("s", 600, false));
  second.expect(
      Publish{.topic = "t", .payload = "x", .qos = qos_2, .dup = true, .packet_id = got.packet_id});
  second.send(Pubrec{.packet_id = got.packet_id});
  second.expect(Pubrel{.packet_id = got.packet_id});
  second.cut();
  Client& third = broker_.resume(five("s", 600, false));
  third.expect(Pubrel{.packet_id = got.packet_id});
  third.expect_nothing();
  third.send(Pubcomp{.packet_id = got.packet_id});
  third.cut();
  broker_.resume(five("s", 600, false)).expect_nothing();
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_3_8_pubrec_says_that_the_message_is_the_servers) {
  Client& away = broker_.connect(five("s", 600));
  subscribe(away, {"t", qos_2});
  away.cut();
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1});
  client_.expect(Pubrec{.packet_id = 1});
  client_.cut();
  broker_.resume(five("s", 600, false)).expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_3_9_after_a_pubrec_of_failure_the_identifier_is_a_new_message) {
  subscribe(other_, {"t"});
  client_.send(Publish{.topic = "$SYS/t", .qos = qos_2, .packet_id = 1});
  client_.expect(Pubrec{.packet_id = 1, .reason = ReasonCode::not_authorized});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1});
  client_.expect(Pubrec{.packet_id = 1});
  other_.expect(Publish{.topic = "t", .payload = "x"});
}

TEST_F(Mqtt5Delivery, MQTT5_4_3_3_10_to_12_until_pubcomp_the_identifier_is_the_same_message) {
  subscribe(other_, {"t"});
  const Publish packet{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1};
  for (int round = 0; round < 2; ++round) {
    client_.send(packet);
    client_.expect(Pubrec{.packet_id = 1});
    other_.expect(Publish{.topic = "t", .payload = "x"});
    Publish again = packet;
    again.dup = true;
    client_.send(again);
    client_.expect(Pubrec{.packet_id = 1});
    other_.expect_nothing();
    client_.send(Pubrel{.packet_id = 1});
    client_.expect(Pubcomp{.packet_id = 1});
  }
}

TEST_F(Mqtt5Delivery,
       MQTT5_4_4_0_1_what_was_not_acknowledged_is_sent_again_after_a_reconnect_only) {
  Client& first = broker_.connect(five("s", 600));
  subscribe(first, {"t", qos_1});
  for (const char* payload : {"1", "2"})
    publish(client_, {.topic = "t", .payload = payload, .qos = qos_1});
  const auto one = first.expect(Publish{.topic = "t", .payload = "1", .qos = qos_1});
  const auto two = first.expect(Publish{.topic = "t", .payload = "2", .qos = qos_1});
  first.expect_nothing();
  first.cut();
  Client& again = broker_.resume(five("s", 600, false));
  for (const auto& packet : {one, two})
    again.expect(Publish{.topic = "t",
                         .payload = packet.payload,
                         .qos = qos_1,
                         .dup = true,
                         .packet_id = packet.packet_id});
}

TEST_F(Mqtt5Delivery, MQTT5_4_4_0_2_a_code_of_failure_acknowledges_too) {
  Client& first = broker_.connect(five("s", 600));
  subscribe(first, {"t", qos_2});
  publish(client_, {.topic = "t", .qos = qos_1});
  publish(client_, {.topic = "t", .qos = qos_2});
  const PacketId one = first.take<Publish>().packet_id;
  const PacketId two = first.take<Publish>().packet_id;
  first.send(Puback{.packet_id = one, .reason = ReasonCode::quota_exceeded},
             Pubrec{.packet_id = two, .reason = ReasonCode::quota_exceeded});
  first.expect_nothing();
  first.cut();
  broker_.resume(five("s", 600, false)).expect_nothing();
}

TEST_F(Mqtt5Delivery, MQTT5_4_5_0_1_a_message_goes_to_every_session_that_matches) {
  Client& away = broker_.connect(five("s", 600));
  subscribe(away, {"+", qos_1});
  away.cut();
  subscribe(client_, {"t", qos_1});
  subscribe(other_, {"#", qos_1});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  const Publish expected{.topic = "t", .payload = "x", .qos = qos_1};
  other_.expect(expected);
  client_.expect(expected);
  broker_.resume(five("s", 600, false)).expect(expected);
}

TEST_F(Mqtt5Delivery, MQTT5_4_6_0_5_and_6_also_what_was_queued) {
  expect_the_order_of_what_was_queued();
}

TEST_F(Mqtt5Delivery, MQTT5_4_6_0_5_and_6_one_topic_and_qos_is_delivered_in_order) {
  subscribe(other_, {"t", qos_2});
  for (int i = 0; i < 60; ++i) {
    const Qos qos = std::array{qos_0, qos_1, qos_2}.at(static_cast<std::size_t>(i) % 3);
    publish(client_, {.topic = "t", .payload = std::to_string(i), .qos = qos});
  }
  std::array<int, 3> last{-1, -1, -1};
  for (int i = 0; i < 60; ++i) {
    const auto got = other_.take<Publish>();
    int& before = last.at(static_cast<std::size_t>(got.qos));
    EXPECT_LT(before, std::stoi(got.payload));
    before = std::stoi(got.payload);
  }
}

TEST_F(Mqtt5Delivery, MQTT5_4_9_0_1_the_first_window_is_as_large_as_the_receive_maximum) {
  Connect connect = five("s");
  connect.props.number(PropertyId::receive_maximum, 3);
  Client& limited = broker_.connect(connect);
  subscribe(limited, {"t", qos_1});
  for (int i = 0; i < 5; ++i) publish(client_, {.topic = "t", .qos = qos_1});
  for (int i = 0; i < 3; ++i) limited.take<Publish>();
  limited.expect_nothing();
}

TEST_F(Mqtt5Delivery, MQTT5_3_1_2_7_a_will_is_kept_with_the_session_of_its_connection) {
  subscribe(other_, {"will"});
  Connect first = five("c", 600);
  first.will = Will{.topic = "will", .payload = "first"};
  Connect second = five("c", 600, false);
  second.will = Will{.topic = "will", .payload = "second"};
  broker_.connect(first).send(Disconnect{});
  broker_.resume(second).cut();
  other_.expect(Publish{.topic = "will", .payload = "second"});
  other_.expect_nothing();
}

TEST_F(Mqtt5Delivery, RULE5_answer_of_another_qos_ends_the_connection) {
  expect_an_end_after_answers_of_another_qos();
}

}  // namespace
}  // namespace sluice::testing
