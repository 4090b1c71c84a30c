// SPDX-License-Identifier: Apache-2.0
#include "codec/frame.h"

#include "codec/codec.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

namespace sluice::codec {
namespace {

using testing::Bytes;
using testing::wire;

TEST(CodecFrame, ReadsEveryLengthOfTheStandard) {
  struct Row {
    const char* text;
    std::uint32_t length;
  };
  for (const Row& row :
       {Row{"00", 0}, Row{"7F", 127}, Row{"8001", 128}, Row{"FF7F", 16'383}, Row{"808001", 16'384},
        Row{"FFFF7F", 2'097'151}, Row{"80808001", 2'097'152}, Row{"FFFFFF7F", 268'435'455}}) {
    Bytes stream = wire("30");
    testing::append(stream, wire(row.text));
    for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
      const FrameResult frame = peek_frame(stream, version);
      EXPECT_EQ(frame.remaining_length, row.length);
      EXPECT_EQ(frame.header_bytes, stream.size());
      EXPECT_EQ(frame.total, row.length + stream.size());
      EXPECT_EQ(frame.is_complete(), row.length == 0);
      EXPECT_EQ(frame.type(), PacketType::publish);
    }
  }
}

TEST(CodecFrame, ThePlainWayAgreesWithTheLongOneWhereverItAnswers) {
  int answers = 0;
  for (unsigned first = 0; first < 256; ++first)
    for (const char* length :
         {"00", "01", "02", "03", "7F", "8000", "8001", "8101", "FF7F", "808001"})
      for (const int missing : {0, 1, 1000}) {
        Bytes stream{static_cast<std::uint8_t>(first)};
        testing::append(stream, wire(length));
        const FrameResult header = peek_frame(stream, Version::v3_1_1);
        const auto body = static_cast<int>(header.is_failed() ? 4U : header.remaining_length);
        stream.resize(stream.size() + static_cast<std::size_t>(std::max(0, body - missing)), 0x41);
        const PlainFrame plain = peek_plain_frame(stream);
        if (plain.header_bytes == 0) continue;
        ++answers;
        for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
          const FrameResult frame = peek_frame(stream, version);
          EXPECT_TRUE(frame.is_complete()) << first << " " << length;
          EXPECT_EQ(frame.header_bytes, plain.header_bytes);
          EXPECT_EQ(frame.remaining_length, plain.remaining_length);
        }
      }
  EXPECT_GT(answers, 100);
  const Bytes empty;
  EXPECT_EQ(peek_plain_frame(empty).header_bytes, 0U);
}

TEST(CodecFrame, RefusesAFifthLengthByteBeforeItHasCome) {
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    EXPECT_EQ(peek_frame(wire("30 808080"), version).status, FrameStatus::incomplete);
    const FrameResult frame = peek_frame(wire("30 80808080"), version);
    EXPECT_EQ(frame.status, FrameStatus::malformed);
    EXPECT_EQ(frame.error.reason, 0x81);
  }
}

TEST(CodecFrame, RefusesALongerLengthThanNeededInMqtt5Only) {
  for (const char* text : {"C0 8000", "C0 808000", "C0 80808000"}) {
    EXPECT_EQ(peek_frame(wire(text), Version::v5).status, FrameStatus::malformed);
    EXPECT_EQ(peek_frame(wire(text), Version::v3_1_1).status, FrameStatus::complete);
  }
}

TEST(CodecFrame, RefusesAPacketBeyondTheLimitWithoutItsBody) {
  EXPECT_EQ(peek_frame(wire("30 64"), Version::v5, 102).status, FrameStatus::incomplete);
  const FrameResult frame = peek_frame(wire("30 65"), Version::v5, 102);
  EXPECT_EQ(frame.status, FrameStatus::too_large);
  EXPECT_TRUE(frame.is_failed());
  EXPECT_EQ(frame.error.code, ErrorCode::packet_too_large);
  EXPECT_EQ(frame.error.reason, 0x95);
  EXPECT_EQ(frame.total, 103U);
}

TEST(CodecFrame, OfARequestMayHaveDupInMqtt31Only) {
  for (const char* text : {"6A @ 0001", "8A @ 0001 s'a' 00", "AA @ 0001 s'a'"}) {
    const Bytes packet = wire(text);
    EXPECT_TRUE(decode(packet, Version::v3_1, Direction::to_server, {}).has_value()) << text;
    EXPECT_FALSE(decode(packet, Version::v3_1_1, Direction::to_server, {}).has_value()) << text;
    EXPECT_FALSE(decode(packet, Version::v5, Direction::to_server, {}).has_value()) << text;
  }
  AnyAck ack;
  EXPECT_TRUE(decode_ack(0x6A, wire("0001"), Version::v3_1, {}, ack).has_value());
  EXPECT_FALSE(decode_ack(0x6A, wire("0001"), Version::v3_1_1, {}, ack).has_value());
}

TEST(CodecFrame, TellsTheTypeNames) {
  EXPECT_STREQ(to_string(PacketType::connect), "CONNECT");
  EXPECT_STREQ(to_string(PacketType::auth), "AUTH");
  // NOLINTBEGIN(clang-analyzer-optin.core.EnumCastOutOfRange)
  EXPECT_STREQ(to_string(static_cast<PacketType>(0)), "RESERVED");
  EXPECT_STREQ(to_string(static_cast<PacketType>(99)), "RESERVED");
  // NOLINTEND(clang-analyzer-optin.core.EnumCastOutOfRange)
  EXPECT_STREQ(to_string(Version::v3_1), "MQTT 3.1");
  EXPECT_STREQ(to_string(Version::v3_1_1), "MQTT 3.1.1");
  EXPECT_STREQ(to_string(Version::v5), "MQTT 5.0");
}

TEST(CodecSubscriptionOptions, AreTheByteOfTheWire) {
  for (unsigned byte = 0; byte < 0x40; ++byte) {
    if ((byte & 3U) == 3 || (byte & 0x30U) == 0x30) continue;
    const auto options = SubscriptionOptions::from_byte(static_cast<std::uint8_t>(byte));
    EXPECT_EQ(options.to_byte(), byte);
  }
  const auto options = SubscriptionOptions::from_byte(0x2D);
  EXPECT_EQ(options.qos, Qos::at_least_once);
  EXPECT_TRUE(options.no_local);
  EXPECT_TRUE(options.retain_as_published);
  EXPECT_EQ(options.retain_handling, RetainHandling::do_not_send);
}

}  // namespace
}  // namespace sluice::codec
