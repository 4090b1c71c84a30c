// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0 §3.3: PUBLISH, its properties, retained messages.
#include "tests/conformance/pair.h"

#include <map>
#include <set>

namespace sluice::testing {
namespace {

using Mqtt5Publish = Pair<Version::v5>;

TEST_F(Mqtt5Publish, MQTT5_3_3_1_1_what_is_sent_again_has_dup) {
  Client& first = broker_.connect(five("s", 600));
  subscribe(first, {"t", qos_1});
  publish(client_, {.topic = "t", .qos = qos_1});
  EXPECT_FALSE(first.take<Publish>().dup);
  first.cut();
  EXPECT_TRUE(broker_.resume(five("s", 600, false)).take<Publish>().dup);
}

TEST_F(Mqtt5Publish, MQTT5_3_3_1_3_dup_is_not_passed_on) {
  subscribe(other_, {"t", qos_1});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .dup = true, .packet_id = 1});
  other_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
  // Nor to who comes for it later.
  Client& away = broker_.connect(five("s", 600));
  subscribe(away, {"u", qos_1});
  away.cut();
  client_.send(Publish{.topic = "u", .payload = "x", .qos = qos_1, .dup = true, .packet_id = 1});
  broker_.resume(five("s", 600, false)).expect(Publish{.topic = "u", .payload = "x", .qos = qos_1});
}

TEST_F(Mqtt5Publish, MQTT5_3_3_1_5_a_retained_message_replaces_the_one_before) {
  for (const char* payload : {"1", "2"})
    publish(client_, {.topic = "t", .payload = payload, .qos = qos_1, .retain = true});
  subscribe(other_, {"t", qos_2});
  other_.expect(Publish{.topic = "t", .payload = "2", .qos = qos_1, .retain = true});
  other_.expect_nothing();
}

TEST_F(Mqtt5Publish, MQTT5_3_3_1_7_an_empty_message_is_not_kept) {
  subscribe(other_, {.filter = "t", .retain_as_published = true});
  client_.send(Publish{.topic = "t", .retain = true});
  other_.expect(Publish{.topic = "t", .retain = true});
  Client& late = connect("late");
  subscribe(late, {"t"});
  late.expect_nothing();
}

TEST_F(Mqtt5Publish, MQTT5_3_3_1_8_without_retain_nothing_that_is_kept_changes) {
  client_.send(Publish{.topic = "t", .payload = "kept", .retain = true});
  client_.send(Publish{.topic = "t", .payload = "other"}, Publish{.topic = "t"});
  subscribe(other_, {"t"});
  other_.expect(Publish{.topic = "t", .payload = "kept", .retain = true});
}

TEST(Mqtt5PublishRaw, MQTT5_3_3_2_1_the_topic_comes_first_and_is_utf_8) {
  expect_disconnected_after("30 @ 0009 'cut'", ReasonCode::malformed_packet);
  expect_disconnected_after("30 @ 0002 C328 []", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Publish, MQTT5_3_3_2_3_a_delivery_has_the_topic_it_was_published_to) {
  for (const char* filter : {"a/+", "#", "a/b/#"}) {
    Client& subscriber = connect(filter);
    subscribe(subscriber, {filter});
    client_.send(Publish{.topic = "a/b", .payload = "x"});
    subscriber.expect(Publish{.topic = "a/b", .payload = "x"});
  }
}

TEST_F(Mqtt5Publish, MQTT5_3_3_2_7_an_alias_ends_with_its_connection) {
  const Props alias = Props().number(PropertyId::topic_alias, 1);
  client_.send(Publish{.topic = "t", .props = alias});
  client_.cut();
  Client& again = connect("a");
  again.send(Publish{.topic = "", .props = alias});
  again.expect_disconnect(ReasonCode::protocol_error);
}

TEST_F(Mqtt5Publish, MQTT5_3_3_2_9_an_alias_above_the_maximum_ends_the_connection) {
  client_.send(Publish{.topic = "t", .props = Props().number(PropertyId::topic_alias, 65)});
  client_.expect_disconnect(ReasonCode::topic_alias_invalid);
}

TEST_F(Mqtt5Publish, MQTT5_3_3_2_11_aliases_of_the_server_stay_within_the_clients_maximum) {
  Connect connect = five("s");
  connect.props.number(PropertyId::topic_alias_maximum, 2);
  Client& limited = broker_.connect(connect);
  subscribe(limited, {"#"});
  std::map<std::uint32_t, std::string> known;
  for (int i = 0; i < 12; ++i) {
    const std::string topic = "a/long/topic/" + std::to_string(i % 4);
    client_.send(Publish{.topic = topic});
    const auto got = limited.take<Publish>();
    const std::uint32_t alias = got.props.number(PropertyId::topic_alias);
    EXPECT_LE(alias, 2U);
    if (!got.topic.empty()) known[alias] = got.topic;
    EXPECT_EQ(got.topic.empty() ? known[alias] : got.topic, topic);
  }
  // It makes use of them.
  EXPECT_TRUE(known.contains(1) && known.contains(2));
}

TEST(Mqtt5PublishRaw, MQTT5_3_3_2_13_and_14_the_response_topic_is_a_topic_name) {
  expect_disconnected_after("30 @ s't' [ 08 0002 C328 ]", ReasonCode::malformed_packet);
  expect_disconnected_after("30 @ s't' [ 08 s'#' ]", ReasonCode::protocol_error);
}

TEST_F(Mqtt5Publish, MQTT5_3_3_2_15_to_18_what_belongs_to_the_message_goes_on_unaltered) {
  const Props props = Props()
                          .text(PropertyId::response_topic, "answers/1")
                          .binary(PropertyId::correlation_data, std::string("\0\1\xFF", 3))
                          .user("b", "1")
                          .user("a", "2")
                          .user("b", "1");
  for (const Qos qos : {qos_0, qos_1, qos_2}) {
    subscribe(other_, {"t", qos});
    publish(client_, {.topic = "t", .payload = "x", .qos = qos, .props = props});
    const auto got =
        other_.expect(Publish{.topic = "t", .payload = "x", .qos = qos, .props = props});
    if (qos == qos_1) other_.send(Puback{.packet_id = got.packet_id});
  }
}

TEST(Mqtt5PublishRaw, MQTT5_3_3_2_19_the_content_type_is_utf_8) {
  expect_disconnected_after("30 @ s't' [ 03 0002 C328 ]", ReasonCode::malformed_packet);
}

TEST_F(Mqtt5Publish, MQTT5_3_3_2_20_the_content_type_goes_on_unaltered) {
  const Props props = Props().text(PropertyId::content_type, "text/plain; charset=\xC3\xBC");
  subscribe(other_, {"t"});
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true, .props = props});
  other_.expect(Publish{.topic = "t", .payload = "x", .props = props});
  Client& late = connect("late");
  subscribe(late, {"t"});
  late.expect(Publish{.topic = "t", .payload = "x", .retain = true, .props = props});
}

