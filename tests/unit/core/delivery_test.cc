// SPDX-License-Identifier: Apache-2.0
// QoS 0, 1 and 2 both ways, the window, the queue behind it, and what a resumed session gets again.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

Connect kept(std::string id, bool clean_start = true) {
  return {.client_id = std::move(id),
          .clean_start = clean_start,
          .props = Props().number(PropertyId::session_expiry_interval, 3600)};
}

/// A client that sends messages "0", "1", … to topic "t" at QoS 1.
void publish_numbers(RawClient& publisher, int from, int to, Qos qos = qos_1) {
  for (int i = from; i < to; ++i) {
    const auto id = static_cast<PacketId>(i + 1);
    publisher.send(
        Publish{.topic = "t", .payload = std::to_string(i), .qos = qos, .packet_id = id});
    if (qos == qos_1) publisher.expect(Puback{.packet_id = id});
    if (qos != qos_2) continue;
    publisher.expect(Pubrec{.packet_id = id});
    publisher.send(Pubrel{.packet_id = id});
    publisher.expect(Pubcomp{.packet_id = id});
  }
}

TEST(CoreDelivery, EveryPairOfQosMeetsAtTheLower) {
  for (const std::uint16_t shards : {std::uint16_t{1}, std::uint16_t{3}}) {
    for (int sent = 0; sent < 3; ++sent)
      for (int granted = 0; granted < 3; ++granted) {
        InProcessBroker broker(BrokerSetup{.shards = shards});
        RawClient& subscriber = broker.connect({.client_id = broker.client_id_on(0)});
        RawClient& publisher = broker.connect(
            {.client_id = broker.client_id_on(static_cast<std::uint16_t>(shards - 1), "p")});
        subscribe(subscriber, {"t", static_cast<Qos>(granted)});
        publisher.send(Publish{.topic = "t",
                               .payload = "x",
                               .qos = static_cast<Qos>(sent),
                               .packet_id = static_cast<PacketId>(sent == 0 ? 0 : 1)});
        subscriber.expect(Publish{
            .topic = "t", .payload = "x", .qos = static_cast<Qos>(std::min(sent, granted))});
      }
  }
}

TEST(CoreDelivery, Qos2RunsItsFourStepsBothWays) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect({.client_id = "s"});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_2});
  publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 5});
  publisher.expect(Pubrec{.packet_id = 5});
  publisher.send(Pubrel{.packet_id = 5});
  publisher.expect(Pubcomp{.packet_id = 5});
  const auto got = subscriber.expect(Publish{.topic = "t", .payload = "x", .qos = qos_2});
  subscriber.send(Pubrec{.packet_id = got.packet_id});
  subscriber.expect(Pubrel{.packet_id = got.packet_id});
  subscriber.send(Pubcomp{.packet_id = got.packet_id});
  subscriber.expect_nothing();
  EXPECT_EQ(broker.metrics().inflight_messages, 0U);
}

TEST(CoreDelivery, ARepeatedQos2PublishIsDeliveredOnce) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect({.client_id = "s"});
  subscribe(subscriber, {"t"});
  RawClient& publisher = broker.connect(kept("p"));
  const Publish publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 5};
  Publish again = publish;
  again.dup = true;
  publisher.send(publish);
  publisher.expect(Pubrec{.packet_id = 5});
  publisher.send(again);
  publisher.expect(Pubrec{.packet_id = 5});
  publisher.cut();
  RawClient& resumed = broker.resume(kept("p", false));
  resumed.send(again);
  resumed.expect(Pubrec{.packet_id = 5});
  resumed.send(Pubrel{.packet_id = 5});
  resumed.expect(Pubcomp{.packet_id = 5});
  subscriber.expect(Publish{.topic = "t", .payload = "x"});
  subscriber.expect_nothing();
  resumed.send(publish);
  subscriber.expect(Publish{.topic = "t", .payload = "x"});
}

TEST(CoreDelivery, APubrelThatNobodyWaitsForIsAnswered) {
  InProcessBroker broker;
  RawClient& five = broker.connect({.client_id = "a"});
  five.send(Pubrel{.packet_id = 7});
  five.expect(Pubcomp{.packet_id = 7, .reason = ReasonCode::packet_identifier_not_found});
  RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "b"});
  three.send(Pubrel{.packet_id = 7});
  three.expect(Pubcomp{.packet_id = 7});
}

