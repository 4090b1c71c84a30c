// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/store/log_history.h"

namespace sluice::testing {
namespace {

using store::Problem;

// Some segments, all of it acknowledged.
struct Written : LogHistory {
  explicit Written(int count = 60) : LogHistory(1) {
    EXPECT_TRUE(start());
    for (int i = 0; i < count; ++i) {
      append(2000);
      EXPECT_TRUE(step());
    }
    place = store->place_of(0);
    crash(SimDisk::Cut::power);
  }

  store::Checked<store::LogEnd> read_again() {
    batches = 0;
    return store::read_log(disk, place, [this](const store::Batch& batch) -> Result<void> {
      EXPECT_EQ(Bytes(batch.records.begin(), batch.records.end()), all[batches]);
      ++batches;
      return {};
    });
  }
  using Bytes = std::vector<std::uint8_t>;

  store::LogPlace place;
  std::size_t batches = 0;
};

TEST(LogDamage, AnyByteOfAnAcknowledgedBatchThatChangesIsNoticed) {
  Written written(12);
  const auto end = written.read_again();
  ASSERT_TRUE(end.has_value());
  const std::string path = written.place.path_of(end->spans.front().number);
  auto& bytes = *written.disk.bytes_of(path);
  // Of all but the last commit: what comes behind them shows that they are no torn end.
  for (std::size_t at = 0; at + 4096 < end->offset; at += 37) {
    const std::uint8_t was = bytes[at];
    bytes[at] ^= 0x10U;
    const auto read = written.read_again();
    if (read) {
      // The padding between commits means nothing.
      EXPECT_EQ(written.batches, 12U) << at;
    } else {
      EXPECT_NE(read.error().text.find(path), std::string::npos) << read.error().text;
    }
    bytes[at] = was;
  }
}

TEST(LogDamage, DamageInTheMiddleIsRefusedWithFileAndByte) {
  Written written;
  const std::string path = written.place.path_of(2);
  (*written.disk.bytes_of(path))[4096 + 100] ^= 1U;
  const auto read = written.read_again();
  ASSERT_FALSE(read.has_value());
  EXPECT_EQ(read.error().kind, Problem::Kind::damaged);
  EXPECT_NE(read.error().text.find(path + " is damaged at byte 4096"), std::string::npos)
      << read.error().text;
  EXPECT_NE(read.error().text.find("sluice store repair"), std::string::npos);
}

TEST(LogDamage, AMissingSegmentIsNoticedWhicheverItIs) {
  Written written;
  const auto end = written.read_again();
  ASSERT_TRUE(end.has_value());
  ASSERT_GE(end->spans.size(), 3U);
  for (const auto& span : end->spans) {
    Written other;
    ASSERT_TRUE(other.disk.remove(other.place.path_of(span.number)).has_value());
    const auto read = other.read_again();
    ASSERT_FALSE(read.has_value()) << span.number;
    EXPECT_NE(read.error().text.find("missing"), std::string::npos) << read.error().text;
  }
}

TEST(LogDamage, ASegmentOfAnotherPlaceIsNoticed) {
  Written written;
  auto& second = *written.disk.bytes_of(written.place.path_of(2));
  second = *written.disk.bytes_of(written.place.path_of(3));
  EXPECT_FALSE(written.read_again().has_value());
}

TEST(LogDamage, ATailOfZerosIsTheEnd) {
  Written written(5);
  const auto end = written.read_again();
  ASSERT_TRUE(end.has_value());
  auto& bytes = *written.disk.bytes_of(written.place.path_of(end->spans.back().number));
  std::fill(bytes.begin() + static_cast<std::ptrdiff_t>(end->offset - 4096), bytes.end(), 0);
  const auto read = written.read_again();
  ASSERT_TRUE(read.has_value()) << read.error().text;
  EXPECT_EQ(written.batches, 4U);
}

TEST(LogDamage, BytesThatAClientMadeUpAreNoFrame) {
  // A frame of the same store and sequence, but of another segment, as a payload at a boundary.
  Written written(3);
  store::Commit made_up;
  made_up.add(store::Position{900}, {}, std::vector<std::uint8_t>(100));
  auto place = written.place;
  place.salt ^= 1U;
  const ByteView bytes = made_up.seal(place.name_of(2), store::Position{900});
  const auto end = written.read_again();
  ASSERT_TRUE(end.has_value());
  auto& file = *written.disk.bytes_of(written.place.path_of(2));
  std::ranges::copy(bytes, file.begin() + static_cast<std::ptrdiff_t>(end->offset + 8192));
  EXPECT_TRUE(written.read_again().has_value());
}

TEST(LogDamage, AVisitorThatUnderstandsNothingStopsTheReading) {
  Written written(3);
  const auto read = store::read_log(written.disk, written.place, [](const store::Batch&) {
    return Result<void>(fail(ErrorCode::parse_error, "an unknown record"));
  });
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().text.find("an unknown record"), std::string::npos);
}

}  // namespace
}  // namespace sluice::testing