TEST_F(Mqtt5Publish, MQTT5_3_3_4_1_each_qos_has_its_answer) {
  subscribe(other_, {"t"});
  client_.send(Publish{.topic = "t"});
  client_.expect_nothing();
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  client_.expect(Puback{.packet_id = 1});
  client_.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 2});
  client_.expect(Pubrec{.packet_id = 2});
}

TEST_F(Mqtt5Publish, MQTT5_3_3_4_2_overlapping_subscriptions_deliver_at_the_highest_qos) {
  subscribe(other_, {"t", qos_0});
  subscribe(other_, {"+", qos_2});
  subscribe(other_, {"#", qos_1});
  client_.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1});
  other_.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  other_.expect_nothing();
}

TEST_F(Mqtt5Publish, MQTT5_3_3_4_4_and_5_one_copy_with_all_the_identifiers) {
  const std::pair<const char*, std::uint32_t> filters[] = {{"t/#", 1}, {"t/+", 200}, {"#", 3}};
  for (const auto& [filter, id] : filters) {
    other_.send(Subscribe{.packet_id = 1,
                          .filters = {{filter}},
                          .props = Props().number(PropertyId::subscription_identifier, id)});
    other_.take<Suback>();
  }
  client_.send(Publish{.topic = "t/u"});
  std::multiset<std::uint32_t> ids;
  const auto got = other_.take<Publish>();
  auto cursor = got.props.view().cursor();
  while (const auto property = cursor.next()) ids.insert(property->number);
  EXPECT_EQ(ids, (std::multiset<std::uint32_t>{1, 3, 200}));
  other_.expect_nothing();
}

TEST_F(Mqtt5Publish, MQTT5_3_3_4_9_and_10_at_the_receive_maximum_only_qos_1_and_2_wait) {
  Connect connect = five("s");
  connect.props.number(PropertyId::receive_maximum, 2);
  Client& limited = broker_.connect(connect);
  subscribe(limited, {"q/#", qos_2});
  for (int i = 0; i < 5; ++i)
    publish(client_, {.topic = "q/" + std::to_string(i), .qos = i % 2 == 0 ? qos_1 : qos_2});
  client_.send(Publish{.topic = "q/zero"});
  EXPECT_EQ(limited.take<Publish>().topic, "q/0");
  EXPECT_EQ(limited.take<Publish>().topic, "q/1");
  EXPECT_EQ(limited.take<Publish>().topic, "q/zero");
  limited.expect_nothing();
}

TEST_F(Mqtt5Publish, MQTT5_3_3_4_7_more_than_the_receive_maximum_ends_the_connection) {
  BrokerSetup setup;
  setup.options.mqtt.receive_maximum = 2;
  Broker broker(setup);
  Client& client = broker.open();
  client.send(five("a"));
  EXPECT_EQ(client.take<Connack>().props.number(PropertyId::receive_maximum), 2U);
  for (PacketId id = 1; id <= 3; ++id)
    client.send(Publish{.topic = "t", .qos = qos_2, .packet_id = id});
  for (PacketId id = 1; id <= 2; ++id)
    client.expect(Pubrec{.packet_id = id, .reason = ReasonCode::no_matching_subscribers});
  client.expect_disconnect(ReasonCode::receive_maximum_exceeded);
}

}  // namespace
}  // namespace sluice::testing
