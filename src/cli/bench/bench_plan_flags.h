// SPDX-License-Identifier: Apache-2.0
//
// From the flags of `sluice bench` to a BenchPlan, defaults and all.
#pragma once

#include "cli/bench/bench_plan.h"
#include "cli/flags/flag_parser.h"

namespace sluice::cli {

/// Resolves the broker's name: blocks. `environment_url` is SLUICE_URL, empty if it is not set.
Parsed<BenchPlan> bench_plan_of(const ParsedFlags& flags, std::string_view environment_url);

}  // namespace sluice::cli
