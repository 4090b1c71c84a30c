// SPDX-License-Identifier: Apache-2.0
// Retained messages: kept, replaced, cleared, handed to new subscriptions, on one shard and on
// more.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::testing {
namespace {

class CoreRetained : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  InProcessBroker broker_{BrokerSetup{.shards = GetParam()}};
  std::uint16_t last_shard() const { return static_cast<std::uint16_t>(GetParam() - 1); }

  RawClient& client(std::uint16_t shard, std::string_view prefix) {
    return broker_.connect({.client_id = broker_.client_id_on(shard, prefix)});
  }
};

void retain(RawClient& client, std::string topic, std::string payload) {
  client.send(Publish{.topic = std::move(topic), .payload = std::move(payload), .retain = true});
}

TEST_P(CoreRetained, TheLastMessageOfEachTopicComesWithRetainSet) {
  RawClient& publisher = client(0, "p");
  for (std::uint16_t shard = 0; shard < GetParam(); ++shard) {
    const std::string topic = broker_.topic_on(shard, "r/");
    retain(publisher, topic, "old");
    retain(publisher, topic, "new");
    RawClient& subscriber = client(last_shard(), topic);
    subscribe(subscriber, {topic});
    subscriber.expect(Publish{.topic = topic, .payload = "new", .retain = true});
    subscriber.expect_nothing();
    retain(publisher, topic, "live");
    subscriber.expect(Publish{.topic = topic, .payload = "live"});
  }
}

TEST_P(CoreRetained, AWildcardFindsThoseOfAllShards) {
  RawClient& publisher = client(last_shard(), "p");
  std::set<std::string> expected;
  for (int i = 0; i < 300; ++i) {
    const std::string topic = "floor/" + std::to_string(i) + "/t";
    retain(publisher, topic, std::to_string(i));
    retain(publisher, "other/" + std::to_string(i), "x");
    expected.insert(topic);
  }
  RawClient& subscriber = client(0, "s");
  subscribe(subscriber, {"floor/+/t", qos_1});
  for (int i = 0; i < 300; ++i) EXPECT_EQ(expected.erase(subscriber.take<Publish>().topic), 1U);
  subscriber.expect_nothing();
}

TEST_P(CoreRetained, ManySubscriptionsOfOneClientEachGetTheirs) {
  RawClient& publisher = client(0, "p");
  Subscribe packet{.packet_id = 9};
  Suback answer{.packet_id = 9};
  std::multiset<std::string> expected;
  for (int i = 0; i < 60; ++i) {
    const std::string topic = "room/" + std::to_string(i);
    retain(publisher, topic, std::to_string(i));
    packet.filters.push_back({topic, qos_1});
    answer.codes.push_back(1);
    expected.insert(topic);
    expected.insert(topic);  // once more for the wildcard
  }
  packet.filters.push_back({"room/+", qos_1});
  answer.codes.push_back(1);
  RawClient& subscriber = client(last_shard(), "s");
  subscriber.send(packet);
  subscriber.expect(answer);
  while (!expected.empty()) {
    const auto found = expected.find(subscriber.take<Publish>().topic);
    ASSERT_NE(found, expected.end());
    expected.erase(found);
  }
  subscriber.expect_nothing();
}

TEST_P(CoreRetained, AnEmptyPayloadClears) {
  RawClient& publisher = client(0, "p");
  for (std::uint16_t shard = 0; shard < GetParam(); ++shard) {
    const std::string topic = broker_.topic_on(shard, "r/");
    retain(publisher, topic, "x");
    retain(publisher, topic, "");
  }
  RawClient& subscriber = client(last_shard(), "s");
  subscribe(subscriber, {"#"});
  subscriber.expect_nothing();
}

TEST_P(CoreRetained, RetainHandlingDecidesWhoGetsThem) {
  RawClient& publisher = client(0, "p");
  retain(publisher, "r", "x");
  RawClient& subscriber = client(last_shard(), "s");
  subscribe(subscriber, {.filter = "r", .retain_handling = RetainHandling::send_if_new});
  subscriber.expect(Publish{.topic = "r", .payload = "x", .retain = true});
  subscribe(subscriber, {.filter = "r", .retain_handling = RetainHandling::send_if_new});
  subscribe(subscriber, {.filter = "r", .retain_handling = RetainHandling::do_not_send});
  subscriber.expect_nothing();
  subscribe(subscriber, {.filter = "r"});
  subscriber.expect(Publish{.topic = "r", .payload = "x", .retain = true});
}

