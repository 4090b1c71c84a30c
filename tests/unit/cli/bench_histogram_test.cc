// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/histogram.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

TEST(BenchHistogram, PercentilesOfAllSizesAreWithinOnePercent) {
  for (std::int64_t unit = 1; unit < 10'000'000'000; unit *= 7) {
    Histogram histogram;
    for (std::int64_t i = 1; i <= 1000; ++i) histogram.record(Duration(i * unit));
    for (const double percent : {1.0, 50.0, 90.0, 99.0, 99.9}) {
      const double exact = percent * 10 * static_cast<double>(unit);
      EXPECT_NEAR(static_cast<double>(histogram.at_percentile(percent).count()), exact,
                  exact * 0.01 + 1)
          << percent << " of " << unit;
    }
    EXPECT_EQ(histogram.largest(), Duration(1000 * unit));
    EXPECT_EQ(histogram.at_percentile(100), histogram.largest());
    EXPECT_EQ(histogram.total(), 1000U);
  }
}

TEST(BenchHistogram, OneSlowMessageInAThousandShowsOnlyBeyondThat) {
  Histogram histogram;
  for (int i = 0; i < 999; ++i) histogram.record(1us);
  histogram.record(1s);
  EXPECT_LT(histogram.at_percentile(99.9), 2us);
  EXPECT_GT(histogram.at_percentile(99.95), 990ms);
}

TEST(BenchHistogram, EmptyOneAnswersZero) {
  EXPECT_EQ(Histogram().at_percentile(99), Duration::zero());
}

}  // namespace
}  // namespace sluice::cli
