// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §3.8 to §3.11 and §4.8.2: subscribing, and sharing what was subscribed.
#include "tests/conformance/pair.h"

#include <algorithm>

namespace sluice::testing {
namespace {

using Mqtt5Subscribe = Pair<Version::v5>;

TEST(Mqtt5SubscribeRaw, MQTT5_3_8_3_1_topic_filters_are_utf_8) {
  expect_disconnected_after("82 @ 0001 [] 0002 C328 00", ReasonCode::malformed_packet);
  expect_disconnected_after("82 @ 0001 [] 0003 EDA080 00", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Subscribe, MQTT5_3_8_4_1_and_2_subscribe_is_answered_with_its_identifier) {
  client_.send(Subscribe{.packet_id = 0x0A0B, .filters = {{"t"}}});
  client_.expect(Suback{.packet_id = 0x0A0B, .codes = {0}});
}

TEST_F(Mqtt5Subscribe, MQTT5_3_8_4_3_the_same_filter_replaces_the_subscription) {
  subscribe(client_, {"t", qos_0});
  subscribe(client_, {"t", qos_1});
  publish(other_, {.topic = "t", .payload = "x", .qos = qos_1});
  client_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
  client_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_3_8_4_4_replacing_sends_retained_again_and_loses_nothing) {
  publish(other_, {.topic = "t", .payload = "kept", .qos = qos_1, .retain = true});
  for (int i = 0; i < 2; ++i) {
    subscribe(client_, {"t"});
    client_.expect(Publish{.topic = "t", .payload = "kept", .retain = true});
    other_.send(Publish{.topic = "t", .payload = "live"});
    client_.expect(Publish{.topic = "t", .payload = "live"});
  }
}

TEST_F(Mqtt5Subscribe, MQTT5_3_8_4_5_to_7_one_suback_with_what_each_filter_is_granted) {
  client_.send(
      Subscribe{.packet_id = 3, .filters = {{"a", qos_2}, {"b"}, {"c", qos_1}, {"d", qos_2}}});
  client_.expect(Suback{.packet_id = 3, .codes = {2, 0, 1, 2}});
  client_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_3_8_4_8_the_lower_qos_of_both_is_delivered) {
  for (const Qos granted : {qos_0, qos_1, qos_2})
    for (const Qos published : {qos_0, qos_1, qos_2}) {
      Client& subscriber = connect("s");
      subscribe(subscriber, {"t", granted});
      publish(client_, {.topic = "t", .qos = published});
      EXPECT_EQ(subscriber.take<Publish>().qos, std::min(granted, published));
    }
}

TEST_F(Mqtt5Subscribe, MQTT5_3_9_2_1_and_2_suback_never_exceeds_the_clients_maximum) {
  Connect connect = five("s");
  connect.props.number(PropertyId::maximum_packet_size, 24);
  Client& client = broker_.connect(connect);
  client.send(Subscribe{.packet_id = 1, .filters = {{"t"}}});
  EXPECT_TRUE(client.expect(Suback{.packet_id = 1, .codes = {0}}).props.empty());
  std::vector<Filter> many;
  for (int i = 0; i < 30; ++i) many.push_back({"t" + std::to_string(i)});
  client.send(Subscribe{.packet_id = 2, .filters = many});
  client.expect_disconnect(ReasonCode::packet_too_large);
}

BrokerSetup with_two_subscriptions() {
  BrokerSetup setup;
  setup.options.session.subscriptions_max = 2;
  return setup;
}

TEST(Mqtt5SubscribeLimit, MQTT5_3_9_3_1_and_2_codes_stand_in_the_order_of_the_filters) {
  Broker broker(with_two_subscriptions());
  Client& client = broker.connect(five("a"));
  client.send(
      Subscribe{.packet_id = 1, .filters = {{"a", qos_1}, {"b", qos_2}, {"c"}, {"a", qos_0}}});
  client.expect(Suback{.packet_id = 1, .codes = {1, 2, 0x97, 0}});
}

TEST(Mqtt5SubscribeRaw, MQTT5_3_10_3_1_topic_filters_of_unsubscribe_are_utf_8) {
  expect_disconnected_after("A2 @ 0001 [] 0002 C328", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Subscribe, MQTT5_3_10_4_1_filters_are_compared_character_by_character) {
  subscribe(client_, {"a/+"});
  client_.send(Unsubscribe{.packet_id = 1, .filters = {"a/b", "A/+", "a/#"}});
  client_.expect(Unsuback{.packet_id = 1, .codes = {0x11, 0x11, 0x11}});
  other_.send(Publish{.topic = "a/b"});
  client_.expect(Publish{.topic = "a/b"});
  client_.send(Unsubscribe{.packet_id = 2, .filters = {"a/+"}});
  client_.expect(Unsuback{.packet_id = 2, .codes = {0}});
  other_.send(Publish{.topic = "a/b"});
  client_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_3_10_4_2_nothing_new_is_sent_behind_unsubscribe) {
  subscribe(client_, {"t", qos_1});
  client_.send(Unsubscribe{.packet_id = 1, .filters = {"t"}});
  client_.expect(Unsuback{.packet_id = 1, .codes = {0}});
  other_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  client_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_3_10_4_3_a_delivery_that_has_begun_is_completed) {
  subscribe(client_, {"t", qos_2});
  publish(other_, {.topic = "t", .payload = "x", .qos = qos_2});
  const auto got = client_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  client_.send(Unsubscribe{.packet_id = 2, .filters = {"t"}}, Pubrec{.packet_id = got.packet_id});
  client_.expect(Unsuback{.packet_id = 2, .codes = {0}});
  client_.expect(Pubrel{.packet_id = got.packet_id});
}

TEST_F(Mqtt5Subscribe, MQTT5_3_10_4_4_to_6_one_unsuback_even_if_nothing_was_deleted) {
  client_.send(Unsubscribe{.packet_id = 0x0405, .filters = {"never", "nor this"}});
  client_.expect(Unsuback{.packet_id = 0x0405, .codes = {0x11, 0x11}});
  client_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_3_11_2_1_and_2_unsuback_never_exceeds_the_clients_maximum) {
  Connect connect = five("s");
  connect.props.number(PropertyId::maximum_packet_size, 24);
  Client& client = broker_.connect(connect);
  client.send(Unsubscribe{.packet_id = 1, .filters = {"t"}});
  EXPECT_TRUE(client.expect(Unsuback{.packet_id = 1, .codes = {0x11}}).props.empty());
  client.send(Unsubscribe{.packet_id = 2, .filters = std::vector<std::string>(30, "t")});
  client.expect_disconnect(ReasonCode::packet_too_large);
}

TEST_F(Mqtt5Subscribe, MQTT5_3_11_3_2_only_listed_codes_of_unsubscribe) {
  subscribe(client_, {"t"});
  client_.send(Unsubscribe{.packet_id = 1, .filters = {"t", "$share/g/t", "u"}});
  client_.expect(Unsuback{.packet_id = 1, .codes = {0, 0x11, 0x11}});
}

// --- §4.8.2: shared subscriptions ---

TEST(Mqtt5SubscribeRaw, MQTT5_4_8_2_1_a_share_name_has_at_least_one_character) {
  expect_disconnected_after("82 @ 0001 [] s'$share//t' 00", ReasonCode::protocol_error);
}

TEST(Mqtt5SubscribeRaw, MQTT5_4_8_2_2_a_share_name_has_no_wildcard_and_a_filter_behind_it) {
  for (const char* filter : {"$share/+/t", "$share/#", "$share/g", "$share/g/"}) {
    Broker broker;
    Client& client = broker.connect(five("a"));
    client.send(Subscribe{.packet_id = 1, .filters = {{filter}}});
    client.expect_disconnect(ReasonCode::protocol_error);
  }
  expect_disconnected_after("82 @ 0001 [] s'$share/a+/t' 00", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Subscribe, MQTT5_4_8_2_3_a_shared_subscription_keeps_its_granted_qos) {
  for (const Qos granted : {qos_0, qos_1, qos_2}) {
    Client& member = connect("m");
    subscribe(member, {"$share/g/t", granted});
    publish(client_, {.topic = "t", .qos = qos_2});
    EXPECT_EQ(member.take<Publish>().qos, granted);
  }
}

TEST_F(Mqtt5Subscribe, MQTT5_4_8_2_4_a_qos_2_delivery_is_completed_with_the_member_that_has_it) {
  Client& member = broker_.connect(five("m", 600));
  subscribe(member, {"$share/g/t", qos_2});
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_2});
  const auto got = member.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  subscribe(other_, {"$share/g/t", qos_2});
  member.cut();
  Client& again = broker_.resume(five("m", 600, false));
  again.expect(
      Publish{.topic = "t", .payload = "x", .qos = qos_2, .dup = true, .packet_id = got.packet_id});
  other_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_4_8_2_5_a_qos_2_delivery_ends_with_the_session_that_has_it) {
  Client& member = connect("m");
  subscribe(member, {"$share/g/t", qos_2});
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_2});
  member.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  subscribe(other_, {"$share/g/t", qos_2});
  member.cut();
  other_.expect_nothing();
}

TEST_F(Mqtt5Subscribe, MQTT5_4_8_2_6_what_a_member_refuses_goes_to_nobody) {
  Connect connect = five("m");
  connect.props.number(PropertyId::receive_maximum, 1);
  Client& member = broker_.connect(connect);
  subscribe(member, {"$share/g/t", qos_2});
  subscribe(other_, {"$share/g/t", qos_2});
  for (const Qos qos : {qos_1, qos_2}) {
    publish(client_, {.topic = "t", .payload = "x", .qos = qos});
    Client& chosen = qos == qos_1 ? member : other_;
    Client& spared = qos == qos_1 ? other_ : member;
    const auto got = chosen.expect(Publish{.topic = "t", .payload = "x", .qos = qos});
    if (qos == qos_1)
      chosen.send(Puback{.packet_id = got.packet_id, .reason = ReasonCode::unspecified_error});
    else
      chosen.send(Pubrec{.packet_id = got.packet_id, .reason = ReasonCode::unspecified_error});
    chosen.expect_nothing();
    spared.expect_nothing();
  }
  // It is no longer in the way of the next one.
  publish(client_, {.topic = "t", .payload = "y", .qos = qos_1});
  member.expect(Publish{.topic = "t", .payload = "y", .qos = qos_1});
}

}  // namespace
}  // namespace sluice::testing
