// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0: what the standard demands without a number.
#include "tests/conformance/pair.h"

namespace sluice::testing {
namespace {

using Mqtt5Rules = Pair<Version::v5>;

TEST(Mqtt5RulesRaw, RULE5_property_twice_in_every_packet_that_may_hold_it_once) {
  for (const char* twice :
       {"11 0000000A 11 0000000A", "21 0005 21 0005", "27 00000100 27 00000100", "22 0005 22 0005",
        "19 01 19 01", "17 01 17 01", "15 s'm' 15 s'm'", "15 s'm' 16 s'd' 16 s'd'"})
    expect_refused("10 @ s'MQTT' 05 02 0000 [ " + std::string(twice) + " ] s'a'", v5, 0x82);
  for (const char* twice : {"18 00000001 18 00000001", "01 01 01 01", "02 00000001 02 00000001",
                            "03 s't' 03 s't'", "08 s'r' 08 s'r'", "09 s'c' 09 s'c'"})
    expect_refused("10 @ s'MQTT' 05 06 0000 [] s'a' [ " + std::string(twice) + " ] s'w' s'm'", v5,
                   0x82);
  for (const char* twice : {"01 01 01 01", "02 00000001 02 00000001", "23 0001 23 0001",
                            "08 s'r' 08 s'r'", "09 s'c' 09 s'c'", "03 s't' 03 s't'"})
    expect_disconnected_after("30 @ s't' [ " + std::string(twice) + " ]", protocol_error);
  for (const char* first :
       {"40 @ 0001 00", "50 @ 0001 00", "62 @ 0001 00", "70 @ 0001 00", "E0 @ 00"})
    expect_disconnected_after(std::string(first) + " [ 1F s'r' 1F s'r' ]", protocol_error);
  expect_disconnected_after("82 @ 0001 [ 0B 01 0B 02 ] s't' 00", protocol_error);
  expect_disconnected_after("E0 @ 00 [ 11 00000000 11 00000000 ]", protocol_error);
}

TEST(Mqtt5RulesRaw, RULE5_property_elsewhere_is_malformed) {
  for (const char* property : {"01 01", "0B 01", "12 s'x'", "18 00000001", "1F s'r'", "23 0001",
                               "24 01", "25 01", "28 01", "29 01", "2A 01", "1A s'x'", "1C s'x'"})
    expect_refused("10 @ s'MQTT' 05 02 0000 [ " + std::string(property) + " ] s'a'", v5, 0x81);
  for (const char* property : {"11 00000001", "21 0001", "27 00000100", "18 00000001", "1F s'r'"}) {
    const std::string block = " [ " + std::string(property) + " ]";
    expect_disconnected_after("30 @ s't'" + block, malformed);
    if (std::string_view(property) == "1F s'r'") continue;
    expect_disconnected_after("40 @ 0001 00" + block, malformed);
    expect_disconnected_after("82 @ 0001" + block + " s't' 00", malformed);
    expect_disconnected_after("A2 @ 0001" + block + " s't'", malformed);
  }
  expect_disconnected_after("A2 @ 0001 [ 0B 01 ] s't'", malformed);
}

TEST(Mqtt5RulesRaw, RULE5_property_unknown_is_malformed) {
  for (const char* id : {"00", "04", "1B", "2B", "7F"}) {
    expect_refused("10 @ s'MQTT' 05 02 0000 [ " + std::string(id) + " 00 ] s'a'", v5, 0x81);
    expect_disconnected_after("30 @ s't' [ " + std::string(id) + " 00 ]", malformed);
  }
}

TEST(Mqtt5RulesRaw, RULE5_property_value_out_of_its_range_is_a_protocol_error) {
  for (const char* property : {"21 0000", "27 00000000", "19 02", "17 02"})
    expect_refused("10 @ s'MQTT' 05 02 0000 [ " + std::string(property) + " ] s'a'", v5, 0x82);
  expect_disconnected_after("82 @ 0001 [ 0B 00 ] s't' 00", protocol_error);
  expect_disconnected_after("30 @ s't' [ 01 02 ]", protocol_error);
}

TEST(Mqtt5RulesRaw, RULE5_authentication_data_needs_a_method) {
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 16 s'd' ] s'a'", v5, 0x82);
}

TEST(Mqtt5RulesRaw, RULE5_retain_handling_3_is_a_protocol_error) {
  expect_disconnected_after("82 @ 0001 [] s't' 30", protocol_error);
}

TEST(Mqtt5RulesRaw, RULE5_subscribe_qos_3_is_a_protocol_error) {
  expect_disconnected_after("82 @ 0001 [] s't' 03", protocol_error);
}

TEST(Mqtt5RulesRaw, RULE5_alias_never_set_is_a_protocol_error) {
  expect_disconnected_after("30 @ 0000 [ 23 0001 ]", protocol_error);
  expect_disconnected_after("30 @ 0000 [ 23 0040 ]", protocol_error);
}

TEST(Mqtt5RulesRaw, RULE5_session_expiry_at_disconnect_where_connect_had_none) {
  expect_disconnected_after("E0 @ 00 [ 11 0000000A ]", protocol_error);
}

TEST_F(Mqtt5Rules, RULE5_disconnect_with_will_publishes_it) {
  subscribe(other_, {"will"});
  Client& client = broker_.connect({.client_id = "c", .will = Will{.topic = "will"}});
  client.send(Disconnect{.reason = ReasonCode::disconnect_with_will});
  other_.expect(Publish{.topic = "will"});
}

TEST_F(Mqtt5Rules, RULE5_no_matching_subscribers_where_nobody_subscribed) {
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  client_.expect(Puback{.packet_id = 1, .reason = ReasonCode::no_matching_subscribers});
  client_.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 2});
  client_.expect(Pubrec{.packet_id = 2, .reason = ReasonCode::no_matching_subscribers});
  subscribe(other_, {"t"});
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 3});
  client_.expect(Puback{.packet_id = 3});
}

