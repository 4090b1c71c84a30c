// SPDX-License-Identifier: Apache-2.0
#include "admin/exposition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::admin {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Sample {
  std::uint64_t sessions = 0;
  std::uint64_t dropped_full = 0;
  std::uint64_t dropped_expired = 0;
  std::array<std::uint64_t, 3> sent{};
};

constexpr MetricRow rows[] = {
    {"sessions", "", "", MetricKind::gauge, "Sessions."},
    {"dropped", "cause", "full", MetricKind::counter, "Dropped, by cause."},
    {"dropped", "cause", "expired", MetricKind::counter, ""},
    {"sent", "qos", "|1|2", MetricKind::counter, "Sent, by QoS."},
};

std::string text_of(const Sample& sample) {
  AdminSnapshot snapshot;
  snapshot.version = "1.2.3";
  snapshot.uptime = 90s;
  snapshot.metrics.push_back(numbers_of(rows, sample));
  return metrics_text(snapshot);
}

TEST(Exposition, GaugesAndCountersAreNamedAndExplained) {
  const std::string text = text_of({.sessions = 7});
  EXPECT_THAT(text, HasSubstr("# HELP sluice_sessions Sessions.\n"
                              "# TYPE sluice_sessions gauge\n"
                              "sluice_sessions 7\n"));
  EXPECT_THAT(text, HasSubstr("sluice_build_info{version=\"1.2.3\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("sluice_uptime_seconds 90\n"));
}

TEST(Exposition, RowsOfOneFamilyShareOneHeading) {
  EXPECT_THAT(text_of({.dropped_full = 3, .dropped_expired = 4}),
              HasSubstr("# HELP sluice_dropped_total Dropped, by cause.\n"
                        "# TYPE sluice_dropped_total counter\n"
                        "sluice_dropped_total{cause=\"full\"} 3\n"
                        "sluice_dropped_total{cause=\"expired\"} 4\n"));
}

TEST(Exposition, EachValueOfAListIsASampleAndAnEmptyOneIsNotShown) {
  const std::string text = text_of({.sent = {5, 6, 7}});
  EXPECT_THAT(text, HasSubstr("sluice_sent_total{qos=\"1\"} 6\nsluice_sent_total{qos=\"2\"} 7\n"));
  EXPECT_THAT(text, Not(HasSubstr("} 5")));
}

TEST(Exposition, LargeNumbersKeepAllTheirDigits) {
  EXPECT_THAT(text_of({.sessions = 123'456'789'012'345}),
              HasSubstr("sluice_sessions 123456789012345\n"));
}

struct Times {
  std::array<std::uint64_t, 4> times{};
};
constexpr MetricRow time_rows[] = {
    {"work_seconds", "le", "0.001|0.5|+Inf|sum", MetricKind::histogram, "How long work took."},
};

TEST(Exposition, AHistogramCountsUpToEachBoundAndItsSumIsInSeconds) {
  AdminSnapshot snapshot;
  snapshot.metrics.push_back(numbers_of(time_rows, Times{{5, 2, 1, 2'500'000'000}}));
  EXPECT_THAT(metrics_text(snapshot), HasSubstr("# TYPE sluice_work_seconds histogram\n"
                                                "sluice_work_seconds_count 8\n"
                                                "sluice_work_seconds_sum 2.5\n"
                                                "sluice_work_seconds_bucket{le=\"0.001\"} 5\n"
                                                "sluice_work_seconds_bucket{le=\"0.5\"} 7\n"
                                                "sluice_work_seconds_bucket{le=\"+Inf\"} 8\n"));
}

TEST(Metrics, AddingSumsEveryNumber) {
  Sample sum{.sessions = 1, .sent = {1, 2, 3}};
  add_metrics(sum, Sample{.sessions = 10, .dropped_full = 5, .sent = {10, 20, 30}});
  EXPECT_EQ(metric_numbers(sum), (std::array<std::uint64_t, 6>{11, 5, 0, 11, 22, 33}));
}

}  // namespace
}  // namespace sluice::admin
