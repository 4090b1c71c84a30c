// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/message_source.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

using Taken = MessageSource::Taken;

SourceOptions options(codec::Qos qos, std::uint32_t receivers) {
  return {.topic = "bench/1/7",
          .qos = qos,
          .payload_bytes = 40,
          .receivers = receivers,
          .slots = 8,
          .stamp = {.run_tag = 99, .source = 7}};
}

PacketBytes next_packet(MessageSource& source) {
  PacketBytes bytes(source.packet_bytes());
  source.write_next(bytes.data(), Instant{5});
  return bytes;
}

TEST(BenchSource, WritesAWholePacketWithItsNumberAndIdentifier) {
  for (const codec::Version version : {codec::Version::v3_1_1, codec::Version::v5}) {
    SourceOptions wanted = options(codec::Qos::at_least_once, 1);
    wanted.version = version;
    MessageSource source(wanted);
    next_packet(source);
    const PacketBytes bytes = next_packet(source);
    const auto packet = codec::decode(bytes, version, codec::Direction::to_server, {});
    ASSERT_TRUE(packet.has_value()) << packet.error().detail;
    const auto& publish = std::get<codec::Publish>(*packet);
    EXPECT_EQ(publish.topic, "bench/1/7");
    EXPECT_EQ(publish.packet_id, 2);
    EXPECT_EQ(publish.payload.size(), 40U);
    MessageStamp stamp;
    ASSERT_TRUE(read_stamp(publish.payload, stamp));
    EXPECT_EQ(stamp.run_tag, 99U);
    EXPECT_EQ(stamp.source, 7U);
    EXPECT_EQ(stamp.number, 1U);
  }
}

TEST(BenchSource, MessageLeavesTheWindowWhenAllHaveItAndItIsAcknowledged) {
  MessageSource source(options(codec::Qos::at_least_once, 2));
  next_packet(source);
  EXPECT_EQ(source.on_received(0), Taken::yes);
  EXPECT_EQ(source.under_way(), 1U);
  EXPECT_EQ(source.on_acknowledged(1), Taken::yes);
  EXPECT_EQ(source.under_way(), 1U);
  EXPECT_EQ(source.on_received(0), Taken::yes);
  EXPECT_EQ(source.under_way(), 0U);
  EXPECT_EQ(source.intended(0), Instant{5});
}

TEST(BenchSource, SecondCopyAndSecondAcknowledgementAreToldApart) {
  MessageSource source(options(codec::Qos::at_least_once, 1));
  next_packet(source);
  EXPECT_EQ(source.on_received(0), Taken::yes);
  EXPECT_EQ(source.on_received(0), Taken::twice);
  EXPECT_EQ(source.on_received(1), Taken::unknown);
  EXPECT_EQ(source.on_acknowledged(1), Taken::yes);
  EXPECT_EQ(source.on_acknowledged(1), Taken::twice);
  EXPECT_EQ(source.on_acknowledged(2), Taken::unknown);
}

TEST(BenchSource, IdentifiersGoRoundAndFindTheirMessage) {
  MessageSource source(options(codec::Qos::exactly_once, 1));
  for (std::uint64_t number = 0; number < 140'000; ++number) {
    const PacketBytes bytes = next_packet(source);
    const auto id = static_cast<codec::PacketId>(number % 65'535 + 1);
    ASSERT_EQ(source.on_received(number), Taken::yes);
    ASSERT_EQ(source.on_acknowledged(id), Taken::yes) << number;
    ASSERT_EQ(source.under_way(), 0U);
  }
  EXPECT_EQ(source.lost(), 0U);
}

TEST(BenchSource, MissedMessageIsLostForThatReceiverAlone) {
  MessageSource source(options(codec::Qos::at_most_once, 2));
  next_packet(source);
  source.on_missed(0);
  EXPECT_EQ(source.lost(), 1U);
  EXPECT_EQ(source.on_received(0), Taken::yes);
  EXPECT_EQ(source.under_way(), 0U);
}

TEST(BenchSource, MessageWhoseSlotIsNeededAgainIsLost) {
  MessageSource source(options(codec::Qos::at_most_once, 1));
  for (int i = 0; i < 9; ++i) next_packet(source);
  EXPECT_EQ(source.lost(), 1U);
  EXPECT_EQ(source.under_way(), 8U);
  EXPECT_EQ(source.on_received(0), Taken::unknown);
  source.give_up();
  EXPECT_EQ(source.lost(), 9U);
  EXPECT_EQ(source.under_way(), 0U);
}

}  // namespace
}  // namespace sluice::cli
