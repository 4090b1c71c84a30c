// SPDX-License-Identifier: Apache-2.0
//
// What a shard does when memory or the way to another shard is full: who publishes with QoS 1 or 2
// waits and loses nothing, and goes on when there is room.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

constexpr std::size_t budget = 4 * 1024 * 1024;
constexpr std::size_t payload_bytes = 64 * 1024;

BrokerSetup small_memory(std::uint16_t shards = 1) {
  BrokerSetup setup{.shards = shards};
  setup.options.limits.memory_bytes_max = budget;
  return setup;
}

Connect lasting(std::string id) {
  return {.client_id = std::move(id),
          .clean_start = false,
          .props = Props().number(PropertyId::session_expiry_interval, 3600)};
}

void subscribe_qos_1(RawClient& client, std::string filter) {
  client.send(Subscribe{.packet_id = 9, .filters = {{std::move(filter), qos_1}}});
  client.take<Suback>();
}

class MemoryFull : public ::testing::Test {
 protected:
  const std::string payload_ = std::string(payload_bytes, 'x');
  InProcessBroker broker_{small_memory()};
  std::uint16_t next_id_ = 1;

  void leave_a_subscriber() {
    RawClient& client = broker_.connect(lasting("keeper"));
    subscribe_qos_1(client, "kept/#");
    client.cut();
  }
  Publish message(std::string topic = "kept/a") {
    return {.topic = std::move(topic), .payload = payload_, .qos = qos_1, .packet_id = next_id_++};
  }
  /// Publishes until an acknowledgement does not come.
  int fill(RawClient& client) {
    for (int sent = 0; sent < 200; ++sent) {
      client.send(message());
      if (!client.receive()) return sent;
    }
    ADD_FAILURE() << "the budget was never reached";
    return 0;
  }
};

TEST_F(MemoryFull, ThePublisherWaitsAndGoesOnWhenAnEighthIsFree) {
  leave_a_subscriber();
  RawClient& publisher = broker_.connect({.client_id = "p"});
  const int stored = fill(publisher);
  EXPECT_GE(stored, 50);
  EXPECT_EQ(broker_.metrics().queue_messages, static_cast<std::uint64_t>(stored));
  EXPECT_EQ(broker_.metrics().limits_hit_memory_bytes_max, 1U);
  EXPECT_TRUE(broker_.log().has("memory_limit_reached"));
  broker_.advance(10s);
  publisher.expect_nothing();

  // The one that waits for its messages may come although the memory is full.
  RawClient& keeper = broker_.resume(lasting("keeper"));
  int got = 0;
  for (auto received = keeper.receive(); received; received = keeper.receive()) {
    const auto* publish = std::get_if<Publish>(&*received);
    ASSERT_NE(publish, nullptr);
    ++got;
    keeper.send(Puback{.packet_id = publish->packet_id});
  }
  broker_.advance(1s);
  EXPECT_TRUE(publisher.receive().has_value());
  for (auto received = keeper.receive(); received; received = keeper.receive()) ++got;
  EXPECT_EQ(got, stored + 1);
  EXPECT_TRUE(broker_.log().has("memory_limit_left"));
  EXPECT_EQ(broker_.metrics().messages_dropped_memory_bytes_max, 0U);
}

TEST_F(MemoryFull, WhatIsNotKeptGoesOnAndWhatIsRetainedWaits) {
  leave_a_subscriber();
  RawClient& hear = broker_.connect({.client_id = "hear"});
  subscribe_qos_1(hear, "live");
  RawClient& publisher = broker_.connect({.client_id = "p"});
  RawClient& other = broker_.connect({.client_id = "q"});
  fill(publisher);
  other.send(Publish{.topic = "live", .payload = "1"});
  hear.expect(Publish{.topic = "live", .payload = "1"});
  other.send(Publish{.topic = "live", .payload = "2", .retain = true});
  other.send(Publish{.topic = "live", .payload = "3"});
  hear.expect_nothing();
}

TEST_F(MemoryFull, ANewClientIsRefusedAndOneWithASessionIsNot) {
  leave_a_subscriber();
  RawClient& publisher = broker_.connect({.client_id = "p"});
  fill(publisher);
  RawClient& stranger = broker_.open();
  stranger.send(Connect{.client_id = "new"});
  stranger.expect(Connack{.code = 0x97});
  stranger.expect_closed();
  RawClient& keeper = broker_.open();
  keeper.send(Connect{.client_id = "keeper"});
  keeper.take<Connack>();
  broker_.advance(1s);
  EXPECT_TRUE(publisher.receive().has_value()) << "the end of a session makes room";
}

