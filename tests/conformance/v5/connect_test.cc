// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §3.1, §3.2: CONNECT and CONNACK.
#include "tests/conformance/pair.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::testing {
namespace {

Connect five(std::string id, std::uint32_t expiry_s = 0, bool clean_start = true) {
  Connect connect{.client_id = std::move(id), .clean_start = clean_start};
  if (expiry_s > 0) connect.props.number(PropertyId::session_expiry_interval, expiry_s);
  return connect;
}

TEST(Mqtt5Connect, MQTT5_3_1_0_1_the_first_packet_is_connect) {
  expect_closed_at_once("C0 00");
  expect_closed_at_once("F0 00");
}

TEST(Mqtt5Connect, MQTT5_3_1_0_2_a_second_connect_is_a_protocol_error) {
  expect_disconnected_after("10 @ s'MQTT' 05 02 0000 [] s'a'", ReasonCode::protocol_error);
}

TEST(Mqtt5Connect, MQTT5_3_1_2_2_another_level_gets_unsupported_protocol_version) {
  expect_refused("10 @ s'MQTT' 06 02 0000 [] s'a'", v5, 0x84);
}

TEST(Mqtt5Connect, MQTT5_3_1_2_3_the_reserved_flag_is_0) {
  expect_refused("10 @ s'MQTT' 05 03 0000 [] s'a'", v5, code(malformed));
}

TEST(Mqtt5Connect, MQTT5_3_1_2_4_clean_start_discards_the_session) {
  Broker broker;
  Client& first = broker.connect(five("a", 60));
  subscribe(first, {"t"});
  first.cut();
  Client& second = broker.connect(five("a", 60));
  second.send(Publish{.topic = "t"});
  second.expect_nothing();
}

TEST(Mqtt5Connect, MQTT5_3_1_2_5_without_clean_start_it_is_resumed) {
  Broker broker;
  Client& first = broker.connect(five("a", 60));
  subscribe(first, {"t"});
  first.cut();
  Client& second = broker.resume(five("a", 60, false));
  second.send(Publish{.topic = "t", .payload = "x"});
  second.expect(Publish{.topic = "t", .payload = "x"});
}

TEST(Mqtt5Connect, MQTT5_3_1_2_6_or_created) {
  Broker broker;
  broker.connect(five("a", 60, false));
}

TEST(Mqtt5Connect, MQTT5_3_1_2_9_to_13_will_flags) {
  expect_refused("10 @ s'MQTT' 05 06 0000 [] s'a'", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 0A 0000 [] s'a'", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 1E 0000 [] s'a' [] s'w' s'x'", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 22 0000 [] s'a'", v5, code(malformed));
}

// What a new subscriber gets once the will was published.
void expect_will_kept(bool is_kept) {
  Broker broker;
  Client& watcher = broker.connect(five("w"));
  subscribe(watcher, {"will"});
  broker
      .connect({.client_id = "a", .will = Will{.topic = "will", .payload = "x", .retain = is_kept}})
      .cut();
  watcher.expect(Publish{.topic = "will", .payload = "x"});
  Client& late = broker.connect(five("late"));
  subscribe(late, {"will"});
  if (is_kept)
    late.expect(Publish{.topic = "will", .payload = "x", .retain = true});
  else
    late.expect_nothing();
}

TEST(Mqtt5Connect, MQTT5_3_1_2_14_a_will_without_retain_is_not_kept) { expect_will_kept(false); }

TEST(Mqtt5Connect, MQTT5_3_1_2_15_a_will_with_retain_is_kept) { expect_will_kept(true); }

TEST(Mqtt5Connect, MQTT5_3_1_2_10_disconnect_removes_the_will) {
  Broker broker;
  Client& other = broker.connect(five("b"));
  subscribe(other, {"w"});
  Connect connect = five("a", 600);
  connect.will = Will{.topic = "w"};
  Client& client = broker.connect(connect);
  client.send(Disconnect{});
  client.expect_closed();
  other.expect_nothing();
}

TEST(Mqtt5Connect, MQTT5_3_1_2_24_and_25_what_is_too_large_for_the_client_is_left_out) {
  Broker broker;
  Connect connect = five("a");
  connect.props.number(PropertyId::maximum_packet_size, 30);
  Client& client = broker.connect(connect);
  subscribe(client, {"t", qos_1});
  for (const std::size_t size : {100U, 10U}) {
    client.send(
        Publish{.topic = "t", .payload = std::string(size, 'x'), .qos = qos_1, .packet_id = 1});
    if (size == 10)
      client.expect(Publish{.topic = "t", .payload = std::string(size, 'x'), .qos = qos_1});
    client.take<Puback>();
  }
  client.expect_nothing();
}

TEST(Mqtt5Connect, MQTT5_3_1_2_26_and_27_no_alias_above_the_clients_maximum) {
  Broker broker;
  Connect connect = five("a");
  connect.props.number(PropertyId::topic_alias_maximum, 2);
  Client& limited = broker.connect(connect);
  Client& none = broker.connect(five("b"));
  subscribe(limited, {"#"});
  subscribe(none, {"#"});
  std::set<std::uint32_t> aliases;
  for (int i = 0; i < 20; ++i) {
    none.send(Publish{.topic = "a/long/topic/" + std::to_string(i % 5)});
    const std::uint32_t alias = limited.take<Publish>().props.number(PropertyId::topic_alias);
    if (alias != 0) aliases.insert(alias);
    EXPECT_TRUE(none.take<Publish>().props.empty());
  }
  EXPECT_EQ(aliases, (std::set<std::uint32_t>{1, 2}));
}

TEST(Mqtt5Connect, MQTT5_3_1_2_28_no_response_information_unless_asked) {
  Broker broker;
  Client& client = broker.open();
  client.send(five("a"));
  EXPECT_FALSE(client.take<Connack>().props.has(PropertyId::response_information));
}

TEST(Mqtt5Connect, MQTT5_3_1_3_6_and_7_an_empty_client_id_is_assigned) {
  Broker broker;
  std::set<std::string> ids;
  for (int i = 0; i < 10; ++i) {
    Client& client = broker.open();
    client.send(five(""));
    ids.insert(client.take<Connack>().props.text(PropertyId::assigned_client_identifier));
  }
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_FALSE(ids.contains(""));
}

TEST(Mqtt5Connect, MQTT5_3_1_3_8_a_client_id_that_is_too_long_is_refused) {
  Broker broker;
  Client& client = broker.open();
  client.send(five(std::string(257, 'x')));
  client.expect(Connack{.code = 0x85});
  client.expect_closed();
}

TEST(Mqtt5Connect, MQTT5_3_1_3_10_user_properties_of_a_will_keep_their_order) {
  Broker broker;
  Client& watcher = broker.connect(five("w"));
  subscribe(watcher, {"will"});
  const Props props = Props().user("b", "1").user("a", "2").user("b", "3");
  Connect connect = five("a");
  connect.will = Will{.topic = "will", .payload = "x", .props = props};
  broker.connect(connect).cut();
  watcher.expect(Publish{.topic = "will", .payload = "x", .props = props});
}

TEST(Mqtt5Connect, MQTT5_3_1_4_1_a_malformed_connect_is_refused) {
  expect_refused("10 @ s'MQTT' 05 02 0000 [] 0002 C328", v5, code(malformed));
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 11 0000000A 11 0000000A ] s'a'", v5,
                 code(protocol_error));
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 21 0000 ] s'a'", v5, code(protocol_error));
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 27 00000000 ] s'a'", v5, code(protocol_error));
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 19 02 ] s'a'", v5, code(protocol_error));
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 01 00 ] s'a'", v5, code(malformed));
}

