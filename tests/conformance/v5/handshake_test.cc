// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §3.1 and §3.2: who is taken, who is refused, and what CONNACK says.
#include "tests/conformance/pair.h"

#include <set>

namespace sluice::testing {
namespace {

TEST(Mqtt5Handshake, MQTT5_3_1_2_1_another_protocol_name_is_closed) {
  expect_closed_at_once("10 @ s'MQTX' 05 02 0000 [] s'a'");
  expect_closed_at_once("10 @ s'mqtt' 05 02 0000 [] s'a'");
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_2_another_level_gets_0x84) {
  expect_refused("10 @ s'MQTT' 06 02 0000 [] s'a'", v5, 0x84);
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_16_without_its_flag_there_is_no_user_name) {
  expect_refused("10 @ s'MQTT' 05 02 0000 [] s'a' s'user'", v5, code(malformed));
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_17_with_its_flag_there_is_a_user_name) {
  expect_refused("10 @ s'MQTT' 05 82 0000 [] s'a'", v5, code(malformed));
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_18_without_its_flag_there_is_no_password) {
  expect_refused("10 @ s'MQTT' 05 82 0000 [] s'a' s'user' s'secret'", v5, code(malformed));
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_19_with_its_flag_there_is_a_password) {
  expect_refused("10 @ s'MQTT' 05 C2 0000 [] s'a' s'user'", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 42 0000 [] s'a'", v5, code(malformed));
}

TEST(Mqtt5Handshake, MQTT5_3_1_3_1_the_fields_stand_in_their_order) {
  Broker broker;
  Client& watcher = broker.connect(five("w"));
  subscribe(watcher, {"will"});
  Client& client = broker.open();
  client.send_bytes(
      wire("10 @ s'MQTT' 05 C6 0000 [] s'a' [ 01 01 ] s'will' s'gone' s'user' s'pw'"));
  client.expect(Connack{});
  client.cut();
  watcher.expect(Publish{.topic = "will",
                         .payload = "gone",
                         .props = Props().number(PropertyId::payload_format_indicator, 1)});
}

TEST(Mqtt5Handshake, MQTT5_3_1_3_3_and_4_the_client_id_is_there_and_utf_8) {
  expect_refused("10 @ s'MQTT' 05 02 0000 []", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 02 0000 [] 0002 C328", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 02 0000 [] 0003 EDA080", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 02 0000 [] 0002 6100", v5, code(malformed));
}

TEST(Mqtt5Handshake, MQTT5_3_1_3_5_letters_and_digits_up_to_23_bytes_are_taken) {
  Broker broker;
  broker.connect(five("0123456789ABCDEFGHIJKLM"));
  broker.connect(five("nopqrstuvwxyzNOPQRSTUVW"));
  broker.connect(five("x"));
}

TEST(Mqtt5Handshake, MQTT5_3_1_3_11_the_wills_topic_is_utf_8_without_wildcards) {
  expect_refused("10 @ s'MQTT' 05 06 0000 [] s'a' [] 0002 C328 s'x'", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 06 0000 [] s'a' [] s'w/#' s'x'", v5, 0x81);
}

TEST(Mqtt5Handshake, MQTT5_3_1_3_12_the_user_name_is_utf_8) {
  expect_refused("10 @ s'MQTT' 05 82 0000 [] s'a' 0002 C328", v5, code(malformed));
}

TEST(Mqtt5Handshake, MQTT5_3_1_3_2_the_client_id_names_the_session) {
  Broker broker;
  Client& first = broker.connect(five("a", 600));
  subscribe(first, {"t"});
  first.cut();
  broker.connect(five("b", 600, false)).expect_nothing();
  Client& again = broker.resume(five("a", 600, false));
  again.send(Publish{.topic = "t"});
  again.expect(Publish{.topic = "t"});
}

TEST(Mqtt5Handshake, MQTT5_3_1_4_2_who_is_not_authorized_is_told_and_closed) {
  Broker broker(BrokerSetup{.is_anonymous_allowed = false});
  Client& client = broker.open();
  client.send(five("a"));
  client.expect(Connack{.code = 0x87});
  client.expect_closed();
}

TEST(Mqtt5Handshake, MQTT5_3_1_4_4_clean_start_is_processed) {
  Broker broker;
  broker.connect(five("a", 600)).cut();
  broker.resume(five("a", 600, false)).cut();
  broker.connect(five("a", 600, true)).cut();
}

TEST(Mqtt5Handshake, MQTT5_3_1_4_5_who_is_accepted_gets_connack_0) {
  Broker broker;
  Client& client = broker.open();
  client.send(five("a"));
  EXPECT_EQ(client.take<Connack>().code, 0);
  client.expect_nothing();
}

TEST(Mqtt5Handshake, MQTT5_3_1_4_6_nothing_behind_a_refused_connect_is_processed) {
  Broker broker;
  Client& watcher = broker.connect(five("w"));
  subscribe(watcher, {"t"});
  Client& refused = broker.open();
  Connect connect = five("a");
  connect.props.text(PropertyId::authentication_method, "nobody-has-it");
  refused.send(connect, Publish{.topic = "t", .payload = "x"});
  refused.expect(Connack{.code = 0x8C});
  refused.expect_closed();
  watcher.expect_nothing();
}

TEST(Mqtt5Handshake, MQTT5_3_2_0_1_and_2_one_connack_before_everything_else) {
  Broker broker;
  Client& away = broker.connect(five("a", 600));
  subscribe(away, {"t", qos_1});
  away.cut();
  broker.connect(five("p")).send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  Client& client = broker.open();
  client.send(five("a", 600, false), Subscribe{.packet_id = 1, .filters = {{"u"}}}, Pingreq{});
  client.expect(Connack{.session_present = true});
  int connacks = 0;
  while (const auto packet = client.receive()) connacks += std::holds_alternative<Connack>(*packet);
  EXPECT_EQ(connacks, 0);
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_1_and_2_clean_start_has_session_present_0) {
  Broker broker;
  broker.connect(five("a", 600)).cut();
  Client& client = broker.open();
  client.send(five("a", 600, true));
  EXPECT_FALSE(client.take<Connack>().session_present);
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_3_session_present_says_whether_there_is_a_session) {
  Broker broker;
  for (const bool is_there : {false, true}) {
    Client& client = broker.open();
    client.send(five("a", 600, false));
    EXPECT_EQ(client.take<Connack>().session_present, is_there);
    client.cut();
  }
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_6_to_8_a_refusal_has_session_present_0_a_listed_code_and_the_end) {
  Broker broker;
  broker.connect(five("a", 600)).cut();
  Client& client = broker.open();
  Connect connect = five("a", 600, false);
  connect.props.text(PropertyId::authentication_method, "nobody-has-it");
  client.send(connect);
  const Connack answer = client.take<Connack>();
  EXPECT_FALSE(answer.session_present);
  EXPECT_EQ(answer.code, 0x8C);
  client.expect_closed();
}

BrokerSetup without_qos_2() {
  BrokerSetup setup;
  setup.options.mqtt.maximum_qos = 1;
  return setup;
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_9_the_maximum_qos_is_announced_where_it_is_not_2) {
  for (const bool has_all : {true, false}) {
    Broker broker(has_all ? BrokerSetup{} : without_qos_2());
    Client& client = broker.open();
    client.send(five("a"));
    const Props props = client.take<Connack>().props;
    EXPECT_EQ(props.has(PropertyId::maximum_qos), !has_all);
    EXPECT_EQ(props.number(PropertyId::maximum_qos), has_all ? 0U : 1U);
  }
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_10_subscriptions_of_every_qos_are_taken_all_the_same) {
  Broker broker(without_qos_2());
  Client& client = broker.connect(five("a"));
  client.send(Subscribe{.packet_id = 1, .filters = {{"a", qos_0}, {"b", qos_1}, {"c", qos_2}}});
  client.expect(Suback{.packet_id = 1, .codes = {0, 1, 1}});
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_11_a_publish_above_the_maximum_qos_ends_the_connection) {
  Broker broker(without_qos_2());
  Client& client = broker.connect(five("a"));
  client.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 1});
  client.expect_disconnect(ReasonCode::qos_not_supported);
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_12_a_will_above_the_maximum_qos_is_refused) {
  Broker broker(without_qos_2());
  Client& client = broker.open();
  client.send(Connect{.client_id = "a", .will = Will{.topic = "w", .qos = qos_2}});
  client.expect(Connack{.code = 0x9B});
  client.expect_closed();
}

BrokerSetup without_retained() {
  BrokerSetup setup;
  setup.options.mqtt.retain_available = false;
  return setup;
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_13_a_retained_will_is_refused_where_nothing_is_retained) {
  Broker broker(without_retained());
  Client& client = broker.open();
  client.send(Connect{.client_id = "a", .will = Will{.topic = "w", .retain = true}});
  client.expect(Connack{.code = 0x9A});
  client.expect_closed();
}

TEST(Mqtt5Handshake,
     MQTT5_3_2_2_14_a_retained_publish_ends_the_connection_where_nothing_is_retained) {
  Broker broker(without_retained());
  Client& client = broker.open();
  client.send(five("a"));
  const Props props = client.take<Connack>().props;
  EXPECT_TRUE(props.has(PropertyId::retain_available));
  EXPECT_EQ(props.number(PropertyId::retain_available), 0U);
  client.send(Publish{.topic = "t", .retain = true});
  client.expect_disconnect(ReasonCode::retain_not_supported);
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_16_an_assigned_client_id_is_nobody_elses) {
  Broker broker;
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) {
    Client& client = broker.open();
    client.send(five("", 600));
    ids.insert(client.take<Connack>().props.text(PropertyId::assigned_client_identifier));
  }
  EXPECT_EQ(ids.size(), 20U);
  Client& again = broker.open();
  again.send(five(*ids.begin(), 600, false));
  again.expect(Connack{.session_present = true});
}

TEST(Mqtt5Handshake, MQTT5_3_2_2_19_and_20_a_connack_leaves_out_what_does_not_fit) {
  Broker broker;
  for (const std::uint32_t size_max : {8U, 2000U}) {
    Client& client = broker.open();
    Connect connect = five(std::string(300, 'x'));
    connect.props.number(PropertyId::maximum_packet_size, size_max);
    client.send(connect);
    const Connack answer = client.expect(Connack{.code = 0x85});
    EXPECT_EQ(answer.props.has(PropertyId::reason_string), size_max == 2000);
    EXPECT_FALSE(answer.props.has(PropertyId::user_property));
  }
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_29_no_reason_string_for_a_client_that_wants_none) {
  Broker broker;
  Connect connect = five("a");
  connect.props.number(PropertyId::request_problem_information, 0);
  Client& client = broker.connect(connect);
  client.send(Publish{.topic = "$SYS/x", .qos = qos_1, .packet_id = 1});
  EXPECT_TRUE(
      client.expect(Puback{.packet_id = 1, .reason = ReasonCode::not_authorized}).props.empty());
  client.send(Subscribe{.packet_id = 2, .filters = {{"t"}}});
  EXPECT_TRUE(client.take<Suback>().props.empty());
  client.send_bytes(wire("C1 00"));
  EXPECT_TRUE(client.take<Disconnect>().props.empty());
}

TEST(Mqtt5Handshake, MQTT5_3_1_2_30_before_connack_a_client_with_a_method_sends_auth_only) {
  Broker broker;
  Client& client = broker.open();
  Connect connect = five("a");
  connect.props.text(PropertyId::authentication_method, "nobody-has-it");
  client.send(connect, Publish{.topic = "t"});
  client.expect(Connack{.code = 0x8C});
  client.expect_closed();
}

TEST(Mqtt5Handshake, MQTT5_4_12_0_4_and_6_a_refused_method_is_answered_without_auth) {
  Broker broker;
  Client& client = broker.open();
  Connect connect = five("a");
  connect.props.text(PropertyId::authentication_method, "nobody-has-it");
  client.send(connect);
  client.expect(Connack{.code = 0x8C});
  client.expect_closed();
  Client& plain = broker.open();
  plain.send(five("b"));
  EXPECT_FALSE(plain.take<Connack>().props.has(PropertyId::authentication_method));
  plain.expect_nothing();
}

TEST(Mqtt5Handshake, MQTT5_4_13_2_1_a_code_of_failure_comes_with_the_end) {
  expect_refused("10 @ s'MQTT' 05 03 0000 [] s'a'", v5, code(malformed));
  expect_disconnected_after("C1 00", ReasonCode::malformed_packet);
}

}  // namespace
}  // namespace sluice::testing