TEST_F(MemoryFull, WhoOwesAcknowledgementsIsRefusedAfterTheGrace) {
  leave_a_subscriber();
  RawClient& five = broker_.connect({.client_id = "five"});
  RawClient& three = broker_.connect({.version = Version::v3_1_1, .client_id = "three"});
  for (RawClient* client : {&five, &three}) {
    subscribe_qos_1(*client, "own");
    client->send(Publish{.topic = "x"});
  }
  RawClient& publisher = broker_.connect({.client_id = "p"});
  publisher.send(message("own"));
  five.take<Publish>();
  three.take<Publish>();
  publisher.take<Puback>();
  fill(publisher);
  five.send(message());
  three.send(message());
  five.expect_nothing();
  EXPECT_FALSE(three.is_closed());
  broker_.advance(2s);
  EXPECT_EQ(five.take<Puback>().reason, ReasonCode::quota_exceeded);
  three.expect_closed();
  EXPECT_EQ(broker_.metrics().messages_dropped_memory_bytes_max, 2U);
}

class MailCongested : public ::testing::Test {
 protected:
  InProcessBroker broker_{{.shards = 2}};
  RawClient& hear_ = broker_.connect({.client_id = broker_.client_id_on(1)}, 1);
  RawClient& say_ = broker_.connect({.client_id = broker_.client_id_on(0)}, 0);

  void SetUp() override { subscribe_qos_1(hear_, "#"); }
  void congest(bool is_congested) { broker_.driver(0).mailer().set_congested(is_congested); }
};

TEST_F(MailCongested, EveryPublisherWaitsForTheGrace) {
  congest(true);
  say_.send(Publish{.topic = "a", .payload = "0"});
  hear_.expect_nothing();
  congest(false);
  broker_.advance(100ms);
  hear_.expect(Publish{.topic = "a", .payload = "0"});
  EXPECT_EQ(broker_.metrics().messages_dropped_congestion, 0U);
}

TEST_F(MailCongested, ThenQos0IsDroppedAndCountedAndQos1WaitsOn) {
  congest(true);
  say_.send(Publish{.topic = "a", .payload = "0"});
  broker_.advance(1s);
  broker_.advance(100ms);
  EXPECT_EQ(broker_.metrics().messages_dropped_congestion, 1U);
  say_.send(Pingreq{});
  say_.take<Pingresp>();
  say_.send(Publish{.topic = "a", .payload = "1", .qos = qos_1, .packet_id = 1});
  say_.send(Publish{.topic = "a", .payload = "behind"});
  say_.expect_nothing();
  congest(false);
  broker_.advance(100ms);
  EXPECT_EQ(say_.take<Puback>().packet_id, 1U);
  EXPECT_EQ(hear_.take<Publish>().payload, "1");
  hear_.expect(Publish{.topic = "a", .payload = "behind"});
}

TEST(Counts, AConnectionHandedToAnotherShardIsAcceptedOnce) {
  InProcessBroker broker({.shards = 2});
  broker.connect({.client_id = broker.client_id_on(1)}, 0);
  EXPECT_EQ(broker.metrics(0).connections_accepted + broker.metrics(1).connections_accepted, 1U);
  EXPECT_EQ(broker.metrics(0).connections_open + broker.metrics(1).connections_open, 1U);
}

TEST(Counts, StoredMessagesAreCountedOnceWithTheBytesOfTheirPayload) {
  InProcessBroker broker;
  for (const char* id : {"a", "b", "c"}) {
    RawClient& client = broker.connect(lasting(id));
    subscribe_qos_1(client, "t");
    client.cut();
  }
  RawClient& say = broker.connect({.client_id = "say"});
  say.send(Publish{.topic = "t", .payload = "12345", .qos = qos_1, .retain = true, .packet_id = 1});
  say.take<Puback>();
  EXPECT_EQ(broker.metrics().stored_messages, 1U);
  EXPECT_EQ(broker.metrics().stored_payload_bytes, 5U);
}

}  // namespace
}  // namespace sluice::testing