TEST(CoreDelivery, AnAcknowledgementThatNobodyWaitsForChangesNothing) {
  InProcessBroker broker;
  RawClient& client = broker.connect({.client_id = "a"});
  subscribe(client, {"t", qos_1});
  client.send(Puback{.packet_id = 1}, Pubcomp{.packet_id = 2});
  client.send(Pubrec{.packet_id = 3});
  client.expect(Pubrel{.packet_id = 3, .reason = ReasonCode::packet_identifier_not_found});
  client.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  const auto got = client.expect(Publish{.topic = "t", .payload = "x", .qos = qos_1});
  client.expect(Puback{.packet_id = 1});
  client.send(Puback{.packet_id = got.packet_id}, Puback{.packet_id = got.packet_id});
  EXPECT_EQ(broker.metrics().inflight_messages, 0U);
  EXPECT_FALSE(client.is_closed());
}

// MQTT 3.1.1 lets a length take more bytes than it must: four bytes can be a packet with nothing in
// it.
TEST(CoreDelivery, AnAcknowledgementWithoutIdentifierTakesNoneFromTheNextPacket) {
  InProcessBroker broker;
  const Connect kept_3{.version = Version::v3_1_1, .client_id = "s", .clean_start = false};
  RawClient& subscriber = broker.connect(kept_3);
  subscribe(subscriber, {"t", qos_1});
  RawClient& publisher = broker.connect({.client_id = "p"});
  publish_numbers(publisher, 0, 1);
  const auto got = subscriber.expect(Publish{.topic = "t", .payload = "0", .qos = qos_1});
  subscriber.send_bytes({0x40, 0x80, 0x80, 0x00, static_cast<std::uint8_t>(got.packet_id >> 8),
                         static_cast<std::uint8_t>(got.packet_id)});
  subscriber.expect_closed();
  RawClient& resumed = broker.resume(kept_3);
  resumed.expect(Publish{.topic = "t", .payload = "0", .qos = qos_1, .dup = true});
  resumed.send_bytes({0x40, 0x82, 0x80, 0x00, static_cast<std::uint8_t>(got.packet_id >> 8),
                      static_cast<std::uint8_t>(got.packet_id)});
  resumed.expect_nothing();
  EXPECT_FALSE(resumed.is_closed());
  EXPECT_EQ(broker.metrics().inflight_messages, 0U);
}

TEST(CoreDelivery, NoMoreThanTheReceiveMaximumIsUnderWay) {
  InProcessBroker broker;
  RawClient& subscriber =
      broker.connect({.client_id = "s", .props = Props().number(PropertyId::receive_maximum, 2)});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_2});
  publish_numbers(publisher, 0, 5, qos_2);
  const auto first = subscriber.expect(Publish{.topic = "t", .payload = "0", .qos = qos_2});
  const auto second = subscriber.expect(Publish{.topic = "t", .payload = "1", .qos = qos_2});
  subscriber.expect_nothing();
  subscriber.send(Pubrec{.packet_id = second.packet_id});
  subscriber.expect(Pubrel{.packet_id = second.packet_id});
  subscriber.expect_nothing();
  subscriber.send(Pubcomp{.packet_id = second.packet_id});
  subscriber.expect(Publish{.topic = "t", .payload = "2", .qos = qos_2});
  subscriber.send(Pubrec{.packet_id = first.packet_id, .reason = ReasonCode::unspecified_error});
  subscriber.expect(Publish{.topic = "t", .payload = "3", .qos = qos_2});
  subscriber.expect_nothing();
}

TEST(CoreDelivery, AResumedSessionGetsWhatWasUnacknowledgedInOrderAndTheQueueBehindIt) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  publish_numbers(publisher, 0, 3);
  std::vector<PacketId> ids;
  for (int i = 0; i < 3; ++i)
    ids.push_back(
        subscriber.expect(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1})
            .packet_id);
  subscriber.send(Puback{.packet_id = ids[1]});
  subscriber.cut();
  publish_numbers(publisher, 3, 5);
  RawClient& resumed = broker.resume(kept("s", false));
  resumed.expect(
      Publish{.topic = "t", .payload = "0", .qos = qos_1, .dup = true, .packet_id = ids[0]});
  resumed.expect(
      Publish{.topic = "t", .payload = "2", .qos = qos_1, .dup = true, .packet_id = ids[2]});
  resumed.expect(Publish{.topic = "t", .payload = "3", .qos = qos_1});
  resumed.expect(Publish{.topic = "t", .payload = "4", .qos = qos_1});
  resumed.expect_nothing();
}

