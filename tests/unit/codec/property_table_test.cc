// SPDX-License-Identifier: Apache-2.0
//
// Generated from properties.def: every property at every place where MQTT 5.0 has properties.
#include "codec/codec.h"
#include "tests/unit/codec/property_sites.h"

#include <gtest/gtest.h>

namespace sluice::codec {
namespace {

using testing::append;
using testing::Bytes;
using testing::wire;

class CodecProperty : public ::testing::TestWithParam<PropertySite> {
 protected:
  const PropertySite& site() const { return GetParam(); }
  const PropertyInfo& info() const { return *info_; }

  // Runs a check with each row of the table as info().
  template <class Check>
  void for_each_property(Check check) {
    for (const PropertyInfo& row : all_properties()) {
      SCOPED_TRACE(row.name);
      info_ = &row;
      check();
    }
  }
  // The same with the rows that the table allows here.
  template <class Check>
  void for_each_allowed_property(Check check) {
    for_each_property([&] {
      if (site().does_allow(info())) check();
    });
  }

  // What it returns views `sent_`, so lives until the next call.
  Result<Packet> decode_with(const Bytes& properties) {
    Bytes all = site().companions(info());
    append(all, properties);
    sent_ = site().packet_with(all);
    return decode(sent_, Version::v5, site().direction, DecodeLimits{});
  }
  // The property with another value behind its identifier.
  Result<Packet> decode_value(std::string_view text) {
    Bytes property{static_cast<std::uint8_t>(info().id)};
    append(property, wire(text));
    return decode_with(property);
  }
  void expect_refused(const Result<Packet>& packet, std::uint8_t reason) const {
    ASSERT_FALSE(packet.has_value());
    EXPECT_EQ(packet.error().reason, reason) << packet.error().detail;
  }

 private:
  const PropertyInfo* info_ = nullptr;
  Bytes sent_;
};

TEST_P(CodecProperty, IsTakenWhereTheTableAllowsItAndRefusedElsewhere) {
  for_each_property([&] {
    const auto packet = decode_with(valid_property(info()));
    if (!site().does_allow(info())) {
      ASSERT_FALSE(packet.has_value());
      const bool is_by_direction =
          site().place == PropertyPlace::packet && info().is_allowed(site().type);
      EXPECT_EQ(packet.error().reason, is_by_direction ? 0x82 : 0x81) << packet.error().detail;
      return;
    }
    ASSERT_TRUE(packet.has_value()) << packet.error().detail;
    Bytes all = site().companions(info());
    append(all, valid_property(info()));
    Bytes again(encoded_size(*packet, Version::v5));
    ASSERT_TRUE(encode(*packet, Version::v5, again).has_value());
    EXPECT_EQ(again, site().packet_with(all));
  });
}

TEST_P(CodecProperty, StandsTwiceOnlyWhereTheTableAllowsIt) {
  for_each_allowed_property([&] {
    Bytes twice = valid_property(info());
    append(twice, valid_property(info()));
    const auto packet = decode_with(twice);
    const bool may_repeat = site().place == PropertyPlace::will ? info().may_repeat_in_will()
                                                                : info().may_repeat(site().type);
    if (may_repeat)
      EXPECT_TRUE(packet.has_value()) << packet.error().detail;
    else
      expect_refused(packet, 0x82);
  });
}

TEST_P(CodecProperty, CutAtAnyByteIsRefused) {
  for_each_allowed_property([&] {
    const Bytes whole = valid_property(info());
    for (std::size_t n = 1; n < whole.size(); ++n) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n));
      expect_refused(decode_with(cut), 0x81);
    }
  });
}

TEST_P(CodecProperty, OutOfRangeIsRefused) {
  for_each_allowed_property([&] {
    const bool is_varint = info().wire == PropertyWire::varint;
    const char* zero = info().wire == PropertyWire::byte        ? "00"
                       : info().wire == PropertyWire::two_bytes ? "0000"
                       : is_varint                              ? "00"
                                                                : "00000000";
    switch (info().rule) {
      case PropertyRule::zero_or_one:
        EXPECT_TRUE(decode_value("00").has_value());
        EXPECT_TRUE(decode_value("01").has_value());
        expect_refused(decode_value("02"), 0x82);
        expect_refused(decode_value("FF"), 0x82);
        break;
      case PropertyRule::non_zero:
        expect_refused(decode_value(zero), 0x82);
        break;
      case PropertyRule::topic_alias:
        expect_refused(decode_value(zero), 0x94);
        break;
      case PropertyRule::topic_name:
        expect_refused(decode_value("s'a/+'"), 0x82);
        expect_refused(decode_value("s'#'"), 0x82);
        expect_refused(decode_value("s''"), 0x81);
        break;
      case PropertyRule::any:
        if (info().wire <= PropertyWire::varint) {
          EXPECT_TRUE(decode_value(zero).has_value());
        }
        break;
    }
    if (is_varint) {
      expect_refused(decode_value("8000"), 0x81);
      expect_refused(decode_value("FFFFFFFF7F"), 0x81);
      EXPECT_TRUE(decode_value("FFFFFF7F").has_value());
    }
  });
}

