// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 §4: sessions, the exchanges of each QoS, order; and its rules without a number.
#include "tests/conformance/pair.h"

namespace sluice::testing {
namespace {

using Mqtt3Delivery = Pair<Version::v3_1_1>;

TEST_F(Mqtt3Delivery, MQTT3_4_1_0_1_the_session_is_kept_from_connection_to_connection) {
  Client* session = &broker_.connect(keeping("s"));
  subscribe(*session, {"t", qos_1});
  for (int i = 0; i < 5; ++i) {
    session->cut();
    publish(client_, {.topic = "t", .payload = std::to_string(i), .qos = qos_1});
    session = &broker_.resume(keeping("s"));
    const auto got =
        session->expect(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1});
    session->send(Puback{.packet_id = got.packet_id});
    session->expect_nothing();
  }
}

TEST_F(Mqtt3Delivery, MQTT3_4_1_0_2_a_session_lasts_as_long_as_its_connection) {
  subscribe(other_, {"t"});
  for (int i = 0; i < 50; ++i) connect("x").cut();
  client_.send(Publish{.topic = "t"});
  other_.expect(Publish{.topic = "t"});
}

TEST_F(Mqtt3Delivery, MQTT3_4_3_1_1_qos_0_goes_out_with_qos_0_and_without_dup) {
  subscribe(other_, {"t", qos_2});
  client_.send(Publish{.topic = "t"});
  const auto got = other_.expect(Publish{.topic = "t"});
  EXPECT_FALSE(got.dup);
  EXPECT_EQ(got.packet_id, 0);
}

TEST_F(Mqtt3Delivery, MQTT3_4_3_2_1_qos_1_goes_out_anew_and_is_kept_until_its_puback) {
  Client& first = broker_.connect(keeping("s"));
  subscribe(first, {"t", qos_1});
  publish(client_, {.topic = "t", .payload = "1", .qos = qos_1});
  publish(client_, {.topic = "t", .payload = "2", .qos = qos_1});
  const auto one = first.expect(Publish{.topic = "t", .payload = "1", .qos = qos_1});
  const auto two = first.expect(Publish{.topic = "t", .payload = "2", .qos = qos_1});
  EXPECT_NE(one.packet_id, two.packet_id);
  EXPECT_FALSE(one.dup || two.dup);
  first.send(Puback{.packet_id = one.packet_id});
  first.cut();
  Client& again = broker_.resume(keeping("s"));
  again.expect(
      Publish{.topic = "t", .payload = "2", .qos = qos_1, .dup = true, .packet_id = two.packet_id});
  again.expect_nothing();
}

TEST_F(Mqtt3Delivery, MQTT3_4_3_3_1_qos_2_goes_out_in_its_four_steps) {
  Client& first = broker_.connect(keeping("s"));
  subscribe(first, {"t", qos_2});
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_2});
  const auto got = first.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  EXPECT_FALSE(got.dup);
  first.cut();
  Client& second = broker_.resume(keeping("s"));
  second.expect(
      Publish{.topic = "t", .payload = "x", .qos = qos_2, .dup = true, .packet_id = got.packet_id});
  second.send(Pubrec{.packet_id = got.packet_id});
  second.expect(Pubrel{.packet_id = got.packet_id});
  second.cut();
  Client& third = broker_.resume(keeping("s"));
  third.expect(Pubrel{.packet_id = got.packet_id});
  third.send(Pubcomp{.packet_id = got.packet_id});
  third.expect_nothing();
  third.cut();
  broker_.resume(keeping("s")).expect_nothing();
}

