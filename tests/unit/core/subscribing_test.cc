// SPDX-License-Identifier: Apache-2.0
// SUBSCRIBE and UNSUBSCRIBE: what matches, how often, and when it is acknowledged.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::testing {
namespace {

class CoreSubscribing : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  InProcessBroker broker_{BrokerSetup{.shards = GetParam()}};
  std::uint16_t last_shard() const { return static_cast<std::uint16_t>(GetParam() - 1); }

  RawClient& client(std::uint16_t shard, std::string_view prefix) {
    return broker_.connect({.client_id = broker_.client_id_on(shard, prefix)});
  }
};

TEST_P(CoreSubscribing, OverlappingSubscriptionsGiveOneCopyWithAllIdentifiers) {
  RawClient& subscriber = client(0, "s");
  RawClient& publisher = client(last_shard(), "p");
  const auto subscribe = [&](std::string filter, Qos qos, std::uint32_t id) {
    subscriber.send(Subscribe{.packet_id = 1,
                              .filters = {{std::move(filter), qos}},
                              .props = Props().number(PropertyId::subscription_identifier, id)});
    subscriber.expect(Suback{.packet_id = 1, .codes = {static_cast<std::uint8_t>(qos)}});
  };
  subscribe("a/+", Qos::at_most_once, 1);
  subscribe("a/#", qos_1, 2);
  subscribe("a/b", Qos::at_most_once, 300);
  publisher.send(Publish{.topic = "a/b", .payload = "x", .qos = qos_1, .packet_id = 1});
  const auto got = subscriber.take<Publish>();
  EXPECT_EQ(got.qos, qos_1);
  std::multiset<std::uint32_t> ids;
  auto cursor = got.props.view().cursor();
  while (const auto property = cursor.next()) ids.insert(property->number);
  EXPECT_EQ(ids, (std::multiset<std::uint32_t>{1, 2, 300}));
  subscriber.expect_nothing();
}

TEST_P(CoreSubscribing, ASecondSubscribeReplacesTheFirst) {
  RawClient& subscriber = client(0, "s");
  RawClient& publisher = client(last_shard(), "p");
  for (const Qos qos : {qos_1, Qos::at_most_once}) {
    subscriber.send(Subscribe{.packet_id = 1, .filters = {{"t", qos}}});
    subscriber.take<Suback>();
    publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
    subscriber.expect(Publish{.topic = "t", .payload = "x", .qos = qos});
    subscriber.expect_nothing();
  }
  EXPECT_EQ(broker_.metrics(0).subscriptions, 1U);
}

TEST_P(CoreSubscribing, NoLocalKeepsAClientsOwnMessagesAway) {
  RawClient& both = client(0, "s");
  RawClient& other = client(last_shard(), "p");
  both.send(Subscribe{.packet_id = 1, .filters = {{.filter = "t", .no_local = true}}});
  both.take<Suback>();
  both.send(Publish{.topic = "t", .payload = "mine"});
  other.send(Publish{.topic = "t", .payload = "yours"});
  both.expect(Publish{.topic = "t", .payload = "yours"});
  both.expect_nothing();
}

TEST_P(CoreSubscribing, EachFilterHasItsOwnCodeInOrder) {
  RawClient& client = this->client(last_shard(), "s");
  client.send(
      Subscribe{.packet_id = 7, .filters = {{"a", qos_1}, {"b", Qos::exactly_once}, {"c"}}});
  client.expect(Suback{.packet_id = 7, .codes = {1, 2, 0}});
  client.send(Unsubscribe{.packet_id = 8, .filters = {"a", "x", "c"}});
  client.expect(Unsuback{.packet_id = 8, .codes = {0, 0x11, 0}});
}

TEST_P(CoreSubscribing, NothingComesAfterUnsuback) {
  RawClient& subscriber = client(0, "s");
  RawClient& publisher = client(last_shard(), "p");
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"t"}, {"u"}}});
  subscriber.take<Suback>();
  subscriber.send(Unsubscribe{.packet_id = 2, .filters = {"t"}});
  subscriber.take<Unsuback>();
  publisher.send(Publish{.topic = "t"}, Publish{.topic = "u", .payload = "x"});
  subscriber.expect(Publish{.topic = "u", .payload = "x"});
  subscriber.expect_nothing();
}

