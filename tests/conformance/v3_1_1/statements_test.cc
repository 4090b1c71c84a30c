// SPDX-License-Identifier: Apache-2.0
// MQTT 3.1.1 §2 and §3: packet identifiers, CONNECT, PUBLISH, SUBSCRIBE.
#include "tests/conformance/pair.h"

#include <algorithm>
#include <map>

namespace sluice::testing {
namespace {

using Mqtt3Statement = Pair<v3>;

TEST(Mqtt3Raw, MQTT3_2_2_2_1_reserved_flags_have_their_value_in_every_packet) {
  for (const char* bytes : {"41 02 0001", "51 02 0001", "60 02 0001", "71 02 0001",
                            "83 @ 0001 s't' 00", "A0 @ 0001 s't'", "C4 00", "E8 00"})
    expect_closed_after(bytes);
}

TEST_F(Mqtt3Statement, MQTT3_2_3_1_4_identifiers_of_the_server_are_not_0_and_not_in_use) {
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

TEST_F(Mqtt3Statement, MQTT3_2_3_1_5_a_publish_of_qos_0_has_no_identifier) {
  subscribe(other_, {"t"});
  client_.send_bytes(wire("30 @ s't' 0007"));
  other_.expect(Publish{.topic = "t", .payload = std::string("\0\7", 2)});
}

TEST(Mqtt3Raw, MQTT3_3_1_2_18_without_its_flag_there_is_no_user_name) {
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000 s'a' s'user'");
}

TEST(Mqtt3Raw, MQTT3_3_1_2_20_without_its_flag_there_is_no_password) {
  expect_closed_at_once("10 @ s'MQTT' 04 82 0000 s'a' s'user' s'secret'");
}

TEST(Mqtt3Raw, MQTT3_3_1_3_1_the_fields_stand_in_their_order) {
  Broker broker;
  Client& watcher = broker.connect(three("w"));
  subscribe(watcher, {"will"});
  Client& client = broker.open();
  client.set_version(v3);
  client.send_bytes(wire("10 @ s'MQTT' 04 C6 0000 s'a' s'will' s'gone' s'user' s'pw'"));
  client.expect(Connack{});
  client.cut();
  watcher.expect(Publish{.topic = "will", .payload = "gone"});
}

TEST_F(Mqtt3Statement, MQTT3_3_1_3_2_the_client_id_names_the_session) {
  Client& first = broker_.connect(keeping("s"));
  subscribe(first, {"t"});
  first.cut();
  broker_.connect(keeping("another")).expect_nothing();
  Client& again = broker_.resume(keeping("s"));
  client_.send(Publish{.topic = "t"});
  again.expect(Publish{.topic = "t"});
}

TEST(Mqtt3Raw, MQTT3_3_1_3_3_the_client_id_is_there_and_first) {
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000");
}

TEST(Mqtt3Raw, MQTT3_3_1_3_7_and_9_an_empty_client_id_with_clean_session_0_gets_2_and_the_end) {
  expect_refused("10 @ s'MQTT' 04 00 003C 0000", v3, 2);
}

TEST(Mqtt3Raw, MQTT3_3_1_3_6_an_empty_client_id_gets_one_of_its_own) {
  Broker broker;
  Client& one = broker.connect(three(""));
  Client& two = broker.connect(three(""));
  for (Client* client : {&one, &two}) {
    client->send(Pingreq{});
    client->expect(Pingresp{});
  }
}

TEST(Mqtt3Raw, MQTT3_3_1_3_10_the_wills_topic_is_utf_8) {
  expect_closed_at_once("10 @ s'MQTT' 04 06 0000 s'a' 0002 C328 s'x'");
}

TEST(Mqtt3Raw, MQTT3_3_1_3_11_the_user_name_is_utf_8) {
  expect_closed_at_once("10 @ s'MQTT' 04 82 0000 s'a' 0002 C328");
}

TEST_F(Mqtt3Statement, MQTT3_3_1_4_3_clean_session_is_processed) {
  broker_.connect(keeping("s")).cut();
  broker_.resume(keeping("s")).cut();
  broker_.connect(keeping("s", true)).cut();
  broker_.connect(keeping("s"));
}

TEST(Mqtt3Raw, MQTT3_3_1_4_4_who_is_accepted_gets_return_code_0) {
  Broker broker;
  Client& client = broker.open();
  client.send(three("a"));
  EXPECT_EQ(client.take<Connack>().code, 0);
  client.expect_nothing();
}

TEST(Mqtt3Raw, MQTT3_3_1_4_5_nothing_behind_a_refused_connect_is_processed) {
  Broker broker;
  Client& watcher = broker.connect(three("w"));
  subscribe(watcher, {"t"});
  Client& refused = broker.open();
  refused.set_version(v3);
  refused.send_bytes(wire("10 0C s'MQTT' 04 00 0000 0000 30 04 s't' 'x'"));
  refused.expect(Connack{.code = 2});
  refused.expect_closed();
  watcher.expect_nothing();
}

TEST_F(Mqtt3Statement, MQTT3_3_2_0_1_connack_comes_before_everything_else) {
  Client& away = broker_.connect(keeping("s"));
  subscribe(away, {"t", qos_1});
  away.cut();
  publish(client_, {.topic = "t", .qos = qos_1});
  Client& again = broker_.open();
  again.send(keeping("s"), Pingreq{}, Subscribe{.packet_id = 1, .filters = {{"u"}}});
  again.expect(Connack{.session_present = true});
}

TEST(Mqtt3Raw, MQTT3_3_2_2_4_and_5_a_refusal_has_session_present_0_and_the_end) {
  Broker broker(BrokerSetup{.is_anonymous_allowed = false});
  Client& client = broker.open();
  client.send(three("a", false));
  const Connack answer = client.expect(Connack{.code = 5});
  EXPECT_FALSE(answer.session_present);
  client.expect_closed();
}

TEST(Mqtt3Raw, MQTT3_3_2_2_6_where_no_return_code_fits_there_is_the_end_alone) {
  expect_closed_at_once("10 @ s'MQTT' 04 02 0000 s'a' 'x'");
}

TEST_F(Mqtt3Statement, MQTT3_3_3_1_1_what_is_sent_again_has_dup) {
  Client& first = broker_.connect(keeping("s"));
  subscribe(first, {"t", qos_1});
  publish(client_, {.topic = "t", .qos = qos_1});
  EXPECT_FALSE(first.take<Publish>().dup);
  first.cut();
  EXPECT_TRUE(broker_.resume(keeping("s")).take<Publish>().dup);
}

TEST_F(Mqtt3Statement,
       MQTT3_3_3_1_5_and_6_the_last_retained_message_of_each_topic_comes_with_its_qos) {
  for (const char* payload : {"1", "2"})
    publish(client_, {.topic = "a/t", .payload = payload, .qos = qos_1, .retain = true});
  publish(client_, {.topic = "a/u", .payload = "3", .qos = qos_2, .retain = true});
  subscribe(other_, {"a/+", qos_2});
  std::map<std::string, Publish> got;
  for (int i = 0; i < 2; ++i) {
    const auto packet = other_.take<Publish>();
    got[packet.topic] = packet;
  }
  EXPECT_EQ(got["a/t"].payload, "2");
  EXPECT_EQ(got["a/t"].qos, qos_1);
  EXPECT_EQ(got["a/u"].payload, "3");
  EXPECT_EQ(got["a/u"].qos, qos_2);
  other_.expect_nothing();
}

TEST_F(Mqtt3Statement, MQTT3_3_3_1_7_a_retained_message_of_qos_0_replaces_the_old) {
  publish(client_, {.topic = "t", .payload = "old", .qos = qos_1, .retain = true});
  publish(client_, {.topic = "t", .payload = "new", .retain = true});
  subscribe(other_, {"t", qos_1});
  other_.expect(Publish{.topic = "t", .payload = "new", .retain = true});
  other_.expect_nothing();
}

TEST_F(Mqtt3Statement, MQTT3_3_3_1_8_and_9_retain_is_set_for_a_new_subscription_only) {
  subscribe(other_, {"t"});
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true});
  other_.expect(Publish{.topic = "t", .payload = "x", .retain = false});
  Client& late = connect("late");
  subscribe(late, {"t"});
  late.expect(Publish{.topic = "t", .payload = "x", .retain = true});
}

TEST(Mqtt3Raw, MQTT3_3_3_2_1_the_topic_comes_first_and_is_utf_8) {
  expect_closed_after("30 @ 0009 'cut'");
  expect_closed_after("30 @ 0002 C328");
}

TEST_F(Mqtt3Statement, MQTT3_3_3_2_3_a_delivery_has_the_topic_it_was_published_to) {
  subscribe(other_, {"a/+"});
  client_.send(Publish{.topic = "a/b"}, Publish{.topic = "b/a"});
  other_.expect(Publish{.topic = "a/b"});
  other_.expect_nothing();
}

TEST_F(Mqtt3Statement, MQTT3_3_3_4_1_each_qos_has_its_answer) {
  client_.send(Publish{.topic = "t"});
  client_.expect_nothing();
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  client_.expect(Puback{.packet_id = 1});
  client_.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 2});
  client_.expect(Pubrec{.packet_id = 2});
}