TEST_F(Mqtt3Delivery, MQTT3_4_4_0_1_publish_and_pubrel_are_sent_again_with_their_identifiers) {
  Client& first = broker_.connect(keeping("s"));
  subscribe(first, {"t", qos_2});
  for (const Qos qos : {qos_1, qos_2, qos_2})
    publish(client_, {.topic = "t", .payload = "x", .qos = qos});
  const auto one = first.take<Publish>();
  const auto two = first.take<Publish>();
  const auto three = first.take<Publish>();
  first.send(Pubrec{.packet_id = two.packet_id});
  first.expect(Pubrel{.packet_id = two.packet_id});
  first.cut();
  Client& again = broker_.resume(keeping("s"));
  EXPECT_EQ(again.take<Publish>().packet_id, one.packet_id);
  again.expect(Pubrel{.packet_id = two.packet_id});
  EXPECT_EQ(again.take<Publish>().packet_id, three.packet_id);
  again.expect_nothing();
}

TEST_F(Mqtt3Delivery, MQTT3_4_5_0_1_a_message_goes_to_every_session_that_matches) {
  Client& away = broker_.connect(keeping("s"));
  subscribe(away, {"+", qos_1});
  away.cut();
  subscribe(other_, {"#", qos_1});
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_1});
  const Publish expected{.topic = "t", .payload = "x", .qos = qos_1};
  other_.expect(expected);
  broker_.resume(keeping("s")).expect(expected);
}

TEST_F(Mqtt3Delivery, MQTT3_4_6_0_5_every_topic_is_delivered_in_order) {
  subscribe(other_, {"#", qos_1});
  for (int i = 0; i < 30; ++i)
    publish(client_,
            {.topic = "t/" + std::to_string(i % 3), .payload = std::to_string(i), .qos = qos_1});
  for (int i = 0; i < 30; ++i) EXPECT_EQ(other_.take<Publish>().payload, std::to_string(i));
}

TEST(Mqtt3Topics, MQTT3_4_7_1_1_a_topic_name_has_no_wildcard) {
  expect_closed_after("30 @ s'#'");
  expect_closed_after("30 @ s'a/+/b'");
}

TEST_F(Mqtt3Delivery, MQTT3_4_6_0_5_and_6_also_what_was_queued) {
  expect_the_order_of_what_was_queued();
}

TEST_F(Mqtt3Delivery, MQTT3_4_7_3_3_a_topic_of_65535_bytes_is_taken) {
  const std::string topic(65'535, 't');
  subscribe(other_, {topic});
  client_.send(Publish{.topic = topic, .payload = "x"});
  other_.expect(Publish{.topic = topic, .payload = "x"});
}

TEST_F(Mqtt3Delivery, MQTT3_7_1_1_1_any_cut_of_the_stream_is_the_same_stream) {
  expect_any_cut_to_be_the_same_stream();
}

TEST_F(Mqtt3Delivery, MQTT3_7_0_0_2_nothing_beyond_the_standard_is_needed) {
  Client& client = broker_.open();
  client.set_version(Version::v3_1_1);
  client.send_bytes(wire("10 0D s'MQTT' 04 02 0000 s'z'"));
  client.expect(Connack{});
  client.send_bytes(wire("82 06 0001 s't' 00"));
  client.expect(Suback{.packet_id = 1, .codes = {0}});
  client.send_bytes(wire("30 04 s't' 'x'"));
  client.expect(Publish{.topic = "t", .payload = "x"});
}

TEST_F(Mqtt3Delivery, RULE3_client_id_characters_may_be_any_and_many) {
  for (const std::string& id :
       {std::string("d\xC3\xBC/#+$ \xF0\x9F\x90\x9F"), std::string(200, 'x')}) {
    Client& client = connect(id);
    client.send(Pingreq{});
    client.expect(Pingresp{});
  }
}

TEST_F(Mqtt3Delivery, RULE3_suback_before_retained_messages) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  other_.send(Subscribe{.packet_id = 1, .filters = {{"t"}}});
  other_.expect(Suback{.packet_id = 1, .codes = {0}});
  other_.expect(Publish{.topic = "t", .payload = "x", .retain = true});
}

TEST_F(Mqtt3Delivery, RULE3_answer_of_another_qos_ends_the_connection) {
  expect_an_end_after_answers_of_another_qos();
}

}  // namespace
}  // namespace sluice::testing