TEST(Mqtt5Connect, MQTT5_3_1_4_3_who_connects_again_takes_over) {
  Broker broker;
  Client& old = broker.connect(five("a"));
  broker.connect(five("a"));
  old.expect_disconnect(ReasonCode::session_taken_over);
}

TEST(Mqtt5Connect, MQTT5_3_2_2_15_the_maximum_packet_size_is_announced_and_kept) {
  BrokerSetup setup;
  setup.options.mqtt.packet_bytes_max = 2000;
  Broker broker(setup);
  Client& client = broker.open();
  client.send(five("a"));
  EXPECT_EQ(client.take<Connack>().props.number(PropertyId::maximum_packet_size), 2000U);
  client.send(Publish{.topic = "t", .payload = std::string(3000, 'x')});
  client.expect_disconnect(ReasonCode::packet_too_large);
}

TEST(Mqtt5Connect, MQTT5_3_2_2_17_and_18_the_topic_alias_maximum_is_announced_and_kept) {
  Broker broker;
  Client& client = broker.open();
  client.send(five("a"));
  EXPECT_EQ(client.take<Connack>().props.number(PropertyId::topic_alias_maximum), 64U);
  client.send(Publish{.topic = "t", .props = Props().number(PropertyId::topic_alias, 65)});
  client.expect_disconnect(ReasonCode::topic_alias_invalid);
}

TEST(Mqtt5Connect, MQTT5_4_12_0_1_an_unknown_authentication_method_is_refused) {
  expect_refused("10 @ s'MQTT' 05 02 0000 [ 15 s'X' ] s'a'", v5, 0x8C);
}

TEST(Mqtt5Connect, MQTT5_4_12_0_7_auth_without_a_method_is_a_protocol_error) {
  expect_disconnected_after("F0 00", ReasonCode::protocol_error);
  // Nor with one that CONNECT has not named.
  expect_disconnected_after("F0 @ 19 [ 15 s'' ]", ReasonCode::protocol_error);
}

}  // namespace
}  // namespace sluice::testing