BrokerSetup without_wildcards() {
  BrokerSetup setup;
  setup.options.mqtt.wildcard_subscription_available = false;
  return setup;
}

TEST(Mqtt3Raw, MQTT3_3_8_3_2_and_3_filters_with_wildcards_are_rejected_where_there_are_none) {
  Broker broker(without_wildcards());
  Client& client = broker.connect(three("a"));
  client.send(Subscribe{.packet_id = 1, .filters = {{"a/+"}, {"a/b", qos_1}, {"#"}}});
  client.expect(Suback{.packet_id = 1, .codes = {0x80, 1, 0x80}});
  client.send_bytes(wire("82 02 0001"));
  client.expect_closed();
}

TEST_F(Mqtt3Statement, MQTT3_3_8_4_1_and_2_subscribe_is_answered_with_its_identifier) {
  client_.send(Subscribe{.packet_id = 0x0A0B, .filters = {{"t"}}});
  client_.expect(Suback{.packet_id = 0x0A0B, .codes = {0}});
}

TEST_F(Mqtt3Statement, MQTT3_3_8_4_6_the_lower_qos_of_both_is_delivered) {
  for (const Qos granted : {qos_0, qos_1, qos_2})
    for (const Qos published : {qos_0, qos_1, qos_2}) {
      Client& subscriber = connect("s");
      subscribe(subscriber, {"t", granted});
      publish(client_, {.topic = "t", .qos = published});
      EXPECT_EQ(subscriber.take<Publish>().qos, std::min(granted, published));
    }
}