TEST_P(CodecProperty, OfIllFormedTextIsRefused) {
  for_each_allowed_property([&] {
    const char* const bad[] = {"0001 00", "0002 C080", "0003 EDA080", "0004 F4908080", "0001 80"};
    for (const char* text : bad) {
      if (info().wire == PropertyWire::utf8) {
        expect_refused(decode_value(text), 0x81);
      } else if (info().wire == PropertyWire::utf8_pair) {
        expect_refused(decode_value(std::string(text) + " s'v'"), 0x81);
        expect_refused(decode_value("s'n' " + std::string(text)), 0x81);
      } else if (info().wire == PropertyWire::binary) {
        EXPECT_TRUE(decode_value(text).has_value());
      }
    }
  });
}

INSTANTIATE_TEST_SUITE_P(All, CodecProperty, ::testing::ValuesIn(property_sites()),
                         [](const auto& test) { return test.param.name(); });

class CodecPropertySite : public ::testing::TestWithParam<PropertySite> {
 protected:
  // What it returns views `sent_`, so lives until the next call.
  Result<Packet> decode_with(const Bytes& properties, const DecodeLimits& limits = {}) {
    sent_ = GetParam().packet_with(properties);
    return decode(sent_, Version::v5, GetParam().direction, limits);
  }

 private:
  Bytes sent_;
};

TEST_P(CodecPropertySite, RefusesEveryIdentifierThatTheStandardDoesNotDefine) {
  for (unsigned id = 0; id < 256; ++id) {
    if (find_property(static_cast<std::uint8_t>(id)) != nullptr) continue;
    const auto packet = decode_with({static_cast<std::uint8_t>(id), 0, 0, 0, 0});
    ASSERT_FALSE(packet.has_value()) << id;
    EXPECT_EQ(packet.error().reason, 0x81);
  }
}

TEST_P(CodecPropertySite, RefusesAnIdentifierInMoreBytesThanItNeeds) {
  const auto packet = decode_with(wire("A600 s'n' s'v'"));
  ASSERT_FALSE(packet.has_value());
  EXPECT_EQ(packet.error().reason, 0x81);
}

TEST_P(CodecPropertySite, KeepsUserPropertiesInTheirOrder) {
  const bool is_auth = GetParam().type == PacketType::auth;
  Bytes properties = is_auth ? wire("15 s'M'") : Bytes{};
  append(properties, wire("26 s'b' s'1' 26 s'a' s'2' 26 s'b' s''"));
  const auto packet = decode_with(properties);
  ASSERT_TRUE(packet.has_value()) << packet.error().detail;
  Bytes again(encoded_size(*packet, Version::v5));
  ASSERT_TRUE(encode(*packet, Version::v5, again).has_value());
  EXPECT_EQ(again, GetParam().packet_with(properties));
}

TEST_P(CodecPropertySite, LimitsItsUserProperties) {
  Bytes properties = GetParam().type == PacketType::auth ? wire("15 s'M'") : Bytes{};
  DecodeLimits limits;
  limits.user_properties_max = 2;
  append(properties, wire("26 s'a' s'1' 26 s'a' s'2'"));
  EXPECT_TRUE(decode_with(properties, limits).has_value());
  append(properties, wire("26 s'a' s'3'"));
  const auto packet = decode_with(properties, limits);
  ASSERT_FALSE(packet.has_value());
  EXPECT_EQ(packet.error().code, ErrorCode::limit_exceeded);
  EXPECT_EQ(packet.error().reason, 0x97);
}

INSTANTIATE_TEST_SUITE_P(All, CodecPropertySite, ::testing::ValuesIn(property_sites()),
                         [](const auto& test) { return test.param.name(); });

}  // namespace
}  // namespace sluice::codec
