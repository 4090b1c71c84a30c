// SPDX-License-Identifier: Apache-2.0
#include "codec/property.h"

#include "tests/support/wire.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <set>

namespace sluice::codec {
namespace {

using testing::Bytes;
using testing::wire;

TEST(CodecPropertyTable, HasTheTwentySevenPropertiesOfTheStandard) {
  EXPECT_EQ(all_properties().size(), 27U);
  std::set<PropertyId> ids;
  for (const PropertyInfo& info : all_properties()) {
    ids.insert(info.id);
    EXPECT_EQ(find_property(static_cast<std::uint8_t>(info.id)), &info);
    EXPECT_EQ(find_property(std::string_view(info.name)), &info);
    EXPECT_NE(info.packets, 0U) << info.name;
    EXPECT_EQ(info.repeats & ~info.packets, 0) << info.name;
  }
  EXPECT_EQ(ids.size(), 27U);
  EXPECT_EQ(find_property(std::string_view("no_such_property")), nullptr);
}

// The counts of MQTT 5.0, table 2-4, column by column.
TEST(CodecPropertyTable, PlacesAsManyPropertiesInEachPacketAsTheStandard) {
  const auto count = [](PacketType type) {
    std::size_t n = 0;
    for (const PropertyInfo& info : all_properties()) n += info.is_allowed(type) ? 1U : 0U;
    return n;
  };
  EXPECT_EQ(count(PacketType::connect), 9U);
  EXPECT_EQ(count(PacketType::connack), 17U);
  EXPECT_EQ(count(PacketType::publish), 8U);
  EXPECT_EQ(count(PacketType::puback), 2U);
  EXPECT_EQ(count(PacketType::pubrec), 2U);
  EXPECT_EQ(count(PacketType::pubrel), 2U);
  EXPECT_EQ(count(PacketType::pubcomp), 2U);
  EXPECT_EQ(count(PacketType::subscribe), 2U);
  EXPECT_EQ(count(PacketType::suback), 2U);
  EXPECT_EQ(count(PacketType::unsubscribe), 1U);
  EXPECT_EQ(count(PacketType::unsuback), 2U);
  EXPECT_EQ(count(PacketType::pingreq), 0U);
  EXPECT_EQ(count(PacketType::pingresp), 0U);
  EXPECT_EQ(count(PacketType::disconnect), 4U);
  EXPECT_EQ(count(PacketType::auth), 4U);
  std::size_t in_will = 0;
  for (const PropertyInfo& info : all_properties()) in_will += info.is_allowed_in_will() ? 1U : 0U;
  EXPECT_EQ(in_will, 7U);
}

TEST(CodecProperties, AnswerByIdentifier) {
  const Bytes raw = wire("01 01 02 0000003C 03 s'json' 09 0002 0001 26 s'k' s'v' 23 0005");
  const auto properties =
      check_properties(raw, PacketType::publish, PropertyPlace::packet, DecodeLimits{});
  ASSERT_TRUE(properties.has_value());
  EXPECT_EQ(properties->number(PropertyId::payload_format_indicator), 1U);
  EXPECT_EQ(properties->number(PropertyId::message_expiry_interval), 60U);
  EXPECT_EQ(properties->number(PropertyId::topic_alias), 5U);
  EXPECT_EQ(properties->text(PropertyId::content_type), "json");
  EXPECT_EQ(as_text(properties->binary(PropertyId::correlation_data).value_or(ByteView{})),
            std::string_view("\0\1", 2));
  const auto user = properties->find(PropertyId::user_property).value_or(PropertyView{});
  EXPECT_EQ(user.name, "k");
  EXPECT_EQ(user.value, "v");
  EXPECT_EQ(properties->number(PropertyId::receive_maximum), std::nullopt);
  EXPECT_FALSE(properties->has(PropertyId::response_topic));
  EXPECT_TRUE(properties->flag(PropertyId::payload_format_indicator, false));
  EXPECT_TRUE(properties->flag(PropertyId::retain_available, true));
  EXPECT_EQ(Properties::of_checked(raw).present, properties->present);
  EXPECT_EQ(std::popcount(properties->present), 6);
}

TEST(CodecPropertyCursor, EndsEarlyOnBytesThatAreNoProperties) {
  const Bytes raw = wire("01 01 00 01");
  PropertyCursor cursor{ByteView(raw)};
  EXPECT_TRUE(cursor.next().has_value());
  EXPECT_FALSE(cursor.next().has_value());
  EXPECT_FALSE(cursor.next().has_value());
}

TEST(CodecPropertyWriter, WritesEveryKindAsTheWireHasIt) {
  std::array<std::uint8_t, 128> buffer{};
  PropertyWriter writer(buffer);
  const auto properties = writer.number(PropertyId::payload_format_indicator, 1)
                              .number(PropertyId::topic_alias, 258)
                              .number(PropertyId::message_expiry_interval, 0x01020304)
                              .number(PropertyId::subscription_identifier, 128)
                              .text(PropertyId::content_type, "json")
                              .binary(PropertyId::correlation_data, as_bytes("x"))
                              .user("k", "")
                              .finish();
  ASSERT_TRUE(properties.has_value());
  const Bytes expected = wire("01 01 23 0102 02 01020304 0B 8001 03 s'json' 09 s'x' 26 s'k' s''");
  EXPECT_EQ(Bytes(properties->raw.begin(), properties->raw.end()), expected);
  EXPECT_EQ(properties->present, Properties::of_checked(expected).present);

  std::array<std::uint8_t, 128> other{};
  PropertyWriter copy(other);
  PropertyCursor cursor = properties->cursor();
  while (const auto property = cursor.next()) copy.append(*property);
  EXPECT_EQ(*copy.finish(), *properties);
  PropertyWriter whole(other);
  EXPECT_EQ(*whole.append(*properties).finish(), *properties);
}

TEST(CodecPropertyWriter, SaysWhenTheBufferIsFull) {
  const Bytes expected = wire("23 0102 26 s'k' s'v'");
  for (std::size_t n = 0; n < expected.size(); ++n) {
    Bytes buffer(n);
    PropertyWriter writer(buffer);
    writer.number(PropertyId::topic_alias, 258).user("k", "v");
    EXPECT_TRUE(writer.is_overflowed());
    ASSERT_FALSE(writer.finish().has_value());
    EXPECT_EQ(writer.finish().error().code, ErrorCode::buffer_too_small);
  }
}

TEST(CodecPropertyWriter, RefusesWhatHasNoWireForm) {
  std::array<std::uint8_t, 16> buffer{};
  const std::string too_long(65'536, 'x');
  const auto refused = [&](auto&& append) {
    PropertyWriter writer(buffer);
    append(writer);
    const auto result = writer.finish();
    return !result.has_value() && result.error().code == ErrorCode::invalid_argument;
  };
  EXPECT_TRUE(refused([](auto& w) { w.number(PropertyId::maximum_qos, 256); }));
  EXPECT_TRUE(refused([](auto& w) { w.number(PropertyId::topic_alias, 65'536); }));
  EXPECT_TRUE(refused([](auto& w) { w.number(PropertyId::subscription_identifier, 268'435'456); }));
  EXPECT_TRUE(refused([&](auto& w) { w.text(PropertyId::content_type, too_long); }));
  EXPECT_TRUE(refused([&](auto& w) { w.user(too_long, ""); }));
  EXPECT_TRUE(refused([&](auto& w) { w.user("", too_long); }));
  EXPECT_TRUE(
      refused([&](auto& w) { w.binary(PropertyId::correlation_data, as_bytes(too_long)); }));
}

}  // namespace
}  // namespace sluice::codec