TEST(CoreDelivery, AResumedQos2DeliveryGoesOnWhereItWas) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_2});
  publish_numbers(publisher, 0, 2);
  const auto first = subscriber.take<Publish>();
  const auto second = subscriber.take<Publish>();
  EXPECT_EQ(first.qos, qos_1);
  subscriber.send(Puback{.packet_id = first.packet_id}, Puback{.packet_id = second.packet_id});
  publish_numbers(publisher, 2, 4, qos_2);
  const auto third = subscriber.take<Publish>();
  const auto fourth = subscriber.take<Publish>();
  subscriber.send(Pubrec{.packet_id = third.packet_id});
  subscriber.expect(Pubrel{.packet_id = third.packet_id});
  subscriber.cut();
  RawClient& resumed = broker.resume(kept("s", false));
  resumed.expect(Pubrel{.packet_id = third.packet_id});
  resumed.expect(Publish{
      .topic = "t", .payload = "3", .qos = qos_2, .dup = true, .packet_id = fourth.packet_id});
  resumed.send(Pubcomp{.packet_id = third.packet_id}, Pubrec{.packet_id = fourth.packet_id});
  resumed.expect(Pubrel{.packet_id = fourth.packet_id});
  resumed.send(Pubcomp{.packet_id = fourth.packet_id});
  resumed.expect_nothing();
  EXPECT_EQ(broker.metrics().inflight_messages, 0U);
}

TEST(CoreDelivery, TheReceiveMaximumOfTheNewConnectionBoundsWhatIsSentAgain) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_2});
  publish_numbers(publisher, 0, 4, qos_2);
  std::vector<PacketId> ids;
  for (int i = 0; i < 4; ++i) ids.push_back(subscriber.take<Publish>().packet_id);
  subscriber.send(Pubrec{.packet_id = ids[0]});
  subscriber.expect(Pubrel{.packet_id = ids[0]});
  subscriber.cut();
  Connect connect = kept("s", false);
  connect.props.number(PropertyId::receive_maximum, 2);
  RawClient& resumed = broker.resume(connect);
  resumed.expect(Pubrel{.packet_id = ids[0]});
  resumed.expect(
      Publish{.topic = "t", .payload = "1", .qos = qos_2, .dup = true, .packet_id = ids[1]});
  // What waits for PUBCOMP counts too: otherwise its PUBCOMP would free a place that it never took.
  resumed.expect_nothing();
  resumed.send(Pubcomp{.packet_id = ids[0]});
  resumed.expect(
      Publish{.topic = "t", .payload = "2", .qos = qos_2, .dup = true, .packet_id = ids[2]});
  resumed.expect_nothing();
}

TEST(CoreDelivery, ALiveMessageDoesNotOvertakeTheQueue) {
  for (const std::uint16_t shards : {std::uint16_t{1}, std::uint16_t{2}}) {
    InProcessBroker broker(BrokerSetup{.shards = shards});
    Connect connect = kept(broker.client_id_on(0, "s"));
    connect.props.number(PropertyId::receive_maximum, 1);
    RawClient& subscriber = broker.connect(connect);
    RawClient& publisher = broker.connect(
        {.client_id = broker.client_id_on(static_cast<std::uint16_t>(shards - 1), "p")});
    subscribe(subscriber, {"t", qos_1});
    publish_numbers(publisher, 0, 4);
    for (int i = 0; i < 8; ++i) {
      const auto got =
          subscriber.expect(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1});
      if (i == 1) publish_numbers(publisher, 4, 8);
      subscriber.send(Puback{.packet_id = got.packet_id});
    }
  }
}

TEST(CoreDelivery, PacketIdentifiersAreNotUsedTwiceWhileUnderWay) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect({.client_id = "s"});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  publish_numbers(publisher, 0, 1);
  const auto kept_back = subscriber.take<Publish>();
  std::vector<bool> seen(65536);
  for (int i = 0; i < 64'000; ++i) {
    publisher.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
    publisher.take<Puback>();
    const auto got = subscriber.take<Publish>();
    ASSERT_NE(got.packet_id, kept_back.packet_id);
    subscriber.send(Puback{.packet_id = got.packet_id});
  }
  // The window may not span all identifiers: more waits until the oldest is acknowledged.
  for (int i = 0; i < 3'000; ++i) {
    publisher.send(Publish{.topic = "t", .qos = qos_1, .packet_id = 1});
    publisher.take<Puback>();
  }
  subscriber.send(Puback{.packet_id = kept_back.packet_id});
  for (int i = 0; i < 3'000; ++i) {
    const auto got = subscriber.take<Publish>();
    subscriber.send(Puback{.packet_id = got.packet_id});
  }
  subscriber.expect_nothing();
  EXPECT_EQ(broker.metrics().inflight_messages + broker.metrics().queue_messages, 0U);
}

