// SPDX-License-Identifier: Apache-2.0
#include "base/siphash.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice {
namespace {

// The vector of the reference implementation: key 00..0f, input 00..3e of growing length.
TEST(SipHash, TwoFourEqualsThePublishedVectors) {
  const HashKey key{0x0706050403020100U, 0x0f0e0d0c0b0a0908U};
  std::array<std::uint8_t, 16> input{};
  for (std::size_t i = 0; i < input.size(); ++i) input[i] = static_cast<std::uint8_t>(i);
  EXPECT_EQ(siphash_2_4(key, ByteView(input.data(), 0)), 0x726fdb47dd0e0e31U);
  EXPECT_EQ(siphash_2_4(key, ByteView(input.data(), 1)), 0x74f839c593dc67fdU);
  EXPECT_EQ(siphash_2_4(key, ByteView(input.data(), 8)), 0x93f5f5799a932462U);
  EXPECT_EQ(siphash_2_4(key, ByteView(input.data(), 15)), 0xa129ca6149be45e5U);
}

TEST(SipHash, AnotherKeyGivesAnotherHash) {
  const auto bytes = as_bytes("sensors/floor3/temperature");
  EXPECT_NE(siphash_1_3(HashKey{1, 2}, bytes), siphash_1_3(HashKey{2, 1}, bytes));
}

}  // namespace
}  // namespace sluice
