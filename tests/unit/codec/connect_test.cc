// SPDX-License-Identifier: Apache-2.0
//
// What a server learns from decode_connect(): the fields, or exactly what is wrong.
#include "codec/codec.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

namespace sluice::codec {
namespace {

using testing::Bytes;
using testing::wire;

TEST(CodecConnect, FindsItsFields) {
  const Bytes bytes = wire(
      "10 @ s'MQTT' 05 EE 0102 [ 21 0005 26 s'k' s'v' ] s'id' [ 18 00000007 ] s'will' 0002 0001"
      " s'user' s'secret'");
  const ConnectResult result = decode_connect(bytes, {});
  ASSERT_EQ(result.fault, ConnectFault::none) << result.error.detail;
  EXPECT_EQ(result.version, Version::v5);
  EXPECT_EQ(result.level, 5);
  const Connect& connect = result.connect;
  EXPECT_EQ(connect.version, Version::v5);
  EXPECT_FALSE(connect.is_bridge);
  EXPECT_TRUE(connect.clean_start);
  EXPECT_EQ(connect.keep_alive_s, 0x0102);
  EXPECT_EQ(connect.properties.number(PropertyId::receive_maximum), 5U);
  EXPECT_EQ(connect.client_id, "id");
  ASSERT_TRUE(connect.will.has_value());
  const Will will = connect.will.value_or(Will{});
  EXPECT_EQ(will.qos, Qos::at_least_once);
  EXPECT_TRUE(will.retain);
  EXPECT_EQ(will.topic, "will");
  EXPECT_EQ(as_text(will.payload), std::string_view("\0\1", 2));
  EXPECT_EQ(will.properties.number(PropertyId::will_delay_interval), 7U);
  EXPECT_EQ(connect.user_name, "user");
  EXPECT_EQ(as_text(connect.password.value_or(ByteView{})), "secret");
}

TEST(CodecConnect, KeepsAByteOrderMarkInItsTexts) {
  const Bytes bytes = wire("10 @ s'MQTT' 04 82 0000 0004 EFBBBF 'a' 0003 EFBBBF");
  const ConnectResult result = decode_connect(bytes, {});
  ASSERT_EQ(result.fault, ConnectFault::none);
  EXPECT_EQ(result.connect.client_id,
            "\xEF\xBB\xBF"
            "a");
  EXPECT_EQ(result.connect.user_name, "\xEF\xBB\xBF");
}

struct FaultRow {
  const char* text = "";
  ConnectFault fault = ConnectFault::none;
  std::uint8_t level = 0;
  std::optional<Version> version{};
};

TEST(CodecConnect, TellsApartWhatAServerAnswersDifferently) {
  const FaultRow rows[] = {
      {"10 @ s'HTTP' 04 02 0000 s'id'", ConnectFault::unknown_protocol_name, 0, std::nullopt},
      {"10 @ s'MQTT' 01 02 0000 s'id'", ConnectFault::unsupported_level, 1, Version::v3_1_1},
      {"10 @ s'MQTT' 03 02 0000 s'id'", ConnectFault::unsupported_level, 3, Version::v3_1_1},
      {"10 @ s'MQTT' 06 02 0000 s'id'", ConnectFault::unsupported_level, 6, Version::v5},
      {"10 @ s'MQTT' 85 02 0000 s'id'", ConnectFault::unsupported_level, 0x85, Version::v3_1_1},
      {"10 @ s'MQIsdp' 04 02 0000 s'id'", ConnectFault::unsupported_level, 4, Version::v3_1_1},
      {"10 @ s'MQIsdp' 06 02 0000 s'id'", ConnectFault::unsupported_level, 6, Version::v3_1_1},
      {"10 @ s'MQTT' 06", ConnectFault::unsupported_level, 6, Version::v5},
      {"10 @ s'MQTT' 04 03 0000 s'id'", ConnectFault::reserved_flag, 4, Version::v3_1_1},
      {"10 @ s'MQTT' 05 03 0000 [] s'id'", ConnectFault::reserved_flag, 5, Version::v5},
      {"10 @ s'MQTT'", ConnectFault::malformed, 0, std::nullopt},
      {"10 @ s'MQTT' 04", ConnectFault::malformed, 4, Version::v3_1_1},
      {"10 @ s'MQTT' 04 02 0000 s'id' 00", ConnectFault::malformed, 4, Version::v3_1_1},
      {"10 8F00 s'MQTT' 05 02 0000 00 s'id'", ConnectFault::malformed, 5, Version::v5},
      {"11 @ s'MQTT' 04 02 0000 s'id'", ConnectFault::malformed, 4, Version::v3_1_1},
      {"1F @ s'MQTT' 05 02 0000 [] s'id'", ConnectFault::malformed, 5, Version::v5},
      {"1F @ s'MQIsdp' 03 03 0000 s'id'", ConnectFault::none, 3, Version::v3_1},
      {"10 @ s'MQTT' 05 02 0000 [ 21 0000 ] s'id'", ConnectFault::protocol_error, 5, Version::v5},
      {"30 @ s'a'", ConnectFault::protocol_error, 0, std::nullopt},
      {"10 @ s'MQTT' 04 00 0000 s''", ConnectFault::client_id_refused, 4, Version::v3_1_1},
      {"10 @ s'MQIsdp' 03 02 0000 s''", ConnectFault::client_id_refused, 3, Version::v3_1},
      {"10 @ s'MQTT' 05 02 0000 [] s'0123456789'", ConnectFault::client_id_refused, 5, Version::v5},
      {"10 @ s'MQTT' 04 02 0000 s'longer-than-64-bytes' (padding behind it)"
       " '0123456789012345678901234567890123456789'",
       ConnectFault::limit, 0, std::nullopt},
  };
  const DecodeLimits limits{.packet_bytes_max = 64, .client_id_bytes_max = 9};
  for (const FaultRow& row : rows) {
    const ConnectResult result = decode_connect(wire(row.text), limits);
    EXPECT_EQ(result.fault, row.fault) << row.text << ": " << result.error.detail;
    EXPECT_EQ(result.level, row.level) << row.text;
    EXPECT_EQ(result.version, row.version) << row.text;
    EXPECT_EQ(result.error.code == ErrorCode::ok, row.fault == ConnectFault::none) << row.text;
  }
}

// A packet that is wrong in itself gets no answer, so that comes before the client identifier.
TEST(CodecConnect, RefusesTheClientIdOnlyOfAPacketThatIsOtherwiseFine) {
  const ConnectResult result = decode_connect(wire("10 @ s'MQTT' 04 80 0000 s''"), {});
  EXPECT_EQ(result.fault, ConnectFault::malformed);
}

TEST(CodecConnect, TakesTheLongerFormsOfItsLengthBeforeMqtt5) {
  const ConnectResult result = decode_connect(wire("10 8E00 s'MQTT' 04 02 0000 s'id'"), {});
  EXPECT_EQ(result.fault, ConnectFault::none) << result.error.detail;
}

TEST(CodecConnect, KnowsABridgeByItsLevel) {
  EXPECT_TRUE(decode_connect(wire("10 @ s'MQTT' 84 02 0000 s'id'"), {}).connect.is_bridge);
  EXPECT_TRUE(decode_connect(wire("10 @ s'MQIsdp' 83 02 0000 s'id'"), {}).connect.is_bridge);
  EXPECT_FALSE(decode_connect(wire("10 @ s'MQTT' 04 02 0000 s'id'"), {}).connect.is_bridge);
}

// MQTT 3.1 says that the remaining length takes precedence over the flags of user name and
// password.
TEST(CodecConnect, OfMqtt31MayLackTheCredentialsThatItAnnounces) {
  const ConnectResult neither = decode_connect(wire("10 @ s'MQIsdp' 03 C2 0000 s'id'"), {});
  ASSERT_EQ(neither.fault, ConnectFault::none);
  EXPECT_FALSE(neither.connect.user_name.has_value());
  EXPECT_FALSE(neither.connect.password.has_value());
  const ConnectResult user = decode_connect(wire("10 @ s'MQIsdp' 03 C2 0000 s'id' s'u'"), {});
  ASSERT_EQ(user.fault, ConnectFault::none);
  EXPECT_TRUE(user.connect.user_name.has_value());
  EXPECT_FALSE(user.connect.password.has_value());
}

TEST(CodecConnect, HasOffsetsInTheWholePacket) {
  const auto offset = [](std::string_view text) {
    return decode_connect(wire(text), {}).error.offset;
  };
  EXPECT_EQ(offset("10 @ s'MQTT' 04 03 0000 s'id'"), 9U);
  EXPECT_EQ(offset("10 @ s'MQTT' 04 02 0000 0003 61FF62"), 15U);
  EXPECT_EQ(offset("10 @ s'MQTT' 05 02 0000 [ 22 0001 21 0000 ] s'id'"), 17U);
}

}  // namespace
}  // namespace sluice::codec
