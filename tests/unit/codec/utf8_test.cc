// SPDX-License-Identifier: Apache-2.0
#include "codec/utf8.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

namespace sluice::codec {
namespace {

// The four-byte scheme of RFC 3629 without its restrictions, so that it can write what is
// forbidden.
std::string encode_point(std::uint32_t point) {
  const auto byte = [](std::uint32_t value) { return static_cast<char>(value); };
  if (point < 0x80) return {byte(point)};
  if (point < 0x800) return {byte(0xC0 | point >> 6), byte(0x80 | (point & 0x3F))};
  if (point < 0x10000)
    return {byte(0xE0 | point >> 12), byte(0x80 | (point >> 6 & 0x3F)),
            byte(0x80 | (point & 0x3F))};
  return {byte(0xF0 | point >> 18), byte(0x80 | (point >> 12 & 0x3F)),
          byte(0x80 | (point >> 6 & 0x3F)), byte(0x80 | (point & 0x3F))};
}

TEST(CodecUtf8, TakesEveryCodePointButNulAndSurrogates) {
  for (std::uint32_t point = 0; point < 0x120000; ++point) {
    const bool is_allowed = point != 0 && point <= 0x10FFFF && (point < 0xD800 || point > 0xDFFF);
    ASSERT_EQ(is_valid_utf8(encode_point(point)), is_allowed) << std::hex << point;
  }
}

TEST(CodecUtf8, RefusesOverlongForms) {
  for (const std::string_view text :
       {"\xC0\x80", "\xC1\xBF", "\xE0\x80\x80", "\xE0\x9F\xBF", "\xF0\x80\x80\x80",
        "\xF0\x8F\xBF\xBF", "\xF8\x88\x80\x80\x80"})
    EXPECT_FALSE(is_valid_utf8(text));
}

TEST(CodecUtf8, RefusesCutAndStrayBytes) {
  for (const std::string_view text :
       {"\x80", "\xBF", "\xC3", "\xC3(", "\xE2\x82", "\xE2(\xAC", "\xE2\x82(", "\xF0\x9F\x98",
        "\xF0(\x98\x80", "\xF0\x9F(\x80", "\xF0\x9F\x98(", "\xFE", "\xFF"})
    EXPECT_FALSE(is_valid_utf8(text));
}

TEST(CodecUtf8, KeepsAByteOrderMarkLikeAnyCharacter) {
  EXPECT_TRUE(is_valid_utf8("\xEF\xBB\xBF"));
  EXPECT_TRUE(is_valid_utf8("\xEF\xBB\xBFtopic\xEF\xBB\xBF"));
}

TEST(CodecUtf8, TakesControlAndNonCharacters) {
  EXPECT_TRUE(is_valid_utf8("\x01\x1F\x7F\xC2\x80"));
  EXPECT_TRUE(is_valid_utf8("\xEF\xBF\xBF"));  // U+FFFF
}

// Whatever the text is made of, the first fault is found at every place of the eight-byte blocks.
TEST(CodecUtf8, FindsAFaultWhereverItStands) {
  for (const std::string_view unit : {"a", "\xC3\xA4", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"}) {
    for (const std::string_view fault :
         {std::string_view("\0", 1), std::string_view("\xFF"), std::string_view("\xED\xA0\x80")}) {
      for (std::size_t before = 0; before < 20; ++before) {
        for (std::size_t behind = 0; behind < 20; ++behind) {
          std::string text;
          for (std::size_t i = 0; i < before; ++i) text += unit;
          const std::size_t at = text.size();
          text += fault;
          for (std::size_t i = 0; i < behind; ++i) text += unit;
          ASSERT_EQ(find_invalid_utf8(text), at);
          const auto checked = check_utf8(text);
          ASSERT_FALSE(checked.has_value());
          EXPECT_EQ(checked.error().offset, at);
          EXPECT_EQ(checked.error().reason, 0x81);
        }
      }
    }
  }
}

TEST(CodecUtf8, TakesAnEmptyText) { EXPECT_TRUE(is_valid_utf8("")); }

}  // namespace
}  // namespace sluice::codec
