// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 §3.3 to §3.14 and §4: publishing, subscribing, and what is not allowed.
#include "tests/conformance/raw_exchange.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

class Mqtt3Exchange : public ::testing::Test {
 protected:
  Broker broker_;
  Client& client_ = connect("a");

  Client& connect(std::string id) {
    return broker_.connect({.version = Version::v3_1_1, .client_id = std::move(id)});
  }
};

TEST_F(Mqtt3Exchange, MQTT3_1_5_3_3_a_byte_order_mark_is_kept) {
  const std::string topic = "\xEF\xBB\xBF/t";
  subscribe(client_, {topic});
  client_.send(Publish{.topic = topic}, Publish{.topic = "/t"});
  client_.expect(Publish{.topic = topic});
  client_.expect_nothing();
}

TEST_F(Mqtt3Exchange, MQTT3_2_3_1_6_and_7_answers_hold_the_identifier) {
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 0x1234});
  client_.expect(Puback{.packet_id = 0x1234});
  client_.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 0xFFFF});
  client_.expect(Pubrec{.packet_id = 0xFFFF});
  client_.send(Pubrel{.packet_id = 0xFFFF});
  client_.expect(Pubcomp{.packet_id = 0xFFFF});
  client_.send(Subscribe{.packet_id = 0x0102, .filters = {{"t"}}});
  client_.expect(Suback{.packet_id = 0x0102, .codes = {0}});
  client_.send(Unsubscribe{.packet_id = 0x0103, .filters = {"t"}});
  client_.expect(Unsuback{.packet_id = 0x0103});
}

TEST_F(Mqtt3Exchange, MQTT3_3_3_1_3_dup_is_not_passed_on) {
  Client& subscriber = connect("s");
  subscribe(subscriber, {"t", qos_1});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .dup = true, .packet_id = 1});
  subscriber.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
  // Nor to who comes for it later.
  const Connect keeping{.version = Version::v3_1_1, .client_id = "k", .clean_start = false};
  Client& away = broker_.connect(keeping);
  subscribe(away, {"u", qos_1});
  away.cut();
  client_.send(Publish{.topic = "u", .payload = "x", .qos = qos_1, .dup = true, .packet_id = 1});
  broker_.resume(keeping).expect(Publish{.topic = "u", .payload = "x", .qos = qos_1});
}

TEST_F(Mqtt3Exchange, MQTT3_3_3_1_10_and_11_an_empty_retained_message_clears_and_is_not_kept) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  client_.send(Publish{.topic = "t", .retain = true});
  Client& late = connect("s");
  subscribe(late, {"t"});
  late.expect_nothing();
}

TEST_F(Mqtt3Exchange, MQTT3_3_3_1_12_without_retain_nothing_that_is_kept_changes) {
  client_.send(Publish{.topic = "t", .payload = "kept", .retain = true});
  client_.send(Publish{.topic = "t", .payload = "other"}, Publish{.topic = "t"});
  Client& late = connect("s");
  subscribe(late, {"t"});
  late.expect(Publish{.topic = "t", .payload = "kept", .retain = true});
}

TEST_F(Mqtt3Exchange, MQTT3_3_3_5_1_overlapping_subscriptions_deliver_at_the_highest_qos) {
  subscribe(client_, {"t", Qos::at_most_once});
  subscribe(client_, {"+", qos_2});
  subscribe(client_, {"#", qos_1});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1});
  client_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  client_.expect(Pubrec{.packet_id = 1});
}

TEST_F(Mqtt3Exchange, MQTT3_3_3_5_2_what_may_not_be_published_is_acknowledged) {
  client_.send(Publish{.topic = "$SYS/mine", .payload = "x", .qos = qos_1, .packet_id = 1});
  client_.expect(Puback{.packet_id = 1});
}

