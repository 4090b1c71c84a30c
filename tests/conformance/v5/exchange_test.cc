// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §3.3 to §3.14 and §4: publishing, subscribing, and what is not allowed.
#include "tests/conformance/raw_exchange.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

class Mqtt5Exchange : public ::testing::Test {
 protected:
  Broker broker_;
  Client& client_ = broker_.connect({.client_id = "a"});
  Client& other_ = broker_.connect({.client_id = "b"});
};

TEST_F(Mqtt5Exchange, MQTT5_3_3_1_6_a_retained_message_with_an_empty_payload_clears) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true},
               Publish{.topic = "t", .retain = true});
  subscribe(other_, {"t"});
  other_.expect_nothing();
}

TEST_F(Mqtt5Exchange, MQTT5_3_3_1_9_to_11_retain_handling) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  const Publish kept{.topic = "t", .payload = "x", .retain = true};
  subscribe(other_, {.filter = "t", .retain_handling = RetainHandling::send});
  other_.expect(kept);
  subscribe(other_, {.filter = "t", .retain_handling = RetainHandling::send});
  other_.expect(kept);
  subscribe(other_, {.filter = "t", .retain_handling = RetainHandling::send_if_new});
  other_.expect_nothing();
  subscribe(client_, {.filter = "t", .retain_handling = RetainHandling::send_if_new});
  client_.expect(kept);
  subscribe(client_, {.filter = "t", .retain_handling = RetainHandling::do_not_send});
  client_.expect_nothing();
}

TEST_F(Mqtt5Exchange, MQTT5_3_3_1_12_and_13_retain_as_published) {
  subscribe(other_, {.filter = "t", .retain_as_published = true});
  subscribe(client_, {.filter = "t"});
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  other_.expect(Publish{.topic = "t", .payload = "x", .retain = true});
  client_.expect(Publish{.topic = "t", .payload = "x"});
}

TEST_F(Mqtt5Exchange, MQTT5_3_3_2_4_the_payload_format_indicator_goes_on) {
  const Props props = Props().number(PropertyId::payload_format_indicator, 1);
  subscribe(other_, {"t", qos_1});
  client_.send(Publish{.topic = "t", .payload = "x", .props = props});
  other_.expect(Publish{.topic = "t", .payload = "x", .props = props});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1, .props = props});
  other_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1, .props = props});
}

TEST_F(Mqtt5Exchange, MQTT5_3_3_2_12_an_alias_means_another_topic_once_it_is_set_again) {
  subscribe(other_, {"#"});
  const Props alias = Props().number(PropertyId::topic_alias, 1);
  client_.send(Publish{.topic = "one", .props = alias}, Publish{.topic = "", .props = alias},
               Publish{.topic = "two", .props = alias}, Publish{.topic = "", .props = alias});
  for (const char* topic : {"one", "one", "two", "two"}) other_.expect(Publish{.topic = topic});
}

TEST_F(Mqtt5Exchange, MQTT5_3_3_4_3_and_4_subscription_identifiers) {
  other_.send(Subscribe{.packet_id = 1,
                        .filters = {{"t"}},
                        .props = Props().number(PropertyId::subscription_identifier, 268'435'455)});
  other_.take<Suback>();
  client_.send(Publish{.topic = "t"});
  other_.expect(Publish{.topic = "t",
                        .props = Props().number(PropertyId::subscription_identifier, 268'435'455)});
}

TEST_F(Mqtt5Exchange, MQTT5_3_8_3_3_no_local) {
  subscribe(client_, {.filter = "t", .no_local = true});
  client_.send(Publish{.topic = "t", .payload = "own"});
  other_.send(Publish{.topic = "t", .payload = "others"});
  client_.expect(Publish{.topic = "t", .payload = "others"});
  client_.expect_nothing();
}

TEST_F(Mqtt5Exchange, MQTT5_3_11_3_1_unsuback_has_a_code_for_each_filter) {
  subscribe(client_, {"a"});
  client_.send(Unsubscribe{.packet_id = 3, .filters = {"b", "a", "a"}});
  client_.expect(Unsuback{.packet_id = 3, .codes = {0x11, 0, 0x11}});
}

TEST_F(Mqtt5Exchange, MQTT5_3_14_4_3_disconnect_discards_the_will_unless_it_asks_for_it) {
  subscribe(other_, {"will"});
  for (const bool wants_will : {false, true}) {
    Client& client = broker_.connect({.client_id = "c", .will = Will{.topic = "will"}});
    client.send(Disconnect{.reason = wants_will ? ReasonCode::disconnect_with_will
                                                : ReasonCode::normal_disconnection});
    client.expect_closed();
    if (wants_will) other_.expect(Publish{.topic = "will"});
    other_.expect_nothing();
  }
}