TEST_P(CoreSubscribing, APublishBehindSubackReachesTheSubscriber) {
  if (GetParam() == 1) return;
  RawClient& subscriber = client(0, "s");
  RawClient& publisher = client(1, "p");
  broker_.hold_mail(0, 1);
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  subscriber.expect_nothing();
  publisher.send(Publish{.topic = "t", .payload = "early", .qos = qos_1, .packet_id = 1});
  publisher.expect(Puback{.packet_id = 1, .reason = ReasonCode::no_matching_subscribers});
  broker_.release_mail(0, 1);
  subscriber.expect(Suback{.packet_id = 1, .codes = {1}});
  publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  publisher.expect(Puback{.packet_id = 1});
  subscriber.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
}

TEST_P(CoreSubscribing, ADurableSubscriptionIsAcknowledgedWhenTheLogHasIt) {
  InProcessBroker broker(
      BrokerSetup{.shards = GetParam(), .has_log = true, .log_answers = LogAnswers::later});
  RawClient& client = broker.open();
  client.send(Connect{.client_id = broker.client_id_on(last_shard()),
                      .props = Props().number(PropertyId::session_expiry_interval, 60)});
  broker.answer_log();
  client.expect(Connack{});
  client.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  client.expect_nothing();
  broker.answer_log();
  client.expect(Suback{.packet_id = 1, .codes = {1}});
}

TEST_P(CoreSubscribing, PublishesToDurableSessionsAreAcknowledgedWhenTheLogHasThem) {
  InProcessBroker broker(
      BrokerSetup{.shards = 1, .has_log = true, .log_answers = LogAnswers::later});
  RawClient& subscriber = broker.open();
  subscriber.send(
      Connect{.client_id = "s", .props = Props().number(PropertyId::session_expiry_interval, 60)},
      Subscribe{.packet_id = 1, .filters = {{"t", Qos::exactly_once}}});
  broker.answer_log();
  broker.answer_log();
  subscriber.expect(Connack{});
  subscriber.take<Suback>();
  RawClient& publisher = broker.connect({.client_id = "p"});
  publisher.send(Publish{.topic = "t", .payload = "1", .qos = qos_1, .packet_id = 1});
  publisher.send(Publish{.topic = "u", .payload = "2", .qos = qos_1, .packet_id = 2});
  publisher.send(Publish{.topic = "t", .payload = "3", .qos = Qos::exactly_once, .packet_id = 3});
  subscriber.expect(Publish{.topic = "t", .payload = "1", .qos = qos_1});
  subscriber.expect_nothing();
  publisher.expect_nothing();
  broker.answer_log();
  publisher.expect(Puback{.packet_id = 1});
  publisher.expect(Puback{.packet_id = 2, .reason = ReasonCode::no_matching_subscribers});
  publisher.expect(Pubrec{.packet_id = 3});
  subscriber.expect(Publish{.topic = "t", .payload = "3", .qos = Qos::exactly_once});
}

TEST_P(CoreSubscribing, ADollarTopicIsNotMatchedByAWildcardInFront) {
  RawClient& subscriber = client(0, "s");
  RawClient& publisher = client(last_shard(), "p");
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"#"}, {"+/x"}, {"$mine/#"}}});
  subscriber.take<Suback>();
  publisher.send(Publish{.topic = "$mine/x", .payload = "1"},
                 Publish{.topic = "$other/x", .payload = "2"});
  subscriber.expect(Publish{.topic = "$mine/x", .payload = "1"});
  subscriber.expect_nothing();
}

TEST_P(CoreSubscribing, MoreThanTheLimitIsRefused) {
  BrokerSetup setup{.shards = GetParam()};
  setup.options.session.subscriptions_max = 2;
  InProcessBroker broker(setup);
  RawClient& client = broker.connect({.client_id = "s"});
  client.send(Subscribe{.packet_id = 1, .filters = {{"a"}, {"b"}, {"c"}}});
  client.expect(Suback{.packet_id = 1, .codes = {0, 0, 0x97}});
  RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "t"});
  three.send(Subscribe{.packet_id = 1, .filters = {{"a"}, {"b"}, {"c"}}});
  three.expect(Suback{.packet_id = 1, .codes = {0, 0, 0x80}});
}