TEST_F(Mqtt3Exchange, MQTT3_3_8_4_3_a_second_subscribe_replaces_and_sends_retained_again) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  for (int i = 0; i < 2; ++i) {
    subscribe(client_, {"t"});
    client_.expect(Publish{.topic = "t", .payload = "x", .retain = true});
  }
  client_.send(Publish{.topic = "t", .payload = "y"});
  client_.expect(Publish{.topic = "t", .payload = "y"});
  client_.expect_nothing();
}

TEST_F(Mqtt3Exchange, MQTT3_3_8_4_4_and_5_one_suback_with_a_code_for_each_filter) {
  client_.send(Subscribe{.packet_id = 3, .filters = {{"a", qos_2}, {"b"}, {"c", qos_1}}});
  client_.expect(Suback{.packet_id = 3, .codes = {2, 0, 1}});
}

TEST_F(Mqtt3Exchange, MQTT3_3_10_4_1_filters_are_compared_character_by_character) {
  subscribe(client_, {"a/+"});
  client_.send(Unsubscribe{.packet_id = 1, .filters = {"a/b", "A/+", "a/#"}});
  client_.expect(Unsuback{.packet_id = 1});
  client_.send(Publish{.topic = "a/b", .payload = "x"});
  client_.expect(Publish{.topic = "a/b", .payload = "x"});
  client_.send(Unsubscribe{.packet_id = 2, .filters = {"a/+"}});
  client_.expect(Unsuback{.packet_id = 2});
  client_.send(Publish{.topic = "a/b", .payload = "y"});
  client_.expect_nothing();
}

TEST_F(Mqtt3Exchange, MQTT3_3_10_4_3_a_delivery_that_has_begun_is_completed) {
  subscribe(client_, {"t", qos_2});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1});
  const auto got = client_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  client_.expect(Pubrec{.packet_id = 1});
  client_.send(Unsubscribe{.packet_id = 2, .filters = {"t"}}, Pubrec{.packet_id = got.packet_id});
  client_.expect(Unsuback{.packet_id = 2});
  client_.expect(Pubrel{.packet_id = got.packet_id});
}

TEST_F(Mqtt3Exchange, MQTT3_3_10_4_5_unsuback_comes_even_if_nothing_was_deleted) {
  client_.send(Unsubscribe{.packet_id = 4, .filters = {"never"}});
  client_.expect(Unsuback{.packet_id = 4});
}

TEST_F(Mqtt3Exchange, MQTT3_3_12_4_1_pingreq_is_answered) {
  client_.send(Pingreq{});
  client_.expect(Pingresp{});
}

TEST_F(Mqtt3Exchange, MQTT3_4_3_2_2_after_puback_the_identifier_is_a_new_message) {
  subscribe(client_, {"t"});
  for (int i = 0; i < 2; ++i) {
    client_.send(
        Publish{.topic = "t", .payload = "x", .qos = qos_1, .dup = i == 1, .packet_id = 1});
    client_.expect(Publish{.topic = "t", .payload = "x"});
    client_.expect(Puback{.packet_id = 1});
  }
}

TEST_F(Mqtt3Exchange, MQTT3_4_3_3_2_until_pubrel_the_identifier_is_the_same_message) {
  subscribe(client_, {"t"});
  const Publish publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1};
  client_.send(publish);
  client_.expect(Publish{.topic = "t", .payload = "x"});
  client_.expect(Pubrec{.packet_id = 1});
  client_.send(publish);
  client_.expect(Pubrec{.packet_id = 1});
  client_.send(Pubrel{.packet_id = 1});
  client_.expect(Pubcomp{.packet_id = 1});
  client_.send(publish);
  client_.expect(Publish{.topic = "t", .payload = "x"});
}

TEST_F(Mqtt3Exchange, MQTT3_4_6_0_6_one_topic_is_delivered_in_order) {
  Client& subscriber = connect("s");
  subscribe(subscriber, {"t", qos_1});
  for (PacketId i = 1; i <= 100; ++i)
    client_.send(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1, .packet_id = i});
  for (int i = 1; i <= 100; ++i)
    subscriber.expect(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1});
}