TEST_F(Mqtt3Statement, MQTT3_3_9_3_1_and_2_only_listed_codes_in_the_order_of_the_filters) {
  client_.send(Subscribe{.packet_id = 1, .filters = {{"a", qos_2}, {"$share//b"}, {"c", qos_1}}});
  client_.expect(Suback{.packet_id = 1, .codes = {2, 0x80, 1}});
}

TEST_F(Mqtt3Statement, MQTT3_3_10_4_2_nothing_new_is_sent_behind_unsubscribe) {
  subscribe(other_, {"t"});
  other_.send(Unsubscribe{.packet_id = 1, .filters = {"t"}});
  other_.expect(Unsuback{.packet_id = 1});
  client_.send(Publish{.topic = "t"});
  other_.expect_nothing();
}

TEST_F(Mqtt3Statement, MQTT3_3_10_4_4_and_6_one_unsuback_with_the_identifier) {
  subscribe(client_, {"a"});
  subscribe(client_, {"b"});
  client_.send(Unsubscribe{.packet_id = 0x0405, .filters = {"a", "b", "c"}});
  client_.expect(Unsuback{.packet_id = 0x0405});
  client_.send(Publish{.topic = "a"}, Publish{.topic = "b"});
  client_.expect_nothing();
}

}  // namespace
}  // namespace sluice::testing
