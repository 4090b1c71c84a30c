// SPDX-License-Identifier: Apache-2.0
#include "config/quantity.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(Quantity, SizesAreReadInBinaryAndDecimalUnits) {
  EXPECT_EQ(parse_bytes("0"), 0U);
  EXPECT_EQ(parse_bytes("256"), 256U);
  EXPECT_EQ(parse_bytes("256B"), 256U);
  EXPECT_EQ(parse_bytes("64KiB"), 65536U);
  EXPECT_EQ(parse_bytes("64kib"), 65536U);
  EXPECT_EQ(parse_bytes("10MB"), 10'000'000U);
  EXPECT_EQ(parse_bytes("10 MB"), 10'000'000U);
  EXPECT_EQ(parse_bytes("1.5GiB"), 1'610'612'736U);
  EXPECT_EQ(parse_bytes("2TiB"), 2'199'023'255'552U);
}

TEST(Quantity, WhatIsNoSizeIsRefusedWithExamples) {
  for (const char* text : {"", "B", "ten", "10 apples", "10MB!", "-1", "1e3", "0x10", "1,5MB"}) {
    const auto bytes = parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_NE(bytes.error().find("64KiB"), std::string::npos) << text;
  }
}

TEST(Quantity, SizesThatAreNoWholeNumberOfBytesOrTooLargeAreRefused) {
  EXPECT_FALSE(parse_bytes("0.3B"));
  EXPECT_FALSE(parse_bytes("99999999TiB"));
  EXPECT_FALSE(parse_bytes("99999999999999999999999999999999999"));
}

TEST(Quantity, TimesAreReadInEveryUnitAndInSequences) {
  EXPECT_EQ(parse_duration("100ms"), Duration(100ms));
  EXPECT_EQ(parse_duration("30s"), Duration(30s));
  EXPECT_EQ(parse_duration("5m"), Duration(5min));
  EXPECT_EQ(parse_duration("1h30m"), Duration(90min));
  EXPECT_EQ(parse_duration("1h 30m"), Duration(90min));
  EXPECT_EQ(parse_duration("14d"), Duration(14 * 24h));
  EXPECT_EQ(parse_duration("2w"), Duration(14 * 24h));
  EXPECT_EQ(parse_duration("1.5s"), Duration(1500ms));
  EXPECT_EQ(parse_duration("10us"), Duration(10us));
  EXPECT_EQ(parse_duration("7ns"), Duration(7ns));
  EXPECT_EQ(parse_duration("0"), Duration(0));
}

TEST(Quantity, TimesWithoutUnitOrTooLongAreRefused) {
  for (const char* text : {"", "30", "s", "5 minutes", "-5s", "1h30", "400000000d", "0.5ns"}) {
    EXPECT_FALSE(parse_duration(text)) << text;
  }
}

TEST(Quantity, WhatIsPrintedReadsBackTheSame) {
  for (const std::uint64_t bytes :
       {0ULL, 1ULL, 1000ULL, 1024ULL, 65536ULL, 268'435'455ULL, 1ULL << 40U, 12'345'678ULL}) {
    EXPECT_EQ(parse_bytes(format_bytes(bytes)), bytes) << format_bytes(bytes);
  }
  for (const Duration time : {Duration(0), Duration(1), Duration(1500us), Duration(65535s),
                              Duration(30 * 24h), Duration(10s)}) {
    EXPECT_EQ(parse_duration(format_duration(time)), time) << format_duration(time);
  }
}

TEST(Quantity, TheLargestExactUnitIsPrinted) {
  EXPECT_EQ(format_bytes(65536), "64KiB");
  EXPECT_EQ(format_bytes(10'000'000), "10MB");
  EXPECT_EQ(format_bytes(268'435'455), "268435455B");
  EXPECT_EQ(format_duration(24h), "1d");
  EXPECT_EQ(format_duration(90s), "90s");
  EXPECT_EQ(format_duration(2ms), "2ms");
}

}  // namespace
}  // namespace sluice::config