TEST_F(Mqtt5Exchange, RULE5_packet_identifier_not_found_for_what_nobody_knows) {
  client_.send(Pubrel{.packet_id = 5});
  client_.expect(Pubcomp{.packet_id = 5, .reason = ReasonCode::packet_identifier_not_found});
  client_.send(Pubrec{.packet_id = 6});
  client_.expect(Pubrel{.packet_id = 6, .reason = ReasonCode::packet_identifier_not_found});
}

TEST_F(Mqtt5Exchange, MQTT5_4_9_0_2_more_goes_out_as_acknowledgements_come_in) {
  Client& limited =
      broker_.connect({.client_id = "c", .props = Props().number(PropertyId::receive_maximum, 1)});
  subscribe(limited, {"t", qos_1});
  for (int i = 0; i < 3; ++i) {
    client_.send(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1, .packet_id = 1});
    client_.take<Puback>();
  }
  for (int i = 0; i < 3; ++i) {
    const auto got =
        limited.expect(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1});
    limited.expect_nothing();
    limited.send(Puback{.packet_id = got.packet_id});
  }
}

TEST_F(Mqtt5Exchange, MQTT5_4_9_0_3_pingreq_and_the_rest_go_on_at_the_receive_maximum) {
  Client& limited =
      broker_.connect({.client_id = "c", .props = Props().number(PropertyId::receive_maximum, 1)});
  subscribe(limited, {"t", qos_1});
  for (int i = 0; i < 2; ++i) client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  limited.take<Publish>();
  limited.send(Pingreq{}, Subscribe{.packet_id = 2, .filters = {{"u"}}});
  limited.expect(Pingresp{});
  limited.expect(Suback{.packet_id = 2, .codes = {0}});
  client_.send(Publish{.topic = "u"});
  limited.expect(Publish{.topic = "u"});
}

struct Violation {
  const char* id;
  const char* bytes;
  ReasonCode reason;
};

class Mqtt5Violation : public ::testing::TestWithParam<Violation> {};

TEST_P(Mqtt5Violation, is_answered_by_disconnect) {
  expect_disconnected_after(GetParam().bytes, GetParam().reason);
}

constexpr auto protocol = ReasonCode::protocol_error;

constexpr Violation violations[] = {
    {"MQTT5_1_5_4_1", "30 @ 0002 C328 []", malformed},
    {"MQTT5_1_5_4_2", "30 @ 0003 610062 []", malformed},
    {"MQTT5_1_5_5_1_five_bytes_of_length", "30 FFFFFFFF01", malformed},
    {"MQTT5_2_1_3_1", "C1 00", malformed},
    {"MQTT5_2_2_1_3_subscribe", "82 @ 0000 [] s't' 00", protocol},
    {"MQTT5_3_3_1_2", "38 @ s't' []", malformed},
    {"MQTT5_3_3_1_4", "36 @ s't' 0001 []", malformed},
    {"MQTT5_3_3_2_2", "30 @ s'a/+' []", ReasonCode::malformed_packet},
    {"MQTT5_3_3_2_8_alias_0", "30 @ s't' [ 23 0000 ]", ReasonCode::topic_alias_invalid},
    {"MQTT5_3_3_2_8_no_topic_and_no_alias", "30 @ 0000 []", protocol},
    {"MQTT5_3_3_2_14_response_topic", "30 @ s't' [ 08 s'a/#' ]", ReasonCode::protocol_error},
    {"MQTT5_3_3_4_6", "30 @ s't' [ 0B 01 ]", protocol},
    {"MQTT5_3_6_1_1", "60 02 0001", malformed},
    {"MQTT5_3_8_1_1", "80 @ 0001 [] s't' 00", malformed},
    {"MQTT5_3_8_3_2", "82 @ 0001 []", protocol},
    {"MQTT5_3_8_3_4", "82 @ 0001 [] s'$share/g/t' 04", protocol},
    {"MQTT5_3_8_3_5_reserved", "82 @ 0001 [] s't' 40", malformed},
    {"MQTT5_3_8_3_5_qos_3", "82 @ 0001 [] s't' 03", protocol},
    {"MQTT5_3_10_1_1", "A0 @ 0001 [] s't'", malformed},
    {"MQTT5_3_10_3_2", "A2 @ 0001 []", protocol},
    {"MQTT5_3_14_1_1", "E1 00", malformed},
    {"MQTT5_4_13_1_1_a_property_twice", "30 @ s't' [ 01 00 01 00 ]", protocol},
    {"MQTT5_4_13_1_1_a_property_of_another_packet", "30 @ s't' [ 21 0001 ]", malformed},
    {"MQTT5_4_13_1_1_a_packet_of_the_server", "20 @ 00 00 []", protocol},
};

INSTANTIATE_TEST_SUITE_P(Raw, Mqtt5Violation, ::testing::ValuesIn(violations),
                         [](const auto& row) { return std::string(row.param.id); });

}  // namespace
}  // namespace sluice::testing