TEST(CoreDelivery, AFullQueueDropsTheNewestAndSaysSo) {
  BrokerSetup setup;
  setup.options.session.queue_messages_max = 3;
  InProcessBroker broker(setup);
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  subscriber.cut();
  publish_numbers(publisher, 0, 3);
  publisher.send(Publish{.topic = "t", .payload = "3", .qos = qos_1, .packet_id = 9});
  publisher.expect(Puback{.packet_id = 9, .reason = ReasonCode::quota_exceeded});
  EXPECT_EQ(broker.metrics().messages_dropped_queue_messages_max, 1U);
  EXPECT_TRUE(broker.log().has("message_dropped client=s"));
  RawClient& resumed = broker.resume(kept("s", false));
  for (int i = 0; i < 3; ++i)
    resumed.expect(Publish{.topic = "t", .payload = std::to_string(i), .qos = qos_1});
  resumed.expect_nothing();
}

TEST(CoreDelivery, WhereALogKeepsAQueueItIsBoundedByBytesAlone) {
  constexpr int more_than_in_memory = 100'010;
  for (const bool has_log : {false, true}) {
    InProcessBroker broker({.has_log = has_log});
    RawClient& subscriber = broker.connect(kept("s"));
    RawClient& publisher = broker.connect({.client_id = "p"});
    subscriber.send(Subscribe{.packet_id = 9, .filters = {{"t", qos_2}}});
    subscriber.cut();
    for (int i = 0; i < more_than_in_memory; ++i) {
      publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
      publisher.take<Puback>();
    }
    EXPECT_EQ(broker.metrics().messages_dropped_queue_messages_max, has_log ? 0U : 10U);
    EXPECT_EQ(broker.metrics().queue_messages, has_log ? 100'010U : 100'000U);
  }
}

TEST(CoreDelivery, ASubscriberAtQos0ThatIsAwayIsNoReasonToRefuse) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t"});
  subscriber.cut();
  publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  publisher.expect(Puback{.packet_id = 1});
  publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 2});
  publisher.expect(Pubrec{.packet_id = 2});
}

TEST(CoreDelivery, WhatAnOlderVersionWasToldToBeTakenIsNotTakenAgain) {
  BrokerSetup setup;
  setup.options.session.queue_messages_max = 1;
  InProcessBroker broker(setup);
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.version = Version::v3_1_1, .client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  subscriber.cut();
  for (PacketId id = 1; id <= 2; ++id) {
    publisher.send(
        Publish{.topic = "t", .payload = std::to_string(id), .qos = qos_2, .packet_id = id});
    publisher.expect(Pubrec{.packet_id = id});
  }
  RawClient& resumed = broker.resume(kept("s", false));
  resumed.expect(Publish{.topic = "t", .payload = "1", .qos = qos_1});
  publisher.send(Publish{.topic = "t", .payload = "2", .qos = qos_2, .dup = true, .packet_id = 2});
  publisher.expect(Pubrec{.packet_id = 2});
  resumed.expect_nothing();
}

