// SPDX-License-Identifier: Apache-2.0
// MQTT 5.0: what depends on the time, on a clock that the test moves.
#include "tests/conformance/pair.h"
#include "tests/support/in_process_broker.h"

namespace sluice::testing {
namespace {

using Mqtt5Clock = Pair<Version::v5, InProcessBroker>;

TEST_F(Mqtt5Clock, MQTT5_3_1_2_22_closes_after_one_and_a_half_keep_alives) {
  Client& client = broker_.connect({.client_id = "c", .keep_alive_s = 10});
  broker_.advance(14s);
  EXPECT_FALSE(client.is_closed());
  broker_.advance(2s);
  client.expect_disconnect(ReasonCode::keep_alive_timeout);
}

TEST_F(Mqtt5Clock, RULE5_keep_alive_0_never_times_out) {
  broker_.advance(1000h);
  client_.send(Pingreq{});
  client_.expect(Pingresp{});
}

TEST_F(Mqtt5Clock, RULE5_connect_in_time_or_the_connection_is_closed) {
  Client& silent = broker_.open();
  Client& slow = broker_.open();
  for (const std::uint8_t byte : wire("10 0D s'MQTT' 05 02")) {
    slow.send_bytes({byte});
    broker_.advance(1s);
  }
  EXPECT_TRUE(silent.is_closed());
  EXPECT_TRUE(slow.is_closed());
}

TEST_F(Mqtt5Clock, MQTT5_3_1_2_8_a_will_goes_when_its_delay_is_over) {
  subscribe(other_, {"will"});
  Connect connect = five("c", 600);
  connect.will = Will{.topic = "will", .props = Props().number(PropertyId::will_delay_interval, 5)};
  broker_.connect(connect).cut();
  broker_.advance(4s);
  other_.expect_nothing();
  broker_.advance(2s);
  other_.expect(Publish{.topic = "will"});
}

TEST_F(Mqtt5Clock, RULE5_will_at_the_earlier_of_its_delay_and_the_sessions_end) {
  subscribe(other_, {"will"});
  Connect connect = five("c", 3);
  connect.will =
      Will{.topic = "will", .props = Props().number(PropertyId::will_delay_interval, 60)};
  broker_.connect(connect).cut();
  broker_.advance(2s);
  other_.expect_nothing();
  broker_.advance(2s);
  other_.expect(Publish{.topic = "will"});
  broker_.advance(100s);
  other_.expect_nothing();
}

TEST_F(Mqtt5Clock, MQTT5_3_1_3_9_no_will_if_the_client_is_back_before_its_delay) {
  subscribe(other_, {"will"});
  Connect connect = five("c", 60);
  connect.will = Will{.topic = "will", .props = Props().number(PropertyId::will_delay_interval, 5)};
  broker_.connect(connect).cut();
  broker_.advance(4s);
  Client& back = broker_.resume(five("c", 60, false));
  broker_.advance(10s);
  other_.expect_nothing();
  // The will of the connection that it came back with waits for the end of that one.
  back.cut();
  connect.clean_start = false;
  broker_.resume(connect).cut();
  broker_.advance(4s);
  broker_.resume(connect);
  broker_.advance(10s);
  other_.expect_nothing();
}

TEST_F(Mqtt5Clock, MQTT5_3_1_2_23_the_session_is_kept_for_its_expiry) {
  broker_.connect(five("c", 10)).cut();
  broker_.advance(9s);
  broker_.resume(five("c", 10, false)).cut();
  broker_.advance(11s);
  broker_.connect(five("c", 10, false));
}

TEST_F(Mqtt5Clock, MQTT5_4_1_0_2_an_expired_session_is_discarded_with_all_it_had) {
  Client& client = broker_.connect(five("c", 10));
  subscribe(client, {"t", qos_1});
  client.cut();
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  EXPECT_EQ(broker_.metrics().queue_messages, 1U);
  broker_.advance(11s);
  EXPECT_EQ(broker_.metrics().queue_messages, 0U);
  EXPECT_EQ(broker_.metrics().subscriptions, 0U);
  EXPECT_EQ(broker_.metrics().sessions, 2U);
}

TEST_F(Mqtt5Clock, RULE5_disconnect_changes_expiry) {
  Client& longer = broker_.connect(five("c", 5));
  longer.send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 100)});
  broker_.advance(50s);
  Client& shorter = broker_.resume(five("c", 600, false));
  shorter.send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 0)});
  broker_.connect(five("c", 0, false));
}

