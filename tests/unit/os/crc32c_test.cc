// SPDX-License-Identifier: Apache-2.0
#include "os/crc32c.h"

#include "base/rng.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::testing {
namespace {

// RFC 3720, B.4.
TEST(Crc32c, GivesTheChecksumsOfTheStandard) {
  EXPECT_EQ(os::crc32c(0, as_bytes("123456789")), 0xe3069283U);
  EXPECT_EQ(os::crc32c(0, std::vector<std::uint8_t>(32, 0)), 0x8a9136aaU);
  EXPECT_EQ(os::crc32c(0, std::vector<std::uint8_t>(32, 0xff)), 0x62a8ab43U);
  EXPECT_EQ(os::crc32c(0, {}), 0U);
}

TEST(Crc32c, IsTheSameByTheProcessorAndByTheTableInAnyCut) {
  Rng rng(1);
  for (int i = 0; i < 200; ++i) {
    std::vector<std::uint8_t> bytes(rng.below(300));
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(rng.next());
    const std::size_t cut = rng.below(bytes.size() + 1);
    const ByteView all(bytes);
    const std::uint32_t whole = os::crc32c(0, all);
    EXPECT_EQ(whole, os::crc32c_by_table(0, all));
    EXPECT_EQ(whole, os::crc32c(os::crc32c(0, all.first(cut)), all.subspan(cut)));
  }
}

}  // namespace
}  // namespace sluice::testing
