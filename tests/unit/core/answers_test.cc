// SPDX-License-Identifier: Apache-2.0
// What a client is told when the server has not what it wants, or when the answer does not fit it.
#include "tests/support/in_process_broker.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

BrokerSetup with(auto&& set) {
  BrokerSetup setup;
  set(setup.options);
  return setup;
}

TEST(Answers, AFilterThatIsRefusedIsGrantedInWordsToAClientOfMqtt31) {
  InProcessBroker broker;
  RawClient& client = broker.connect({.version = Version::v3_1, .client_id = "a"});
  client.send(Subscribe{.packet_id = 1, .filters = {{"$share//t", qos_1}, {"t"}}});
  client.expect(Suback{.packet_id = 1, .codes = {1, 0}});
  EXPECT_EQ(broker.metrics().subscriptions, 1U);
}

TEST(Answers, AConnectAboveTheLimitIsToldSoAsSoonAsItsVersionIsThere) {
  InProcessBroker broker;
  RawClient& five = broker.open();
  five.send_bytes(wire("10 80 80 80 01 s'MQTT'"));
  EXPECT_FALSE(five.is_closed());
  five.send_bytes(wire("05"));
  five.expect(Connack{.code = 0x95});
  five.expect_closed();
  RawClient& three = broker.open();
  three.set_version(Version::v3_1_1);
  three.send_bytes(wire("10 80 80 80 01 s'MQTT' 04"));
  three.expect_closed();
  EXPECT_EQ(broker.metrics().limits_hit_packet_bytes_max_before_connect, 2U);
  EXPECT_EQ(broker.metrics().connects_refused_packet_too_large, 2U);
}

TEST(Answers, ASecondConnectIsAProtocolErrorWhateverElseIsWrongWithIt) {
  for (const char* bytes :
       {"10 @ s'MQTT' 09 02 0000", "10 @ s'HTTP' 05 02 0000", "10 @ s'MQTT' 05 03 0000 [] s'a'",
        "10 @ s'MQTT' 05 02 0000 [] s'012345678901234567890123'", "10 00"}) {
    InProcessBroker broker(with([](auto& options) { options.mqtt.client_id_bytes_max = 23; }));
    RawClient& client = broker.connect({.client_id = "a"});
    client.send_bytes(wire(bytes));
    client.expect_disconnect(ReasonCode::protocol_error);
  }
}

TEST(Answers, AConnackThatDoesNotFitTheClientIsRefusedInTheShortestWords) {
  InProcessBroker broker;
  RawClient& client = broker.open();
  client.send(
      Connect{.client_id = "a", .props = Props().number(PropertyId::maximum_packet_size, 5)});
  EXPECT_TRUE(client.expect(Connack{.code = 0x95}).props.empty());
  client.expect_closed();
  EXPECT_EQ(broker.metrics().sessions, 0U);
}

TEST(Answers, ASubackThatDoesNotFitTheClientEndsTheConnection) {
  InProcessBroker broker;
  RawClient& client = broker.connect(
      {.client_id = "a", .props = Props().number(PropertyId::maximum_packet_size, 20)});
  std::vector<Filter> filters;
  for (int i = 0; i < 30; ++i) filters.push_back({"t" + std::to_string(i)});
  client.send(Subscribe{.packet_id = 1, .filters = filters});
  client.expect_disconnect(ReasonCode::packet_too_large);
}

TEST(Answers, NoReasonStringForAClientThatWantsNone) {
  InProcessBroker broker;
  for (const std::uint32_t wants : {0U, 1U}) {
    RawClient& client =
        broker.connect({.client_id = "a",
                        .props = Props().number(PropertyId::request_problem_information, wants)});
    client.send_bytes(wire("C1 00"));
    const auto got = client.take<Disconnect>();
    EXPECT_EQ(got.reason, ReasonCode::malformed_packet);
    EXPECT_EQ(got.props.has(PropertyId::reason_string), wants == 1);
  }
}

TEST(Answers, WhatTheServerHasNotIsAnnouncedAndRefused) {
  InProcessBroker broker(with([](core::CoreOptions& options) {
    options.mqtt.maximum_qos = 1;
    options.mqtt.retain_available = false;
    options.mqtt.wildcard_subscription_available = false;
    options.mqtt.shared_subscription_available = false;
    options.mqtt.subscription_identifiers_available = false;
  }));
  RawClient& client = broker.open();
  client.send(Connect{.client_id = "a"});
  const Props props = client.take<Connack>().props;
  EXPECT_EQ(props.number(PropertyId::maximum_qos), 1U);
  for (const auto id :
       {PropertyId::maximum_qos, PropertyId::retain_available,
        PropertyId::wildcard_subscription_available, PropertyId::shared_subscription_available,
        PropertyId::subscription_identifiers_available})
    EXPECT_TRUE(props.has(id));
  client.send(Subscribe{.packet_id = 1, .filters = {{"#"}, {"$share/g/t"}, {"t", qos_2}}});
  client.expect(Suback{.packet_id = 1, .codes = {0xA2, 0x9E, 1}});
  client.send(Subscribe{.packet_id = 2,
                        .filters = {{"t"}},
                        .props = Props().number(PropertyId::subscription_identifier, 1)});
  client.expect(Suback{.packet_id = 2, .codes = {0xA1}});
  client.send(Publish{.topic = "t", .qos = qos_2, .packet_id = 1});
  client.expect_disconnect(ReasonCode::qos_not_supported);
  RawClient& retaining = broker.connect({.client_id = "a"});
  retaining.send(Publish{.topic = "t", .retain = true});
  retaining.expect_disconnect(ReasonCode::retain_not_supported);
}

