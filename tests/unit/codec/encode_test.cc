// SPDX-License-Identifier: Apache-2.0
//
// What encode() refuses, and what it writes for the packets whose fields a version does not have.
#include "codec/codec.h"
#include "tests/support/wire.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace sluice::codec {
namespace {

using testing::Bytes;
using testing::wire;

constexpr auto v31 = Version::v3_1;
constexpr auto v311 = Version::v3_1_1;
constexpr auto v5 = Version::v5;

template <class T>
ErrorCode error_of(const T& packet, Version version) {
  Bytes out(encoded_size(packet, version) + 16);
  const auto size = encode(packet, version, out);
  return size.has_value() ? ErrorCode::ok : size.error().code;
}
template <class T>
Bytes bytes_of(const T& packet, Version version) {
  Bytes out(encoded_size(packet, version));
  EXPECT_EQ(encode(packet, version, out).value_or(0), out.size());
  return out;
}

constexpr auto invalid = ErrorCode::invalid_argument;
const std::string too_long(65'536, 'x');

TEST(CodecEncode, RefusesAConnectWithoutAWireForm) {
  EXPECT_EQ(error_of(Connect{.version = v5, .client_id = "id"}, v311), invalid);
  EXPECT_EQ(error_of(Connect{.version = v5, .is_bridge = true, .client_id = "id"}, v5), invalid);
  EXPECT_EQ(error_of(Connect{.client_id = too_long}, v311), invalid);
  EXPECT_EQ(error_of(Connect{.version = v31}, v31), invalid);
  EXPECT_EQ(error_of(Connect{.clean_start = false}, v311), invalid);
  EXPECT_EQ(error_of(Connect{.clean_start = true}, v311), ErrorCode::ok);
  EXPECT_EQ(error_of(Connect{.version = v5, .clean_start = false}, v5), ErrorCode::ok);
  EXPECT_EQ(error_of(Connect{.client_id = "id", .user_name = too_long}, v311), invalid);
  EXPECT_EQ(error_of(Connect{.client_id = "id", .password = as_bytes("p")}, v311), invalid);
  EXPECT_EQ(
      error_of(Connect{.client_id = "id", .user_name = "u", .password = as_bytes(too_long)}, v311),
      invalid);
  EXPECT_EQ(error_of(Connect{.client_id = "id", .will = Will{}}, v311), invalid);
  EXPECT_EQ(error_of(Connect{.client_id = "id", .will = Will{.topic = too_long}}, v311), invalid);
  EXPECT_EQ(error_of(Connect{.client_id = "id",
                             .will = Will{.topic = "w", .payload = as_bytes(too_long)}},
                     v311),
            invalid);
}

TEST(CodecEncode, RefusesAPublishWithoutAWireForm) {
  EXPECT_EQ(error_of(Publish{.topic = too_long}, v5), invalid);
  EXPECT_EQ(error_of(Publish{.topic = ""}, v311), invalid);
  EXPECT_EQ(error_of(Publish{.topic = ""}, v5), invalid);
  EXPECT_EQ(error_of(Publish{.dup = true, .topic = "a"}, v5), invalid);
  EXPECT_EQ(error_of(Publish{.qos = Qos::at_least_once, .topic = "a"}, v5), invalid);
  // NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange)
  EXPECT_EQ(error_of(Publish{.qos = static_cast<Qos>(3), .packet_id = 1, .topic = "a"}, v5),
            invalid);
  EXPECT_EQ(
      error_of(Publish{.dup = true, .qos = Qos::at_least_once, .packet_id = 1, .topic = "a"}, v5),
      ErrorCode::ok);
}

TEST(CodecEncode, RefusesPacketIdentifierZero) {
  std::array<std::uint8_t, 16> buffer{};
  const auto filters = UnsubscribeFilterWriter(buffer).add("a").finish();
  const Bytes codes{0};
  EXPECT_EQ(error_of(Puback{}, v5), invalid);
  EXPECT_EQ(error_of(Pubrel{}, v311), invalid);
  EXPECT_EQ(error_of(Suback{.codes = codes}, v5), invalid);
  EXPECT_EQ(error_of(Unsuback{.codes = codes}, v311), invalid);
  EXPECT_EQ(error_of(Unsubscribe{.filters = *filters}, v311), invalid);
}

TEST(CodecEncode, RefusesCodesThatTheVersionDoesNotHave) {
  const Bytes not_authorized{0x87};
  const Bytes failure{0x80};
  EXPECT_EQ(error_of(Suback{.packet_id = 1, .codes = not_authorized}, v311), invalid);
  EXPECT_EQ(error_of(Suback{.packet_id = 1, .codes = not_authorized}, v5), ErrorCode::ok);
  EXPECT_EQ(error_of(Suback{.packet_id = 1, .codes = failure}, v311), ErrorCode::ok);
  EXPECT_EQ(error_of(Suback{.packet_id = 1, .codes = failure}, v31), invalid);
  EXPECT_EQ(error_of(Suback{.packet_id = 1}, v311), invalid);
  EXPECT_EQ(error_of(Unsuback{.packet_id = 1}, v5), invalid);
  EXPECT_EQ(error_of(Unsuback{.packet_id = 1}, v311), ErrorCode::ok);
  EXPECT_EQ(error_of(Connack{.code = 0x87}, v311), invalid);
  EXPECT_EQ(error_of(Connack{.code = 1}, v5), invalid);
  EXPECT_EQ(error_of(Connack{.session_present = true, .code = 5}, v311), invalid);
  EXPECT_EQ(error_of(Puback{.packet_id = 1, .reason = ReasonCode::banned}, v5), invalid);
  EXPECT_EQ(error_of(Disconnect{.reason = ReasonCode::banned}, v5), invalid);
  EXPECT_EQ(error_of(Auth{}, v311), invalid);
  EXPECT_EQ(error_of(Auth{.reason = ReasonCode::banned}, v5), invalid);
  EXPECT_EQ(error_of(Auth{.reason = ReasonCode::re_authenticate}, v5), invalid);
}

TEST(CodecEncode, RefusesEmptyFilterListsAndOptionsThatTheVersionDoesNotHave) {
  EXPECT_EQ(error_of(Subscribe{.packet_id = 1}, v5), invalid);
  EXPECT_EQ(error_of(Unsubscribe{.packet_id = 1}, v5), invalid);
  std::array<std::uint8_t, 16> buffer{};
  const auto filters = SubscribeFilterWriter(buffer).add("a", {.no_local = true}).finish();
  EXPECT_EQ(error_of(Subscribe{.packet_id = 1, .filters = *filters}, v311), invalid);
  EXPECT_EQ(error_of(Subscribe{.packet_id = 1, .filters = *filters}, v5), ErrorCode::ok);
}

TEST(CodecEncode, LeavesOutWhatMqtt3DoesNotHave) {
  std::array<std::uint8_t, 32> buffer{};
  const auto properties = PropertyWriter(buffer).text(PropertyId::reason_string, "x").finish();
  const Bytes codes{0x11};
  EXPECT_EQ(
      bytes_of(
          Puback{.packet_id = 1, .reason = ReasonCode::not_authorized, .properties = *properties},
          v311),
      wire("40 @ 0001"));
  EXPECT_EQ(bytes_of(Unsuback{.packet_id = 1, .properties = *properties, .codes = codes}, v311),
            wire("B0 @ 0001"));
  EXPECT_EQ(bytes_of(Disconnect{.reason = ReasonCode::server_shutting_down}, v311), wire("E0 @"));
  EXPECT_EQ(bytes_of(Connack{.properties = *properties}, v311), wire("20 @ 00 00"));
  EXPECT_EQ(bytes_of(Publish{.topic = "a", .properties = *properties}, v311), wire("30 @ s'a'"));
}

TEST(CodecFilterWriter, WritesWhatTheCursorReads) {
  std::array<std::uint8_t, 64> buffer{};
  const SubscriptionOptions options{
      .qos = Qos::exactly_once, .no_local = true, .retain_handling = RetainHandling::send_if_new};
  const auto filters = SubscribeFilterWriter(buffer).add("a/#", options).add("b").finish();
  ASSERT_TRUE(filters.has_value());
  EXPECT_EQ(filters->count, 2U);
  auto cursor = filters->cursor();
  const auto first = cursor.next().value_or(FilterView{});
  EXPECT_EQ(first.filter, "a/#");
  EXPECT_EQ(first.options, options);
  EXPECT_EQ(cursor.next().value_or(FilterView{}).filter, "b");
  EXPECT_FALSE(cursor.next().has_value());
  EXPECT_EQ(bytes_of(Subscribe{.packet_id = 1, .filters = *filters}, v5),
            wire("82 @ 0001 [] s'a/#' 16 s'b' 00"));
}

TEST(CodecFilterWriter, SaysWhenTheBufferIsFull) {
  for (std::size_t n = 0; n < 8; ++n) {
    Bytes buffer(n);
    const auto filters = SubscribeFilterWriter(buffer).add("a").add("b").finish();
    ASSERT_FALSE(filters.has_value()) << n;
    EXPECT_EQ(filters.error().code, ErrorCode::buffer_too_small);
  }
  Bytes buffer(70'000);
  EXPECT_EQ(UnsubscribeFilterWriter(buffer).add(too_long).finish().error().code, invalid);
}

TEST(CodecFilterLimit, IsThatOfThePacket) {
  const Bytes bytes = wire("82 @ 0001 s'a' 00 s'b' 00 s'c' 00");
  DecodeLimits limits;
  limits.filters_max = 3;
  const auto packet = decode(bytes, v311, Direction::to_server, limits);
  ASSERT_TRUE(packet.has_value());
  EXPECT_EQ(std::get<Subscribe>(*packet).filters.count, 3U);
  limits.filters_max = 2;
  const auto refused = decode(bytes, v311, Direction::to_server, limits);
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(refused.error().reason, 0x97);
}

}  // namespace
}  // namespace sluice::codec