TEST_F(Mqtt5Rules, RULE5_no_subscription_existed_where_there_was_none) {
  client_.send(Unsubscribe{.packet_id = 1, .filters = {"t"}});
  client_.expect(Unsuback{.packet_id = 1, .codes = {0x11}});
}

TEST_F(Mqtt5Rules, RULE5_maximum_packet_size_counts_all_of_the_packet) {
  // first byte, remaining length, topic with its length, property length, payload
  constexpr std::size_t payload = 20;
  constexpr std::uint32_t whole = 2 + 3 + 1 + payload;
  for (const std::uint32_t size_max : {whole - 1, whole}) {
    Connect connect = five("s");
    connect.props.number(PropertyId::maximum_packet_size, size_max);
    Client& limited = broker_.connect(connect);
    subscribe(limited, {"t"});
    client_.send(Publish{.topic = "t", .payload = std::string(payload, 'x')});
    if (size_max == whole)
      limited.expect(Publish{.topic = "t", .payload = std::string(payload, 'x')});
    limited.expect_nothing();
  }
}

TEST_F(Mqtt5Rules, RULE5_retained_subscription_identifier_is_that_of_the_subscription) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  const Props id = Props().number(PropertyId::subscription_identifier, 7);
  other_.send(Subscribe{.packet_id = 1, .filters = {{"+"}}, .props = id});
  other_.take<Suback>();
  other_.expect(Publish{.topic = "t", .payload = "x", .retain = true, .props = id});
}

TEST_F(Mqtt5Rules, RULE5_retain_handling_1_wildcard_brings_them_once) {
  client_.send(Publish{.topic = "a/1", .payload = "x", .retain = true},
               Publish{.topic = "a/2", .payload = "x", .retain = true});
  for (const bool is_new : {true, false}) {
    subscribe(other_, {.filter = "a/#", .retain_handling = RetainHandling::send_if_new});
    for (int i = 0; is_new && i < 2; ++i) EXPECT_TRUE(other_.take<Publish>().retain);
    other_.expect_nothing();
  }
}

TEST_F(Mqtt5Rules, RULE5_connack_before_queue_and_no_more_than_may_be_in_flight) {
  Client& first = broker_.connect(five("s", 600));
  subscribe(first, {"t", qos_1});
  for (int i = 0; i < 4; ++i)
    publish(client_, {.topic = "t", .payload = std::to_string(i), .qos = qos_1});
  for (int i = 0; i < 4; ++i) first.take<Publish>();
  first.cut();
  Client& again = broker_.open();
  Connect connect = five("s", 600, false);
  connect.props.number(PropertyId::receive_maximum, 2);
  again.send(connect);
  again.expect(Connack{.session_present = true});
  for (const char* payload : {"0", "1"}) {
    const auto got = again.take<Publish>();
    EXPECT_EQ(got.payload, payload);
    EXPECT_TRUE(got.dup);
  }
  again.expect_nothing();
}

TEST_F(Mqtt5Rules, RULE5_receive_maximum_on_resume_holds_for_what_is_sent_again) {
  Client& first = broker_.connect(five("s", 600));
  subscribe(first, {"t", qos_2});
  for (int i = 0; i < 3; ++i) publish(client_, {.topic = "t", .qos = qos_2});
  const PacketId released = first.take<Publish>().packet_id;
  first.take<Publish>();
  first.take<Publish>();
  first.send(Pubrec{.packet_id = released});
  first.take<Pubrel>();
  first.cut();
  Client& again = broker_.open();
  Connect connect = five("s", 600, false);
  connect.props.number(PropertyId::receive_maximum, 2);
  again.send(connect);
  again.expect(Connack{.session_present = true});
  again.expect(Pubrel{.packet_id = released});
  again.take<Publish>();
  again.expect_nothing();
  again.send(Pubcomp{.packet_id = released});
  again.take<Publish>();
}

TEST_F(Mqtt5Rules, RULE5_shared_and_plain_subscriptions_of_one_client_both_deliver) {
  subscribe(client_, {"t"});
  subscribe(client_, {"$share/g/t"});
  other_.send(Publish{.topic = "t"});
  client_.expect(Publish{.topic = "t"});
  client_.expect(Publish{.topic = "t"});
  client_.expect_nothing();
}

TEST_F(Mqtt5Rules, RULE5_request_problem_information_0_leaves_the_reason_string_out) {
  Connect connect = five("s");
  connect.props.number(PropertyId::request_problem_information, 0);
  Client& client = broker_.connect(connect);
  client.send_bytes(wire("C1 00"));
  EXPECT_TRUE(client.take<Disconnect>().props.empty());
}

TEST(Mqtt5RulesRaw, RULE5_answer_arrives_although_the_client_goes_on_sending) {
  Broker broker;
  Client& client = broker.connect(five("a"));
  Bytes bytes = wire("C1 00");
  bytes.resize(200'000, 0xC0);
  client.send_bytes(bytes);
  client.expect(Disconnect{.reason = malformed});
}

}  // namespace
}  // namespace sluice::testing