TEST_P(CoreRetained, RetainAsPublishedKeepsTheFlagOfLiveMessages) {
  RawClient& publisher = client(0, "p");
  RawClient& as_published = client(last_shard(), "a");
  RawClient& plain = client(last_shard(), "b");
  subscribe(as_published, {.filter = "r", .retain_as_published = true});
  subscribe(plain, {.filter = "r"});
  retain(publisher, "r", "x");
  publisher.send(Publish{.topic = "r", .payload = "y"});
  as_published.expect(Publish{.topic = "r", .payload = "x", .retain = true});
  as_published.expect(Publish{.topic = "r", .payload = "y"});
  plain.expect(Publish{.topic = "r", .payload = "x"});
  plain.expect(Publish{.topic = "r", .payload = "y"});
}

TEST_P(CoreRetained, AnExpiredOneIsGone) {
  RawClient& publisher = client(0, "p");
  publisher.send(Publish{.topic = "r",
                         .payload = "x",
                         .retain = true,
                         .props = Props().number(PropertyId::message_expiry_interval, 10)});
  broker_.advance(4s);
  RawClient& early = client(last_shard(), "s");
  subscribe(early, {"r"});
  early.expect(Publish{.topic = "r",
                       .payload = "x",
                       .retain = true,
                       .props = Props().number(PropertyId::message_expiry_interval, 6)});
  broker_.advance(7s);
  RawClient& late = client(last_shard(), "t");
  subscribe(late, {"r"});
  late.expect_nothing();
}

TEST_P(CoreRetained, TheyComeAtTheLowerQosWithTheSubscriptionIdentifier) {
  RawClient& publisher = client(0, "p");
  publisher.send(Publish{
      .topic = "r", .payload = "x", .qos = Qos::exactly_once, .retain = true, .packet_id = 1});
  RawClient& subscriber = client(last_shard(), "s");
  subscriber.send(Subscribe{.packet_id = 1,
                            .filters = {{"r", qos_1}},
                            .props = Props().number(PropertyId::subscription_identifier, 77)});
  subscriber.expect(Suback{.packet_id = 1, .codes = {1}});
  subscriber.expect(Publish{.topic = "r",
                            .payload = "x",
                            .qos = qos_1,
                            .retain = true,
                            .props = Props().number(PropertyId::subscription_identifier, 77)});
}

TEST_P(CoreRetained, AClientThatReadsSlowlyGetsThemAllInTheEnd) {
  RawClient& publisher = client(0, "p");
  const std::string payload(2'000, 'x');
  for (int i = 0; i < 500; ++i) retain(publisher, "r/" + std::to_string(i), payload);
  RawClient& subscriber = client(last_shard(), "s");
  const auto in_memory = [&] {
    std::size_t bytes = 0;
    for (std::uint16_t i = 0; i < GetParam(); ++i)
      bytes += broker_.driver(i).shard().memory_bytes();
    return bytes;
  };
  const std::size_t before = in_memory();
  subscriber.stall(3'000);
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"r/+"}}});
  EXPECT_LT(in_memory(), before + 1'000'000);
  subscriber.unstall();
  subscriber.expect(Suback{.packet_id = 1, .codes = {0}});
  std::set<std::string> topics;
  for (int i = 0; i < 500; ++i) topics.insert(subscriber.take<Publish>().topic);
  EXPECT_EQ(topics.size(), 500U);
  subscriber.expect_nothing();
}

