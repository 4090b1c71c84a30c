// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §1.5 and §2: texts, packet identifiers, properties.
#include "tests/conformance/pair.h"

#include <algorithm>

namespace sluice::testing {
namespace {

using Mqtt5Format = Pair<Version::v5>;

TEST_F(Mqtt5Format, MQTT5_1_5_4_3_a_byte_order_mark_is_kept) {
  const std::string topic = "\xEF\xBB\xBF/t";
  subscribe(other_, {topic});
  client_.send(Publish{.topic = topic}, Publish{.topic = "/t"});
  other_.expect(Publish{.topic = topic});
  other_.expect_nothing();
}

TEST_F(Mqtt5Format, MQTT5_1_5_5_1_lengths_take_the_fewest_bytes_on_the_way_out) {
  subscribe(other_, {"t"});
  for (const std::size_t size : {120U, 127U, 128U, 16'383U, 16'384U, 70'000U}) {
    client_.send(Publish{.topic = "t", .payload = std::string(size, 'x')});
    other_.expect(Publish{.topic = "t", .payload = std::string(size, 'x')});
  }
}

TEST(Mqtt5FormatRaw, MQTT5_1_5_7_1_both_texts_of_a_pair_are_utf_8) {
  expect_disconnected_after("30 @ s't' [ 26 0002 C328 s'v' ]", ReasonCode::malformed_packet);
  expect_disconnected_after("30 @ s't' [ 26 s'k' 0002 C328 ]", ReasonCode::malformed_packet);
  expect_disconnected_after("30 @ s't' [ 26 s'k' 0003 EDA080 ]", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Format, MQTT5_2_2_1_2_a_publish_of_qos_0_has_no_identifier) {
  subscribe(other_, {"t"});
  client_.send_bytes(wire("30 @ s't' [] 0007"));
  other_.expect(Publish{.topic = "t", .payload = std::string("\0\7", 2)});
}

TEST_F(Mqtt5Format, MQTT5_2_2_1_4_identifiers_of_the_server_are_not_0_and_not_in_use) {
  subscribe(other_, {"t", qos_1});
  std::vector<PacketId> seen;
  for (int i = 0; i < 20; ++i) {
    publish(client_, {.topic = "t", .qos = qos_1});
    seen.push_back(other_.take<Publish>().packet_id);
  }
  std::ranges::sort(seen);
  EXPECT_NE(seen.front(), 0);
  EXPECT_TRUE(std::ranges::adjacent_find(seen) == seen.end());
}

TEST_F(Mqtt5Format, MQTT5_2_2_1_5_and_6_answers_hold_the_identifier) {
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 0x1234});
  client_.expect(Puback{.packet_id = 0x1234, .reason = ReasonCode::no_matching_subscribers});
  client_.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 0xFFFF});
  client_.expect(Pubrec{.packet_id = 0xFFFF, .reason = ReasonCode::no_matching_subscribers});
  client_.send(Pubrel{.packet_id = 0xFFFF});
  client_.expect(Pubcomp{.packet_id = 0xFFFF});
  client_.send(Subscribe{.packet_id = 0x0102, .filters = {{"t"}}});
  client_.expect(Suback{.packet_id = 0x0102, .codes = {0}});
  client_.send(Unsubscribe{.packet_id = 0x0103, .filters = {"t"}});
  client_.expect(Unsuback{.packet_id = 0x0103, .codes = {0}});
}

TEST(Mqtt5FormatRaw, MQTT5_2_2_2_1_no_properties_is_a_length_of_0) {
  expect_disconnected_after("30 @ s't'", ReasonCode::malformed_packet);
  expect_disconnected_after("82 @ 0001", ReasonCode::malformed_packet);
  Broker broker;
  Client& client = broker.connect(five("a"));
  subscribe(client, {"t"});
  client.send_bytes(wire("30 @ s't' 00"));
  client.expect(Publish{.topic = "t"});
}

TEST(Mqtt5FormatRaw, MQTT5_2_1_3_1_reserved_flags_have_their_value_in_every_packet) {
  for (const char* bytes : {"42 02 0001", "52 02 0001", "72 02 0001", "83 @ 0001 [] s't' 00",
                            "A3 @ 0001 [] s't'", "C2 00", "E4 00", "F1 00"})
    expect_disconnected_after(bytes, ReasonCode::malformed_packet);
}

TEST(Mqtt5FormatRaw, MQTT5_4_7_0_1_a_topic_name_has_no_wildcard) {
  expect_disconnected_after("30 @ s'#' []", ReasonCode::malformed_packet);
  expect_disconnected_after("30 @ s'a/+/b' []", ReasonCode::malformed_packet);
}

TEST(Mqtt5FormatRaw, MQTT5_4_7_1_1_a_hash_stands_alone_and_last) {
  for (const char* bytes : {"82 @ 0001 [] s'a#' 00", "82 @ 0001 [] s'a/#/b' 00",
                            "82 @ 0001 [] s'#/a' 00", "82 @ 0001 [] s'##' 00"})
    expect_disconnected_after(bytes, ReasonCode::malformed_packet);
}

TEST(Mqtt5FormatRaw, MQTT5_4_7_1_2_a_plus_takes_a_whole_level) {
  for (const char* bytes : {"82 @ 0001 [] s'a+' 00", "82 @ 0001 [] s'+a/b' 00",
                            "82 @ 0001 [] s'a/++' 00", "A2 @ 0001 [] s'a+'"})
    expect_disconnected_after(bytes, ReasonCode::malformed_packet);
}

TEST(Mqtt5FormatRaw, MQTT5_4_7_3_1_names_and_filters_are_not_empty) {
  expect_disconnected_after("82 @ 0001 [] 0000 00", ReasonCode::malformed_packet);
  expect_disconnected_after("A2 @ 0001 [] 0000", ReasonCode::malformed_packet);
}

TEST(Mqtt5FormatRaw, MQTT5_4_7_3_2_names_and_filters_have_no_u_0000) {
  expect_disconnected_after("30 @ 0003 610062 []", ReasonCode::malformed_packet);
  expect_disconnected_after("82 @ 0001 [] 0003 610062 00", ReasonCode::malformed_packet);
  expect_disconnected_after("A2 @ 0001 [] 0003 610062", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Format, MQTT5_4_7_3_3_a_topic_of_65535_bytes_is_taken) {
  const std::string topic(65'535, 't');
  subscribe(other_, {topic});
  client_.send(Publish{.topic = topic, .payload = "x"});
  other_.expect(Publish{.topic = topic, .payload = "x"});
}

TEST_F(Mqtt5Format, MQTT5_4_7_3_4_nothing_is_normalized) {
  subscribe(other_, {"a//b"});
  client_.send(Publish{.topic = "a/b"}, Publish{.topic = "A//b"}, Publish{.topic = "/a//b"},
               Publish{.topic = "a//b/"});
  other_.expect_nothing();
}

TEST_F(Mqtt5Format, MQTT5_4_7_2_1_a_wildcard_in_front_matches_no_dollar_topic) {
  subscribe(other_, {"#"});
  subscribe(other_, {"+/t"});
  subscribe(other_, {"/#"});
  client_.send(Publish{.topic = "$x/t"});
  other_.expect_nothing();
  subscribe(other_, {"$x/#"});
  client_.send(Publish{.topic = "$x/t"});
  other_.expect(Publish{.topic = "$x/t"});
}

}  // namespace
}  // namespace sluice::testing