TEST(CoreDelivery, AQueueIsBoundedInBytesToo) {
  BrokerSetup setup;
  setup.options.session.queue_bytes_max = 10'000;
  InProcessBroker broker(setup);
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.version = Version::v3_1_1, .client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  subscriber.cut();
  for (int i = 0; i < 5; ++i) {
    publisher.send(
        Publish{.topic = "t", .payload = std::string(4'000, 'x'), .qos = qos_1, .packet_id = 1});
    publisher.expect(Puback{.packet_id = 1});
  }
  EXPECT_EQ(broker.metrics().queue_messages, 2U);
  EXPECT_LE(broker.metrics().queue_bytes, 10'000U);
  EXPECT_EQ(broker.metrics().messages_dropped_queue_bytes_max, 3U);
}

TEST(CoreDelivery, ACleanSessionQueuesNothingWhileItIsAway) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect({.client_id = "s"});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  subscriber.cut();
  publisher.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  publisher.expect(Puback{.packet_id = 1, .reason = ReasonCode::no_matching_subscribers});
  RawClient& again = broker.connect({.client_id = "s", .clean_start = false});
  again.expect_nothing();
}

TEST(CoreDelivery, Qos0IsNotQueuedForAClientThatIsAway) {
  InProcessBroker broker;
  RawClient& subscriber = broker.connect(kept("s"));
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t", qos_1});
  subscriber.cut();
  publisher.send(Publish{.topic = "t", .payload = "x"});
  broker.resume(kept("s", false)).expect_nothing();
}

TEST(CoreDelivery, AClientThatAsksAndDoesNotReadIsNotReadEither) {
  BrokerSetup setup;
  setup.options.limits.write_buffer_bytes_max = 4 * 1024;
  InProcessBroker broker(setup);
  RawClient& client = broker.connect({.client_id = "asks"});
  client.stall(100);
  constexpr int asked = 20'000;
  for (int i = 0; i < asked; ++i) client.send(Pingreq{});
  const auto answered = broker.metrics().packets_sent[13];
  EXPECT_LT(answered, 8'000U);
  EXPECT_GT(answered, 1'000U);
  client.unstall();
  for (int i = 0; i < asked; ++i) client.expect(Pingresp{});
  client.expect_nothing();
}

TEST(CoreDelivery, ASlowReaderLosesQos0BeyondItsBufferAndNoOneElseDoes) {
  BrokerSetup setup;
  setup.options.limits.write_buffer_bytes_max = 8 * 1024;
  InProcessBroker broker(setup);
  RawClient& slow = broker.connect({.client_id = "slow"});
  RawClient& fast = broker.connect({.client_id = "fast"});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(slow, {"t"});
  subscribe(fast, {"t"});
  slow.stall(1'000);
  const std::string payload(1'000, 'x');
  for (int i = 0; i < 50; ++i) {
    publisher.send(Publish{.topic = "t", .payload = payload});
    fast.expect(Publish{.topic = "t", .payload = payload});
  }
  const auto dropped = broker.metrics().messages_dropped_write_buffer_full;
  EXPECT_GT(dropped, 35U);
  slow.unstall();
  for (std::uint64_t i = 0; i < 50 - dropped; ++i)
    slow.expect(Publish{.topic = "t", .payload = payload});
  slow.expect_nothing();
  publisher.send(Publish{.topic = "t", .payload = "after"});
  slow.expect(Publish{.topic = "t", .payload = "after"});
}

TEST(CoreDelivery, ASlowReaderKeepsItsQos1MessagesInTheQueue) {
  BrokerSetup setup;
  setup.options.limits.write_buffer_bytes_max = 8 * 1024;
  InProcessBroker broker(setup);
  RawClient& slow = broker.connect({.client_id = "slow"});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(slow, {"t", qos_1});
  slow.stall(100);
  for (int i = 0; i < 40; ++i) {
    publisher.send(Publish{.topic = "t",
                           .payload = std::string(1'000, static_cast<char>('0' + i)),
                           .qos = qos_1,
                           .packet_id = 1});
    publisher.expect(Puback{.packet_id = 1});
  }
  EXPECT_GT(broker.metrics().queue_messages, 20U);
  slow.unstall();
  for (int i = 0; i < 40; ++i)
    slow.expect(Publish{
        .topic = "t", .payload = std::string(1'000, static_cast<char>('0' + i)), .qos = qos_1});
}

TEST(CoreDelivery, ALargeMessageArrivesWholeHoweverItIsCut) {
  for (const std::uint16_t shards : {std::uint16_t{1}, std::uint16_t{2}})
    for (const std::size_t piece :
         {std::size_t{1000}, std::size_t{70'000}, std::size_t{1'000'000}}) {
      InProcessBroker broker(BrokerSetup{.shards = shards});
      RawClient& subscriber = broker.connect({.client_id = broker.client_id_on(0, "s")});
      RawClient& publisher = broker.connect(
          {.client_id = broker.client_id_on(static_cast<std::uint16_t>(shards - 1), "p")});
      subscribe(subscriber, {"t", qos_2});
      std::string payload(300'000, 0);
      for (std::size_t i = 0; i < payload.size(); ++i) payload[i] = static_cast<char>(i * 7 / 3);
      subscriber.stall(5'000);
      publisher.send_in_pieces(
          encode(Publish{.topic = "t", .payload = payload, .qos = qos_2, .packet_id = 1},
                 Version::v5),
          piece);
      publisher.expect(Pubrec{.packet_id = 1});
      subscriber.unstall();
      subscriber.expect(Publish{.topic = "t", .payload = payload, .qos = qos_2});
    }
}

TEST(CoreDelivery, AMessageOverTheClientsMaximumPacketSizeIsLeftOut) {
  InProcessBroker broker;
  const std::string topic = "a/topic/that/is/worth/an/alias";
  for (const bool has_aliases : {false, true}) {
    Props props = Props().number(PropertyId::maximum_packet_size, 50);
    if (has_aliases) props.number(PropertyId::topic_alias_maximum, 5);
    RawClient& client = broker.connect({.client_id = "s", .props = props});
    subscribe(client, {topic, qos_1});
    for (std::size_t size = 0; size < 40; ++size) {
      client.send(
          Publish{.topic = topic, .payload = std::string(size, 'x'), .qos = qos_1, .packet_id = 1});
      auto packet = client.receive();
      while (packet && !std::holds_alternative<Puback>(*packet)) {
        const auto& publish = std::get<Publish>(*packet);
        EXPECT_LE(client.bytes_of(publish).size(), 50U);
        client.send(Puback{.packet_id = publish.packet_id});
        packet = client.receive();
      }
    }
    EXPECT_GT(broker.metrics().messages_dropped_maximum_packet_size, 0U);
  }
}

TEST(CoreDelivery, AClientThatExceedsTheReceiveMaximumIsClosed) {
  BrokerSetup setup;
  setup.options.mqtt.receive_maximum = 2;
  InProcessBroker broker(setup);
  RawClient& client = broker.connect({.client_id = "p"});
  for (PacketId id = 1; id <= 3; ++id)
    client.send(Publish{.topic = "t", .qos = qos_2, .packet_id = id});
  client.take<Pubrec>();
  client.take<Pubrec>();
  client.expect_disconnect(ReasonCode::receive_maximum_exceeded);
}

TEST(CoreDelivery, ATurnThatIsFullGoesOnInTheNext) {
  BrokerSetup setup;
  setup.options.limits.turn_deliveries_max = 100;
  InProcessBroker broker(setup);
  RawClient& subscriber = broker.connect({.client_id = "s"});
  RawClient& publisher = broker.connect({.client_id = "p"});
  subscribe(subscriber, {"t"});
  Bytes bytes;
  for (int i = 0; i < 1000; ++i) {
    const Bytes one = encode(Publish{.topic = "t", .payload = std::to_string(i)}, Version::v5);
    bytes.insert(bytes.end(), one.begin(), one.end());
  }
  publisher.send_bytes(bytes);
  for (int i = 0; i < 1000; ++i)
    subscriber.expect(Publish{.topic = "t", .payload = std::to_string(i)});
  publisher.send(Pingreq{});
  publisher.expect(Pingresp{});
}

TEST(CoreDelivery, PublishesInARowReachTheirSubscribersOfALargeTreeInOrder) {
  constexpr int topics = 9'000;
  constexpr int sent = 100;
  const auto topic = [](int number) { return "a/" + std::to_string(number * 89 % topics) + "/b"; };
  InProcessBroker broker;
  RawClient& subscriber = broker.connect({.client_id = "s"});
  for (int first = 0; first < topics; first += 100) {
    Subscribe packet{.packet_id = 1, .filters = {}};
    for (int i = first; i < first + 100; ++i) packet.filters.push_back({topic(i), qos_0});
    subscriber.send(packet);
    subscriber.expect(Suback{.packet_id = 1, .codes = std::vector<std::uint8_t>(100)});
  }
  RawClient& publisher = broker.connect({.client_id = "p"});
  // At once, with other packets between them and the last one cut.
  Bytes bytes;
  const auto append = [&bytes](const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  for (int i = 0; i < sent; ++i) {
    append(publisher.bytes_of(Publish{.topic = topic(i), .payload = std::to_string(i)}));
    if (i % 7 == 0) append(publisher.bytes_of(Pingreq{}));
  }
  const Bytes last = publisher.bytes_of(Publish{.topic = topic(sent), .payload = "last"});
  append({last.begin(), last.end() - 3});
  publisher.send_bytes(bytes);
  for (int i = 0; i < sent; ++i)
    subscriber.expect(Publish{.topic = topic(i), .payload = std::to_string(i)});
  publisher.send_bytes({last.end() - 3, last.end()});
  subscriber.expect(Publish{.topic = topic(sent), .payload = "last"});
}

}  // namespace
}  // namespace sluice::testing