TEST_P(CoreRetained, AClientThatAcknowledgesSlowlyGetsThemAllInTheEnd) {
  RawClient& publisher = client(0, "p");
  for (int i = 0; i < 200; ++i)
    publisher.send(Publish{.topic = "r/" + std::to_string(i),
                           .payload = "x",
                           .qos = qos_1,
                           .retain = true,
                           .packet_id = 1});
  RawClient& subscriber =
      broker_.connect({.client_id = broker_.client_id_on(last_shard(), "s"),
                       .props = Props().number(PropertyId::receive_maximum, 3)});
  subscribe(subscriber, {"r/+", qos_1});
  std::set<std::string> topics;
  for (int i = 0; i < 200; ++i) {
    const auto got = subscriber.take<Publish>();
    topics.insert(got.topic);
    subscriber.send(Puback{.packet_id = got.packet_id});
  }
  EXPECT_EQ(topics.size(), 200U);
}

TEST(CoreRetainedBound, ClientsGetThemAllThroughAQueueShorterThanAPage) {
  for (const std::uint16_t shards : {std::uint16_t{1}, std::uint16_t{3}}) {
    BrokerSetup setup{.shards = shards};
    setup.options.session.queue_messages_max = 5;
    setup.options.session.inflight_messages_max = 2;
    InProcessBroker broker{setup};
    RawClient& publisher = broker.connect({.client_id = "p"});
    constexpr int count = 40;
    for (int i = 0; i < count; ++i)
      publisher.send(Publish{.topic = "r/" + std::to_string(i),
                             .payload = "x",
                             .qos = qos_1,
                             .retain = true,
                             .packet_id = static_cast<PacketId>(i + 1)});
    RawClient& subscriber = broker.connect({.client_id = "s"});
    subscribe(subscriber, {"r/#", qos_1});
    std::set<std::string> got;
    for (int i = 0; i < count; ++i) {
      const auto publish = subscriber.take<Publish>();
      got.insert(publish.topic);
      subscriber.send(Puback{.packet_id = publish.packet_id});
    }
    EXPECT_EQ(got.size(), std::size_t{count});
    EXPECT_EQ(broker.metrics().messages_dropped_queue_messages_max, 0U);
  }
}

TEST_P(CoreRetained, ALiveMessageThatIsNotRetainedDoesNotHideTheOneThatIs) {
  RawClient& publisher = client(0, "p");
  for (int i = 0; i < 200; ++i) retain(publisher, "r/" + std::to_string(i), "kept");
  RawClient& subscriber = client(last_shard(), "s");
  subscriber.stall(10);
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"r/+"}}});
  for (int i = 0; i < 200; ++i)
    publisher.send(Publish{.topic = "r/" + std::to_string(i), .payload = "live"});
  subscriber.unstall();
  subscriber.take<Suback>();
  std::set<std::string> kept;
  while (const auto packet = subscriber.receive()) {
    const auto& publish = std::get<Publish>(*packet);
    if (publish.retain) kept.insert(publish.topic);
  }
  EXPECT_EQ(kept.size(), 200U);
}

TEST_P(CoreRetained, NothingOlderComesAfterALiveOne) {
  RawClient& publisher = client(0, "p");
  for (int i = 0; i < 200; ++i) retain(publisher, "r/" + std::to_string(i), "old");
  RawClient& subscriber = client(last_shard(), "s");
  subscriber.stall(10);
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"r/+"}}});
  for (int i = 0; i < 200; ++i) retain(publisher, "r/" + std::to_string(i), "new");
  subscriber.unstall();
  subscriber.take<Suback>();
  std::map<std::string, std::string> last;
  while (const auto packet = subscriber.receive())
    last[std::get<Publish>(*packet).topic] = std::get<Publish>(*packet).payload;
  EXPECT_EQ(last.size(), 200U);
  for (const auto& [topic, payload] : last) EXPECT_EQ(payload, "new") << topic;
}