TEST_P(CoreSubscribing, PropertiesOfAPublishReachMqtt5SubscribersUnaltered) {
  RawClient& five = client(0, "s");
  RawClient& three =
      broker_.connect({.version = Version::v3_1_1, .client_id = broker_.client_id_on(0, "t")});
  RawClient& publisher = client(last_shard(), "p");
  five.send(Subscribe{.packet_id = 1, .filters = {{"t"}}});
  three.send(Subscribe{.packet_id = 1, .filters = {{"t"}}});
  five.take<Suback>();
  three.take<Suback>();
  const Props props = Props()
                          .number(PropertyId::payload_format_indicator, 1)
                          .text(PropertyId::content_type, "text/plain")
                          .text(PropertyId::response_topic, "answer/here")
                          .binary(PropertyId::correlation_data, "\x01\x02")
                          .user("k", "1")
                          .user("k", "2")
                          .user("a", "3");
  publisher.send(Publish{.topic = "t", .payload = "x", .props = props});
  five.expect(Publish{.topic = "t", .payload = "x", .props = props});
  three.expect(Publish{.topic = "t", .payload = "x"});
}

TEST_P(CoreSubscribing, TopicAliasesWorkInBothDirections) {
  RawClient& subscriber =
      broker_.connect({.client_id = broker_.client_id_on(0, "s"),
                       .props = Props().number(PropertyId::topic_alias_maximum, 1)});
  RawClient& publisher = client(last_shard(), "p");
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"#"}}});
  subscriber.take<Suback>();
  const auto alias = Props().number(PropertyId::topic_alias, 3);
  const auto first = Props().number(PropertyId::topic_alias, 1);
  publisher.send(Publish{.topic = "long/topic", .payload = "1", .props = alias},
                 Publish{.topic = "", .payload = "2", .props = alias},
                 Publish{.topic = "other/topic", .payload = "3", .props = alias},
                 Publish{.topic = "", .payload = "4", .props = alias});
  subscriber.expect(Publish{.topic = "long/topic", .payload = "1", .props = first});
  subscriber.expect(Publish{.topic = "", .payload = "2", .props = first});
  subscriber.expect(Publish{.topic = "other/topic", .payload = "3", .props = first});
  subscriber.expect(Publish{.topic = "", .payload = "4", .props = first});
}

TEST_P(CoreSubscribing, AnAliasThatWasNeverSetOrIsTooLargeEndsTheConnection) {
  RawClient& unset = client(last_shard(), "a");
  unset.send(Publish{.topic = "", .props = Props().number(PropertyId::topic_alias, 3)});
  unset.expect_disconnect(ReasonCode::protocol_error);
  RawClient& large = client(last_shard(), "b");
  large.send(Publish{.topic = "t", .props = Props().number(PropertyId::topic_alias, 65)});
  large.expect_disconnect(ReasonCode::topic_alias_invalid);
}

TEST_P(CoreSubscribing, MessagesExpireInTheQueueAndShrinkTheirInterval) {
  const Connect connect{.client_id = broker_.client_id_on(0, "s"),
                        .clean_start = false,
                        .props = Props().number(PropertyId::session_expiry_interval, 600)};
  RawClient& subscriber = broker_.connect(connect);
  RawClient& publisher = client(last_shard(), "p");
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  subscriber.take<Suback>();
  subscriber.cut();
  for (const std::uint32_t expiry : {5U, 100U})
    publisher.send(Publish{.topic = "t",
                           .payload = std::to_string(expiry),
                           .qos = qos_1,
                           .packet_id = 1,
                           .props = Props().number(PropertyId::message_expiry_interval, expiry)});
  broker_.advance(30s);
  RawClient& resumed = broker_.resume(connect);
  resumed.expect(Publish{.topic = "t",
                         .payload = "100",
                         .qos = qos_1,
                         .props = Props().number(PropertyId::message_expiry_interval, 70)});
  resumed.expect_nothing();
  EXPECT_EQ(broker_.metrics(0).messages_dropped_expired, 1U);
}

INSTANTIATE_TEST_SUITE_P(Shards, CoreSubscribing, ::testing::Values(1, 3));

}  // namespace
}  // namespace sluice::testing
