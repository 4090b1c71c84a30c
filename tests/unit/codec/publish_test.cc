// SPDX-License-Identifier: Apache-2.0
//
// The hot paths: decode_publish() and decode_ack(), the fields before a payload that comes or goes
// in pieces.
#include "codec/codec.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::codec {
namespace {

using testing::Bytes;
using testing::wire;

TEST(CodecPublish, FindsItsFields) {
  const Bytes body = wire("s'a/b' 0102 [ 23 0005 ] 'hello'");
  Publish publish;
  ASSERT_TRUE(decode_publish(0x3D, body, Version::v5, {}, publish).has_value());
  EXPECT_TRUE(publish.dup);
  EXPECT_TRUE(publish.retain);
  EXPECT_EQ(publish.qos, Qos::exactly_once);
  EXPECT_EQ(publish.packet_id, 0x0102);
  EXPECT_EQ(publish.topic, "a/b");
  EXPECT_EQ(publish.properties.number(PropertyId::topic_alias), 5U);
  EXPECT_EQ(as_text(publish.payload), "hello");
}

// A Publish that is used again must not keep anything of the one before.
TEST(CodecPublish, LeavesNothingOfAnEarlierPacket) {
  Publish publish;
  const Bytes first = wire("s'a/b' 0102 [ 23 0005 ] 'hello'");
  ASSERT_TRUE(decode_publish(0x3D, first, Version::v5, {}, publish).has_value());
  const Bytes second = wire("s'c'");
  ASSERT_TRUE(decode_publish(0x30, second, Version::v3_1_1, {}, publish).has_value());
  EXPECT_FALSE(publish.dup);
  EXPECT_FALSE(publish.retain);
  EXPECT_EQ(publish.qos, Qos::at_most_once);
  EXPECT_EQ(publish.packet_id, 0);
  EXPECT_TRUE(publish.properties.is_empty());
  EXPECT_FALSE(publish.properties.has(PropertyId::topic_alias));
  EXPECT_TRUE(publish.payload.empty());
}

TEST(CodecPublish, ToAClientMayHaveSubscriptionIdentifiers) {
  const Bytes body = wire("s'a' [ 0B 01 0B 02 ]");
  Publish publish;
  ASSERT_TRUE(decode_delivery(0x30, body, Version::v5, {}, publish).has_value());
  EXPECT_EQ(publish.properties.number(PropertyId::subscription_identifier), 1U);
  EXPECT_EQ(decode_publish(0x30, body, Version::v5, {}, publish).error().reason, 0x82);
}

TEST(CodecPublish, HasTheLimitsOfItsTopic) {
  DecodeLimits limits;
  limits.topic_levels_max = 2;
  limits.topic_bytes_max = 5;
  Publish publish;
  EXPECT_TRUE(decode_publish(0x30, wire("s'ab/cd'"), Version::v3_1_1, limits, publish).has_value());
  EXPECT_EQ(decode_publish(0x30, wire("s'a/b/c'"), Version::v3_1_1, limits, publish).error().code,
            ErrorCode::limit_exceeded);
  EXPECT_EQ(
      decode_publish(0x30, wire("s'abcdef'"), Version::v3_1_1, limits, publish).error().reason,
      0x90);
}

struct HeaderRow {
  std::uint8_t first_byte;
  Version version;
  const char* text;
  std::size_t header_bytes;
};

TEST(CodecPublish, TellsHowManyBytesStandBeforeItsPayload) {
  const HeaderRow rows[] = {
      {0x30, Version::v3_1_1, "s'a/b' 'payload'", 5},
      {0x32, Version::v3_1_1, "s'a/b' 0001 'payload'", 7},
      {0x30, Version::v3_1_1, "s'a/b'", 5},
      {0x30, Version::v5, "s'a/b' [] 'payload'", 6},
      {0x34, Version::v5, "s'a/b' 0001 [ 23 0001 ] 'payload'", 11},
      {0x30, Version::v5, "s'a/b' []", 6},
  };
  for (const HeaderRow& row : rows) {
    const Bytes body = wire(row.text);
    const auto remaining = static_cast<std::uint32_t>(body.size());
    for (std::size_t n = 0; n <= body.size(); ++n) {
      const auto bytes =
          publish_header_bytes(row.first_byte, ByteView(body).first(n), remaining, row.version);
      ASSERT_TRUE(bytes.has_value()) << row.text << " " << n;
      // The answer may come before the last byte of the header, never a wrong one.
      if (*bytes != 0 || n >= row.header_bytes) {
        EXPECT_EQ(*bytes, row.header_bytes) << row.text << " " << n;
      }
    }
    Publish publish;
    EXPECT_TRUE(decode_publish(row.first_byte, ByteView(body).first(row.header_bytes), row.version,
                               {}, publish)
                    .has_value());
    EXPECT_TRUE(publish.payload.empty());
  }
}

TEST(CodecPublish, WithoutRoomForItsHeaderIsRefusedEarly) {
  const auto refused = [](std::uint8_t first_byte, Version version, std::string_view prefix,
                          std::uint32_t remaining) {
    return !publish_header_bytes(first_byte, wire(prefix), remaining, version).has_value();
  };
  EXPECT_TRUE(refused(0x30, Version::v3_1_1, "", 1));
  EXPECT_TRUE(refused(0x30, Version::v3_1_1, "0010", 17));
  EXPECT_TRUE(refused(0x32, Version::v3_1_1, "0010", 18));
  EXPECT_TRUE(refused(0x30, Version::v5, "0001", 3));
  EXPECT_TRUE(refused(0x30, Version::v5, "0001 'a' 05", 8));
  EXPECT_TRUE(refused(0x30, Version::v5, "0001 'a' FFFFFFFF", 1000));
  EXPECT_TRUE(refused(0x30, Version::v5, "0001 'a' 8000", 1000));
  EXPECT_TRUE(refused(0x36, Version::v5, "0001 'a' 00", 1000));
  EXPECT_FALSE(refused(0x30, Version::v5, "0001 'a' FF", 1000));
}

TEST(CodecPublish, IsWrittenWithoutItsPayload) {
  const Publish publish{.qos = Qos::at_least_once, .packet_id = 7, .topic = "a/b"};
  for (const Version version : {Version::v3_1_1, Version::v5}) {
    for (const std::size_t payload_bytes : {0U, 5U, 127U, 128U, 20'000U, 3'000'000U}) {
      Bytes header(encoded_header_size(publish, payload_bytes, version));
      const auto size = encode_publish_header(publish, payload_bytes, version, header);
      ASSERT_TRUE(size.has_value());
      EXPECT_EQ(*size, header.size());
      const FrameResult frame = peek_frame(header, version);
      EXPECT_EQ(frame.total, header.size() + payload_bytes);
      Bytes whole = header;
      whole.resize(whole.size() + payload_bytes, 'x');
      const auto packet = decode(whole, version, Direction::to_client, {});
      ASSERT_TRUE(packet.has_value());
      EXPECT_EQ(std::get<Publish>(*packet).payload.size(), payload_bytes);
      header.pop_back();
      EXPECT_EQ(encode_publish_header(publish, payload_bytes, version, header).error().code,
                ErrorCode::buffer_too_small);
    }
  }
}

TEST(CodecPublish, BeyondTheLargestPacketIsRefused) {
  const Publish publish{.topic = "a"};
  Bytes out(64);
  EXPECT_TRUE(
      encode_publish_header(publish, remaining_length_max - 3, Version::v3_1_1, out).has_value());
  for (const std::size_t bytes : {std::size_t{remaining_length_max} - 2, SIZE_MAX, SIZE_MAX - 2})
    EXPECT_EQ(encode_publish_header(publish, bytes, Version::v3_1_1, out).error().code,
              ErrorCode::packet_too_large);
}

TEST(CodecAck, IsDecodedAlikeForAllFour) {
  const std::array<std::pair<std::uint8_t, PacketType>, 4> kinds{{{0x40, PacketType::puback},
                                                                  {0x50, PacketType::pubrec},
                                                                  {0x62, PacketType::pubrel},
                                                                  {0x70, PacketType::pubcomp}}};
  for (const auto& [first_byte, type] : kinds) {
    AnyAck ack{.reason = ReasonCode::banned};
    ASSERT_TRUE(decode_ack(first_byte, wire("0102"), Version::v5, {}, ack).has_value());
    EXPECT_EQ(ack.type, type);
    EXPECT_EQ(ack.packet_id, 0x0102);
    EXPECT_EQ(ack.reason, ReasonCode::success);
    EXPECT_TRUE(decode_ack(first_byte, wire("0102 00 [ 1F s'x' ]"), Version::v5, {}, ack));
    EXPECT_FALSE(decode_ack(first_byte, wire("0102 00"), Version::v3_1_1, {}, ack));
    EXPECT_FALSE(decode_ack(first_byte, wire("0000"), Version::v3_1_1, {}, ack));
    EXPECT_FALSE(decode_ack(first_byte ^ 1U, wire("0001"), Version::v3_1_1, {}, ack));
  }
  AnyAck ack;
  EXPECT_FALSE(decode_ack(0x30, wire("0001"), Version::v3_1_1, {}, ack));
  EXPECT_FALSE(decode_ack(0x82, wire("0001"), Version::v3_1_1, {}, ack));
}

TEST(CodecAck, OfSuccessIsFourBytesInEveryVersion) {
  const auto expect_same = [](const auto& packet, PacketType type) {
    const auto quick = encode_ack(type, packet.packet_id);
    for (const Version version : {Version::v3_1, Version::v3_1_1, Version::v5}) {
      Bytes out(encoded_size(packet, version));
      ASSERT_TRUE(encode(packet, version, out).has_value());
      EXPECT_EQ(out, Bytes(quick.begin(), quick.end()));
    }
  };
  expect_same(Puback{.packet_id = 0x1234}, PacketType::puback);
  expect_same(Pubrec{.packet_id = 0xFFFF}, PacketType::pubrec);
  expect_same(Pubrel{.packet_id = 1}, PacketType::pubrel);
  expect_same(Pubcomp{.packet_id = 0x00FF}, PacketType::pubcomp);
  Bytes ping(2);
  ASSERT_TRUE(encode(Pingreq{}, Version::v5, ping).has_value());
  EXPECT_EQ(ping, Bytes(pingreq_bytes.begin(), pingreq_bytes.end()));
  ASSERT_TRUE(encode(Pingresp{}, Version::v5, ping).has_value());
  EXPECT_EQ(ping, Bytes(pingresp_bytes.begin(), pingresp_bytes.end()));
}

}  // namespace
}  // namespace sluice::codec
