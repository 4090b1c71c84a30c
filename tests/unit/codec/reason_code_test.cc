// SPDX-License-Identifier: Apache-2.0
//
// Generated from reason_codes.def: every byte as the reason code of every packet that has one.
#include "codec/reason_code.h"

#include "codec/codec.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

namespace sluice::codec {
namespace {

using testing::Bytes;

Bytes packet_with_reason(PacketType type, std::uint8_t code) {
  const auto first = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 |
                                               (type == PacketType::pubrel ? 2U : 0U));
  Bytes body = testing::wire("0001");
  switch (type) {
    case PacketType::connack:
      body = {0, code, 0};
      break;
    case PacketType::suback:
    case PacketType::unsuback:
      body.insert(body.end(), {0, code});
      break;
    case PacketType::disconnect:
      body = {code, 0};
      break;
    case PacketType::auth:
      body = {code};
      testing::append(body, testing::wire("[ 15 s'M' ]"));
      break;
    default:
      body.insert(body.end(), {code, 0});
      break;
  }
  return testing::packet(first, body);
}

// How many codes the standard lists for each packet in chapter 3; 0x8C in DISCONNECT is from its
// table in §2.4, which chapter 3 does not repeat.
struct ListedCodes {
  PacketType type;
  Direction direction;
  int count;
};
constexpr ListedCodes listed_codes[] = {
    {PacketType::connack, Direction::to_client, 22},
    {PacketType::puback, Direction::to_server, 9},
    {PacketType::puback, Direction::to_client, 9},
    {PacketType::pubrec, Direction::to_server, 9},
    {PacketType::pubrec, Direction::to_client, 9},
    {PacketType::pubrel, Direction::to_server, 2},
    {PacketType::pubrel, Direction::to_client, 2},
    {PacketType::pubcomp, Direction::to_server, 2},
    {PacketType::pubcomp, Direction::to_client, 2},
    {PacketType::suback, Direction::to_client, 12},
    {PacketType::unsuback, Direction::to_client, 7},
    {PacketType::disconnect, Direction::to_server, 14},
    {PacketType::disconnect, Direction::to_client, 29},
    {PacketType::auth, Direction::to_server, 2},
    {PacketType::auth, Direction::to_client, 2},
};

TEST(CodecReasonCode, StandsInThePacketsThatTheTableListsAndInNoOther) {
  for (const ListedCodes& listed : listed_codes) {
    int count = 0;
    for (unsigned code = 0; code < 256; ++code) {
      const auto byte = static_cast<std::uint8_t>(code);
      const Bytes sent = packet_with_reason(listed.type, byte);
      const auto packet = decode(sent, Version::v5, listed.direction, DecodeLimits{});
      const bool is_listed = is_allowed(byte, listed.type, listed.direction);
      EXPECT_EQ(packet.has_value(), is_listed) << to_string(listed.type) << " " << code;
      if (!packet) {
        EXPECT_EQ(packet.error().reason, 0x82);
      }
      count += is_listed ? 1 : 0;
    }
    EXPECT_EQ(count, listed.count) << to_string(listed.type);
  }
}

TEST(CodecReasonCode, HasATextAndALabel) {
  EXPECT_STREQ(to_string(ReasonCode::quota_exceeded), "Quota exceeded");
  EXPECT_STREQ(label(ReasonCode::quota_exceeded), "quota_exceeded");
  // NOLINTBEGIN(clang-analyzer-optin.core.EnumCastOutOfRange)
  EXPECT_STREQ(to_string(static_cast<ReasonCode>(0x7F)), "Unknown reason code");
  EXPECT_STREQ(label(static_cast<ReasonCode>(0xFF)), "unknown");
  // NOLINTEND(clang-analyzer-optin.core.EnumCastOutOfRange)
  EXPECT_EQ(to_reason_code(0x99), ReasonCode::payload_format_invalid);
  EXPECT_EQ(to_reason_code(0x03), std::nullopt);
  EXPECT_EQ(to_reason_code(0xA3), std::nullopt);
  EXPECT_TRUE(is_failure(ReasonCode::unspecified_error));
  EXPECT_FALSE(is_failure(ReasonCode::no_subscription_existed));
}

TEST(CodecReasonCode, IsAReturnCodeInMqtt3) {
  EXPECT_EQ(to_return_code(ReasonCode::success), ConnectReturnCode::accepted);
  EXPECT_EQ(to_return_code(ReasonCode::unsupported_protocol_version),
            ConnectReturnCode::unacceptable_protocol_version);
  EXPECT_EQ(to_return_code(ReasonCode::client_identifier_not_valid),
            ConnectReturnCode::identifier_rejected);
  EXPECT_EQ(to_return_code(ReasonCode::server_busy), ConnectReturnCode::server_unavailable);
  EXPECT_EQ(to_return_code(ReasonCode::bad_user_name_or_password),
            ConnectReturnCode::bad_user_name_or_password);
  EXPECT_EQ(to_return_code(ReasonCode::banned), ConnectReturnCode::not_authorized);
  for (unsigned code = 0x80; code < 256; ++code)
    EXPECT_NE(to_return_code(static_cast<ReasonCode>(code)), ConnectReturnCode::accepted) << code;
}

}  // namespace
}  // namespace sluice::codec