TEST_P(CoreRetained, UnsubscribeEndsThem) {
  RawClient& publisher = client(0, "p");
  for (int i = 0; i < 200; ++i)
    retain(publisher, "r/" + std::to_string(i), std::string(1'000, 'x'));
  RawClient& subscriber = client(last_shard(), "s");
  subscriber.send(Subscribe{.packet_id = 1, .filters = {{"r/+"}}},
                  Unsubscribe{.packet_id = 2, .filters = {"r/+"}});
  int acks = 0;
  int after = 0;
  while (const auto packet = subscriber.receive()) {
    if (std::holds_alternative<Publish>(*packet))
      after += acks == 2 ? 1 : 0;
    else
      ++acks;
  }
  EXPECT_EQ(acks, 2);
  EXPECT_EQ(after, 0);
}

TEST_P(CoreRetained, SharedSubscriptionsGetNone) {
  RawClient& publisher = client(0, "p");
  retain(publisher, "r", "x");
  RawClient& subscriber = client(last_shard(), "s");
  subscribe(subscriber, {"$share/g/r"});
  subscriber.expect_nothing();
}

TEST_P(CoreRetained, LimitsAreKeptAndCounted) {
  BrokerSetup setup{.shards = GetParam()};
  setup.options.retained.messages_max = 2 * GetParam();
  InProcessBroker broker(setup);
  RawClient& publisher = broker.connect({.client_id = "p"});
  for (int i = 0; i < 50; ++i) retain(publisher, "r/" + std::to_string(i), "x");
  std::uint64_t kept = 0;
  std::uint64_t refused = 0;
  for (std::uint16_t i = 0; i < GetParam(); ++i) {
    kept += broker.metrics(i).retained_messages;
    refused += broker.metrics(i).limits_hit_retained_messages_max;
  }
  EXPECT_EQ(kept, 2U * GetParam());
  EXPECT_EQ(refused, 50 - kept);
}

TEST_P(CoreRetained, SysTopicsTakeNoRoomFromClients) {
  BrokerSetup setup{.shards = 1};
  setup.options.retained.messages_max = 2;
  InProcessBroker broker(setup);
  broker.publish_sys();
  RawClient& publisher = broker.connect({.client_id = "p"});
  for (int i = 0; i < 3; ++i) retain(publisher, "r/" + std::to_string(i), "x");
  EXPECT_GT(broker.metrics(0).retained_messages, 10U);
  EXPECT_EQ(broker.metrics(0).limits_hit_retained_messages_max, 1U);
  RawClient& subscriber = broker.connect({.client_id = "s"});
  subscribe(subscriber, {"r/#"});
  EXPECT_EQ(subscriber.take<Publish>().topic, "r/0");
  EXPECT_EQ(subscriber.take<Publish>().topic, "r/1");
  subscriber.expect_nothing();
}

TEST_P(CoreRetained, SysTopicsAreRetainedAndNotMatchedByABareWildcard) {
  RawClient& all = client(0, "a");
  subscribe(all, {"#"});
  broker_.publish_sys();
  all.expect_nothing();
  RawClient& sys = client(last_shard(), "s");
  subscribe(sys, {"$SYS/broker/version"});
  EXPECT_EQ(sys.take<Publish>().retain, true);
  sys.send(
      Publish{.topic = "$SYS/broker/version", .payload = "mine", .qos = qos_1, .packet_id = 1});
  sys.expect(Puback{.packet_id = 1, .reason = ReasonCode::not_authorized});
}

INSTANTIATE_TEST_SUITE_P(Shards, CoreRetained, ::testing::Values(1, 3));

TEST(CoreRetainedBound, SubscribingWithoutReadingIsBounded) {
  InProcessBroker broker;
  RawClient& publisher = broker.connect({.client_id = "p"});
  publisher.send(Publish{.topic = "t", .payload = std::string(1000, 'x'), .retain = true});
  RawClient& deaf = broker.connect({.client_id = "deaf"});
  deaf.stall(10);
  const std::vector<Filter> filters(100, Filter{"t"});
  for (PacketId id = 1; id <= 40; ++id) deaf.send(Subscribe{.packet_id = id, .filters = filters});
  // A few packets beyond the bound, not all forty.
  using codec::PacketType;
  const auto subscribes = static_cast<std::size_t>(PacketType::subscribe);
  EXPECT_LE(broker.metrics().packets_received[subscribes], 12U);
  deaf.unstall();
  std::size_t retained = 0;
  std::size_t subacks = 0;
  while (const auto packet = deaf.receive()) {
    retained += std::holds_alternative<Publish>(*packet) ? 1U : 0U;
    subacks += std::holds_alternative<Suback>(*packet) ? 1U : 0U;
  }
  EXPECT_EQ(subacks, 40U);
  EXPECT_EQ(retained, 4000U);
}

}  // namespace
}  // namespace sluice::testing