TEST_F(Mqtt5Clock, MQTT5_3_2_2_22_a_server_keep_alive_counts) {
  BrokerSetup setup;
  setup.options.mqtt.keep_alive_max = 10s;
  InProcessBroker broker(setup);
  Client& client = broker.open();
  client.send(Connect{.client_id = "a", .keep_alive_s = 1000});
  EXPECT_EQ(client.take<Connack>().props.number(PropertyId::server_keep_alive), 10U);
  Client& own = broker.open();
  own.send(Connect{.client_id = "b", .keep_alive_s = 4});
  EXPECT_FALSE(own.take<Connack>().props.has(PropertyId::server_keep_alive));
  broker.advance(7s);
  own.expect_disconnect(ReasonCode::keep_alive_timeout);
  broker.advance(9s);
  client.expect_disconnect(ReasonCode::keep_alive_timeout);
}

Props expiring_in(std::uint32_t seconds) {
  return Props().number(PropertyId::message_expiry_interval, seconds);
}

TEST_F(Mqtt5Clock, MQTT5_3_3_2_5_what_expired_while_it_waited_is_not_sent) {
  Client& client = broker_.connect(five("c", 600));
  subscribe(client, {"t", qos_1});
  client.cut();
  for (const std::uint32_t seconds : {5U, 50U})
    publish(client_, {.topic = "t",
                      .payload = std::to_string(seconds),
                      .qos = qos_1,
                      .props = expiring_in(seconds)});
  broker_.advance(6s);
  Client& again = broker_.resume(five("c", 600, false));
  EXPECT_EQ(again.take<Publish>().payload, "50");
  again.expect_nothing();
}

TEST_F(Mqtt5Clock, MQTT5_3_3_2_6_the_expiry_that_is_sent_is_what_is_left) {
  Client& client = broker_.connect(five("c", 600));
  subscribe(client, {"t", qos_1});
  client.cut();
  publish(client_, {.topic = "t", .qos = qos_1, .props = expiring_in(50)});
  broker_.advance(20s);
  Client& again = broker_.resume(five("c", 600, false));
  EXPECT_EQ(again.take<Publish>().props.number(PropertyId::message_expiry_interval), 30U);
}

TEST_F(Mqtt5Clock, RULE5_retained_expiry_is_that_of_the_message) {
  client_.send(Publish{.topic = "t", .payload = "x", .retain = true, .props = expiring_in(10)});
  broker_.advance(4s);
  subscribe(other_, {"t"});
  EXPECT_EQ(other_.take<Publish>().props.number(PropertyId::message_expiry_interval), 6U);
  broker_.advance(7s);
  subscribe(other_, {"t"});
  other_.expect_nothing();
}

TEST_F(Mqtt5Clock, MQTT5_4_3_3_7_what_was_sent_at_qos_2_expires_no_more) {
  Client& client = broker_.connect(five("c", 600));
  subscribe(client, {"t", qos_2});
  publish(client_, {.topic = "t", .payload = "x", .qos = qos_2, .props = expiring_in(5)});
  const auto got = client.take<Publish>();
  client.cut();
  broker_.advance(60s);
  Client& again = broker_.resume(five("c", 600, false));
  again.expect(Publish{.topic = "t",
                       .payload = "x",
                       .qos = qos_2,
                       .dup = true,
                       .packet_id = got.packet_id,
                       .props = expiring_in(1)});
  again.send(Pubrec{.packet_id = got.packet_id});
  again.expect(Pubrel{.packet_id = got.packet_id});
}

TEST_F(Mqtt5Clock, MQTT5_4_3_3_13_the_exchange_goes_on_although_the_message_has_expired) {
  client_.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 1, .props = expiring_in(1)});
  client_.take<Pubrec>();
  broker_.advance(10s);
  client_.send(Pubrel{.packet_id = 1});
  client_.expect(Pubcomp{.packet_id = 1});
}

TEST_F(Mqtt5Clock, MQTT5_4_4_0_1_nothing_is_sent_again_without_a_reconnect) {
  subscribe(other_, {"t", qos_1});
  client_.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
  other_.expect(Publish{.topic = "t", .qos = qos_1});
  broker_.advance(1h);
  other_.expect_nothing();
}

}  // namespace
}  // namespace sluice::testing