TEST(Answers, AWillThatCannotBePublishedIsRefusedAtConnect) {
  InProcessBroker broker(with([](core::CoreOptions& options) {
    options.mqtt.maximum_qos = 0;
    options.mqtt.retain_available = false;
  }));
  const std::pair<Will, std::uint8_t> cases[] = {
      {{.topic = "t", .qos = qos_1}, 0x9B},
      {{.topic = "t", .retain = true}, 0x9A},
      {{.topic = "$SYS/broker/version"}, 0x87},
  };
  for (const auto& [will, code] : cases) {
    RawClient& client = broker.open();
    client.send(Connect{.client_id = "a", .will = will});
    client.expect(Connack{.code = code});
    client.expect_closed();
  }
  EXPECT_EQ(broker.metrics().connects_refused_qos_not_supported, 1U);
  EXPECT_EQ(broker.metrics().connects_refused_retain_not_supported, 1U);
}

TEST(Answers, ResponseInformationGoesToThoseWhoAsk) {
  InProcessBroker broker(
      with([](core::CoreOptions& options) { options.mqtt.response_information = "replies/"; }));
  for (const std::uint32_t asks : {0U, 1U}) {
    RawClient& client = broker.open();
    client.send(Connect{.client_id = "a",
                        .props = Props().number(PropertyId::request_response_information, asks)});
    EXPECT_EQ(client.take<Connack>().props.text(PropertyId::response_information),
              asks == 1 ? "replies/" : "");
  }
}

TEST(Answers, AtTheLimitOfSubscriptionsOneOfThemMayStillBeReplaced) {
  InProcessBroker broker(
      with([](core::CoreOptions& options) { options.session.subscriptions_max = 2; }));
  RawClient& client = broker.connect({.client_id = "a"});
  client.send(Subscribe{.packet_id = 1, .filters = {{"a"}, {"$share/g/b"}, {"c"}}});
  client.expect(Suback{.packet_id = 1, .codes = {0, 0, 0x97}});
  client.send(Subscribe{.packet_id = 2, .filters = {{"a", qos_1}, {"$share/g/b", qos_1}, {"b"}}});
  client.expect(Suback{.packet_id = 2, .codes = {1, 1, 0x97}});
  EXPECT_EQ(broker.metrics().limits_hit_subscriptions_max, 2U);
}

TEST(Answers, WhatIsBeyondALimitOfThePacketIsCountedByItsLimit) {
  InProcessBroker broker(with([](core::CoreOptions& options) {
    options.mqtt.topic_levels_max = 3;
    options.mqtt.topic_bytes_max = 20;
    options.mqtt.user_properties_max = 2;
    options.mqtt.client_id_bytes_max = 23;
  }));
  const auto breaks = [&broker](const auto& packet, ReasonCode reason) {
    RawClient& client = broker.connect({.client_id = "a"});
    client.send(packet);
    client.expect_disconnect(reason);
  };
  breaks(Publish{.topic = "a/b/c/d"}, ReasonCode::topic_name_invalid);
  breaks(Subscribe{.packet_id = 1, .filters = {{"a/b/c/+"}}}, ReasonCode::topic_filter_invalid);
  breaks(Publish{.topic = std::string(21, 't')}, ReasonCode::topic_name_invalid);
  breaks(Publish{.topic = "t", .props = Props().user("a", "").user("b", "").user("c", "")},
         ReasonCode::quota_exceeded);
  RawClient& client = broker.open();
  client.send(Connect{.client_id = std::string(24, 'c')});
  client.expect(Connack{.code = 0x85});
  const auto metrics = broker.metrics();
  EXPECT_EQ(metrics.limits_hit_topic_levels_max, 2U);
  EXPECT_EQ(metrics.limits_hit_topic_bytes_max, 1U);
  EXPECT_EQ(metrics.limits_hit_user_properties_max, 1U);
  EXPECT_EQ(metrics.limits_hit_client_id_bytes_max, 1U);
}

TEST(Answers, AcknowledgementsThatWaitForASlowLogAreBounded) {
  BrokerSetup setup{.has_log = true, .log_answers = LogAnswers::later};
  setup.options.mqtt.receive_maximum = 5;
  InProcessBroker broker(setup);
  const auto three = [&](std::string id, bool clean) {
    RawClient& client = broker.open();
    client.send(Connect{.version = Version::v3_1_1, .client_id = id, .clean_start = clean});
    broker.answer_log();
    client.take<Connack>();
    return &client;
  };
  RawClient& subscriber = *three("s", false);
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  broker.answer_log();
  subscriber.take<Suback>();
  RawClient& publisher = *three("p", true);
  for (PacketId i = 1; i <= 50; ++i)
    publisher.send(Publish{.topic = "t", .qos = qos_1, .packet_id = i});
  EXPECT_LE(broker.metrics().messages_received[1], 6U);
  PacketId acknowledged = 0;
  while (acknowledged < 50) {
    broker.answer_log();
    while (const auto packet = publisher.receive()) {
      ASSERT_TRUE(std::holds_alternative<Puback>(*packet));
      EXPECT_EQ(std::get<Puback>(*packet).packet_id, ++acknowledged);
    }
  }
}

}  // namespace
}  // namespace sluice::testing
