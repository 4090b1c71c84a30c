// SPDX-License-Identifier: Apache-2.0
// Clients that are faster than client.* allows.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

core::CoreOptions options_with(const std::function<void(core::CoreOptions::Client&)>& set) {
  core::CoreOptions options;
  set(options.client);
  return options;
}

std::size_t received(RawClient& client) {
  std::size_t count = 0;
  while (client.receive()) ++count;
  return count;
}

TEST(CoreClientRates, WhoPublishesFasterIsReadMoreSlowlyAndLosesNothing) {
  InProcessBroker broker({.options = options_with([](auto& client) {
                            client.messages_per_s = 10;
                            client.messages_burst = 5;
                          })});
  RawClient& reader = broker.connect({.client_id = "reader"});
  reader.send(Subscribe{.filters = {{"#"}}});
  reader.take<Suback>();
  RawClient& writer = broker.connect({.client_id = "writer"});
  for (int i = 0; i < 100; ++i) writer.send(Publish{.topic = "t"});
  EXPECT_EQ(received(reader), 5U);
  broker.advance(1s);
  EXPECT_NEAR(static_cast<double>(received(reader)), 10, 2);
  for (int i = 0; i < 10; ++i) broker.advance(1s);
  EXPECT_NEAR(static_cast<double>(received(reader)), 85, 2);
  EXPECT_GT(broker.metrics().limits_hit_client_messages_per_s, 0U);
}

TEST(CoreClientRates, BytesCountWhateverThePacket) {
  InProcessBroker broker(
      {.options = options_with([](auto& client) { client.bytes_per_s = 1000; })});
  RawClient& client = broker.connect({.client_id = "c"});
  for (int i = 0; i < 10; ++i)
    client.send(Publish{.topic = "t",
                        .payload = std::string(500, 'x'),
                        .qos = Qos::at_least_once,
                        .packet_id = static_cast<codec::PacketId>(i + 1)});
  EXPECT_LE(received(client), 3U);
  broker.advance(10s);
  EXPECT_GE(received(client), 7U);
}

TEST(CoreClientRates, SubscribingIsSlowedTooAndOtherPacketsOfOthersAreNot) {
  InProcessBroker broker(
      {.options = options_with([](auto& client) { client.subscribes_per_s = 1; })});
  RawClient& client = broker.connect({.client_id = "c"});
  for (codec::PacketId i = 1; i <= 3; ++i)
    client.send(Subscribe{.packet_id = i, .filters = {{"#"}}});
  EXPECT_EQ(received(client), 1U);
  RawClient& other = broker.connect({.client_id = "o"});
  other.send(Pingreq{});
  other.expect(Pingresp{});
  broker.advance(3s);
  EXPECT_EQ(received(client), 2U);
}

TEST(CoreClientRates, BeyondTheRateOfDeliveriesQos0IsDroppedAndQos1Waits) {
  InProcessBroker broker(
      {.options = options_with([](auto& client) { client.deliveries_per_s = 10; })});
  RawClient& everything = broker.connect({.client_id = "everything"});
  everything.send(Subscribe{.filters = {{"#", Qos::at_least_once}}});
  everything.take<Suback>();
  RawClient& writer = broker.connect({.client_id = "writer"});
  for (int i = 0; i < 100; ++i) writer.send(Publish{.topic = "zero"});
  EXPECT_EQ(received(everything), 10U);
  EXPECT_EQ(broker.metrics().messages_dropped_deliveries_per_s, 90U);
  for (codec::PacketId i = 1; i <= 30; ++i)
    writer.send(Publish{.topic = "one", .qos = Qos::at_least_once, .packet_id = i});
  EXPECT_EQ(received(everything), 0U);
  for (int i = 0; i < 40; ++i) broker.advance(100ms);
  EXPECT_EQ(received(everything), 30U);
}

}  // namespace
}  // namespace sluice::testing
