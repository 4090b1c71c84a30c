// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_report.h"

#include <gtest/gtest.h>

namespace sluice::cli {
namespace {

Figures sample(double cpu, double rate) {
  return {{"server_cpu_ns", "server CPU for a message", cpu, FigureUnit::ns, FigureGood::low},
          {"delivered_per_s", "messages a second", rate, FigureUnit::per_second, FigureGood::high}};
}

TEST(BenchReport, FiguresAreReadableForPeople) {
  EXPECT_EQ(figure_text(1234567, FigureUnit::count), "1,234,567");
  EXPECT_EQ(figure_text(0, FigureUnit::count), "0");
  EXPECT_EQ(figure_text(-1234, FigureUnit::count), "-1,234");
  EXPECT_EQ(figure_text(153.4, FigureUnit::ns), "153 ns");
  EXPECT_EQ(figure_text(91.54, FigureUnit::ns), "91.5 ns");
  EXPECT_EQ(figure_text(12'345, FigureUnit::ns), "12.3 us");
  EXPECT_EQ(figure_text(3.5e6, FigureUnit::ns), "3.50 ms");
  EXPECT_EQ(figure_text(2.5 * 1048576, FigureUnit::bytes), "2.50 MiB");
  EXPECT_EQ(figure_text(0.5, FigureUnit::share), "0.50");
}

TEST(BenchReport, WhatIsSavedCanBeComparedWith) {
  const auto before = read_report(report_json(BenchPlan{}, sample(200, 1000)));
  ASSERT_TRUE(before.has_value()) << before.error();
  const std::string text = comparison_text(*before, sample(100, 900));
  EXPECT_NE(text.find("0.500  better"), std::string::npos) << text;
  EXPECT_NE(text.find("0.900  worse"), std::string::npos) << text;
}

TEST(BenchReport, AnotherFileIsRefusedAndOnlySharedFiguresAreCompared) {
  EXPECT_FALSE(read_report("not JSON").has_value());
  EXPECT_FALSE(read_report("{}").has_value());
  const auto before = read_report(R"({"figures": {"other": 1}})");
  ASSERT_TRUE(before.has_value());
  EXPECT_EQ(comparison_text(*before, sample(1, 1)).find("server CPU"), std::string::npos);
}

}  // namespace
}  // namespace sluice::cli
