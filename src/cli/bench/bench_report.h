// SPDX-License-Identifier: Apache-2.0
//
// What a benchmark found, for people, as a file, and beside an older file.
#pragma once

#include "cli/bench/bench_plan.h"
#include "cli/bench/figure.h"

#include <expected>
#include <string>
#include <string_view>

namespace sluice::cli {

/// "fan-out: 1 -> 100 clients, QoS 0, 256 B, MQTT 3.1.1, window 100".
std::string plan_line(const BenchPlan& plan);
/// A line each.
std::string report_text(const Figures& figures);
/// One object: what was asked for, and the figures by their names.
std::string report_json(const BenchPlan& plan, const Figures& figures);

/// The figures of a file that report_json() wrote; the error is a sentence for the user.
std::expected<Figures, std::string> read_report(std::string_view json);
/// A line for each figure that both have: then, now, and the ratio.
std::string comparison_text(const Figures& before, const Figures& figures);

}  // namespace sluice::cli