TEST_F(Mqtt3Exchange, MQTT3_4_7_2_1_a_wildcard_in_front_matches_no_dollar_topic) {
  subscribe(client_, {"#"});
  subscribe(client_, {"+/t"});
  client_.send(Publish{.topic = "$x/t"});
  client_.expect_nothing();
}

TEST_F(Mqtt3Exchange, MQTT3_4_7_3_4_nothing_is_normalized) {
  subscribe(client_, {"a//b"});
  client_.send(Publish{.topic = "a/b"}, Publish{.topic = "A//b"}, Publish{.topic = "/a//b"});
  client_.expect_nothing();
}

struct Violation {
  const char* id;
  const char* bytes;
};

class Mqtt3Violation : public ::testing::TestWithParam<Violation> {};

TEST_P(Mqtt3Violation, closes_the_connection) { expect_closed_after(GetParam().bytes); }

constexpr Violation violations[] = {
    {"MQTT3_1_5_3_1", "30 @ 0002 C328"},
    {"MQTT3_1_5_3_1_surrogate", "30 @ 0003 EDA080"},
    {"MQTT3_1_5_3_2", "30 @ 0003 610062"},
    {"MQTT3_2_2_2_2_pingreq_flags", "C1 00"},
    {"MQTT3_2_2_2_2_puback_flags", "42 02 0001"},
    {"MQTT3_2_3_1_1_publish", "32 @ s't' 0000"},
    {"MQTT3_2_3_1_1_subscribe", "82 @ 0000 s't' 00"},
    {"MQTT3_2_3_1_1_unsubscribe", "A2 @ 0000 s't'"},
    {"MQTT3_3_3_1_2", "38 @ s't' 'x'"},
    {"MQTT3_3_3_1_4", "36 @ s't' 0001"},
    {"MQTT3_3_3_2_2_plus", "30 @ s'a/+'"},
    {"MQTT3_3_3_2_2_hash", "30 @ s'a/#'"},
    {"MQTT3_3_6_1_1", "60 02 0001"},
    {"MQTT3_3_8_1_1", "80 @ 0001 s't' 00"},
    {"MQTT3_3_8_3_1", "82 @ 0001 0002 C328 00"},
    {"MQTT3_3_8_3_3", "82 02 0001"},
    {"MQTT3_3_8_3_4_qos_3", "82 @ 0001 s't' 03"},
    {"MQTT3_3_8_3_4_reserved", "82 @ 0001 s't' 04"},
    {"MQTT3_3_10_1_1", "A0 @ 0001 s't'"},
    {"MQTT3_3_10_3_1", "A2 @ 0001 0002 C328"},
    {"MQTT3_3_10_3_2", "A2 02 0001"},
    {"MQTT3_3_14_1_1", "E1 00"},
    {"MQTT3_4_7_1_2_not_last", "82 @ 0001 s'a/#/b' 00"},
    {"MQTT3_4_7_1_2_not_alone", "82 @ 0001 s'a#' 00"},
    {"MQTT3_4_7_1_3", "82 @ 0001 s'a/b+' 00"},
    {"MQTT3_4_7_3_1_filter", "82 @ 0001 0000 00"},
    {"MQTT3_4_7_3_1_topic", "30 @ 0000 'x'"},
    {"MQTT3_4_7_3_2", "82 @ 0001 0003 610062 00"},
    {"MQTT3_4_8_0_1_a_packet_of_the_server", "20 02 0000"},
    {"MQTT3_4_8_0_1_suback_from_a_client", "90 03 0001 00"},
    {"MQTT3_4_8_0_1_remaining_length_of_five_bytes", "30 FFFFFFFF01"},
    {"MQTT3_4_8_0_1_cut_short", "32 03 s't'"},
    {"MQTT3_4_8_0_1_auth_is_not_of_3", "F0 00"},
};

INSTANTIATE_TEST_SUITE_P(Raw, Mqtt3Violation, ::testing::ValuesIn(violations),
                         [](const auto& row) { return std::string(row.param.id); });

}  // namespace
}  // namespace sluice::testing
