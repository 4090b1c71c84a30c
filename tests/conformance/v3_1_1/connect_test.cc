// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 §3.1, §3.2: CONNECT and CONNACK.
#include "tests/conformance/pair.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

TEST(Mqtt3Connect, MQTT3_3_1_0_1_the_first_packet_is_connect) {
  expect_closed_at_once("C0 00");
  expect_closed_at_once("30 @ s't' 'x'");
  expect_closed_at_once("82 @ 0001 s't' 00");
}

TEST(Mqtt3Connect, MQTT3_3_1_0_2_a_second_connect_ends_the_connection) {
  expect_closed_after("10 @ s'MQTT' 04 02 0000 s'a'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_1_another_protocol_name_is_closed) {
  expect_closed_at_once("10 @ s'MQTX' 04 02 0000 s'a'");
  expect_closed_at_once("10 @ s'mqtt' 04 02 0000 s'a'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_2_another_level_gets_return_code_1) {
  expect_refused("10 @ s'MQTT' 02 02 0000 s'a'", v3, 1);
}

TEST(Mqtt3Connect, MQTT3_3_1_2_3_the_reserved_flag_is_0) {
  expect_closed_at_once("10 @ s'MQTT' 04 03 0000 s'a'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_4_clean_session_0_resumes_or_creates) {
  Broker broker;
  Client& first = broker.connect(three("a", false));
  subscribe(first, {"t", qos_1});
  first.cut();
  Client& resumed = broker.resume(three("a", false));
  resumed.send(Publish{.topic = "t", .payload = "x"});
  resumed.expect(Publish{.topic = "t", .payload = "x"});
}

TEST(Mqtt3Connect, MQTT3_3_1_2_5_messages_are_stored_while_the_client_is_away) {
  Broker broker;
  Client& away = broker.connect(three("a", false));
  subscribe(away, {"t", qos_1});
  away.send(Disconnect{});
  Client& publisher = broker.connect(three("p"));
  publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  publisher.expect(Puback{.packet_id = 1});
  Client& resumed = broker.resume(three("a", false));
  resumed.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
}

TEST(Mqtt3Connect, MQTT3_3_1_2_6_clean_session_1_starts_anew_and_leaves_nothing) {
  Broker broker;
  Client& first = broker.connect(three("a", false));
  subscribe(first, {"t"});
  Client& second = broker.connect(three("a", true));
  second.send(Publish{.topic = "t", .payload = "x"});
  second.expect_nothing();
  second.cut();
  broker.connect(three("a", false));
}

TEST(Mqtt3Connect, MQTT3_3_1_2_7_retained_messages_outlive_the_session) {
  Broker broker;
  Client& first = broker.connect(three("a"));
  first.send(Publish{.topic = "t", .payload = "x", .retain = true});
  first.cut();
  Client& second = broker.connect(three("b"));
  subscribe(second, {"t"});
  second.expect(Publish{.topic = "t", .payload = "x", .retain = true});
}

class Mqtt3Will : public ::testing::Test {
 protected:
  Broker broker_;
  Client& watcher_ = broker_.connect(three("w"));

  void SetUp() override { subscribe(watcher_, {"will", qos_1}); }
  Client& with_will(bool retain = false) {
    Connect connect = three("a");
    connect.will = Will{.topic = "will", .payload = "gone", .qos = qos_1, .retain = retain};
    return broker_.connect(connect);
  }
};

TEST_F(Mqtt3Will, MQTT3_3_1_2_8_the_will_is_published_when_the_connection_closes) {
  with_will().cut();
  watcher_.expect(Publish{.topic = "will", .payload = "gone", .qos = qos_1});
}

TEST_F(Mqtt3Will, MQTT3_3_1_2_8_also_after_a_protocol_error) {
  with_will().send_bytes(wire("F0 00"));
  watcher_.expect(Publish{.topic = "will", .payload = "gone", .qos = qos_1});
}

TEST_F(Mqtt3Will, MQTT3_3_1_2_10_disconnect_removes_it) {
  with_will().send(Disconnect{});
  watcher_.expect_nothing();
}

TEST_F(Mqtt3Will, MQTT3_3_1_2_12_without_will_flag_there_is_none) {
  broker_.connect(three("a")).cut();
  watcher_.expect_nothing();
}

TEST_F(Mqtt3Will, MQTT3_3_1_2_16_will_retain_0_is_not_retained) {
  with_will().cut();
  watcher_.expect(Publish{.topic = "will", .payload = "gone", .qos = qos_1});
  Client& late = broker_.connect(three("late"));
  subscribe(late, {"will"});
  late.expect_nothing();
}

TEST_F(Mqtt3Will, MQTT3_3_1_2_17_will_retain_1_is_retained) {
  with_will(true).cut();
  Client& late = broker_.connect(three("late"));
  subscribe(late, {"will"});
  late.expect(Publish{.topic = "will", .payload = "gone", .retain = true});
}

TEST(Mqtt3Connect, MQTT3_3_1_2_9_will_flag_1_needs_topic_and_message) {
  expect_closed_at_once("10 @ s'MQTT' 04 06 0000 s'a'");
  expect_closed_at_once("10 @ s'MQTT' 04 06 0000 s'a' s'will'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_11_will_flag_0_has_no_will_fields) {
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000 s'a' s'will' s'x'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_13_will_flag_0_has_will_qos_0) {
  expect_closed_at_once("10 @ s'MQTT' 04 0A 0000 s'a'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_14_will_qos_is_not_3) {
  expect_closed_at_once("10 @ s'MQTT' 04 1E 0000 s'a' s'will' s'x'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_15_will_flag_0_has_will_retain_0) {
  expect_closed_at_once("10 @ s'MQTT' 04 22 0000 s'a'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_19_and_21_what_a_flag_announces_is_there) {
  expect_closed_at_once("10 @ s'MQTT' 04 82 0000 s'a'");
  expect_closed_at_once("10 @ s'MQTT' 04 C2 0000 s'a' s'user'");
}

TEST(Mqtt3Connect, MQTT3_3_1_2_22_no_password_without_a_user_name) {
  expect_closed_at_once("10 @ s'MQTT' 04 42 0000 s'a' s'secret'");
}

TEST(Mqtt3Connect, MQTT3_3_1_3_4_the_client_id_is_utf_8) {
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000 0002 C328");
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000 0002 6100");
}

TEST(Mqtt3Connect, MQTT3_3_1_3_5_letters_and_digits_up_to_23_bytes_are_allowed) {
  Broker broker;
  broker.connect(three("0123456789ABCDEFGHIJKLM"));
  broker.connect(three("nopqrstuvwxyzNOPQRSTUVW"));
}

TEST(Mqtt3Connect, MQTT3_3_1_3_8_an_empty_client_id_needs_a_clean_session) {
  expect_refused("10 @ s'MQTT' 04 00 0000 0000", v3, 2);
}

TEST(Mqtt3Connect, MQTT3_3_1_4_1_a_connect_cut_short_is_closed_without_connack) {
  expect_closed_at_once("10 06 s'MQTT'");
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000");
}

TEST(Mqtt3Connect, MQTT3_3_1_4_2_a_client_that_connects_again_displaces_itself) {
  Broker broker;
  Client& old = broker.connect(three("a"));
  broker.connect(three("a"));
  old.expect_closed();
}

TEST(Mqtt3Connect, MQTT3_3_2_2_1_to_3_session_present) {
  Broker broker;
  broker.connect(three("a", false)).cut();
  broker.resume(three("a", false)).cut();
  broker.connect(three("a", true)).cut();
  broker.connect(three("a", false));
}

}  // namespace
}  // namespace sluice::testing
