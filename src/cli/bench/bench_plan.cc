// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/bench_plan.h"

#include <array>
#include <string_view>

namespace sluice::cli {
namespace {

struct Row {
  BenchMode mode;
  const char* name;
};
constexpr std::array rows{
    Row{BenchMode::pairs, "pairs"},
    Row{BenchMode::fan_out, "fan-out"},
    Row{BenchMode::fan_in, "fan-in"},
    Row{BenchMode::shared, "shared"},
    Row{BenchMode::connections, "connections"},
    Row{BenchMode::subscriptions, "subscriptions"},
    Row{BenchMode::retained, "retained"},
    Row{BenchMode::queue, "queue"},
    Row{BenchMode::acks, "acks"},
    Row{BenchMode::churn, "churn"},
    Row{BenchMode::storm, "storm"},
};

}  // namespace

const char* to_string(BenchMode mode) { return rows[static_cast<std::size_t>(mode)].name; }

std::optional<BenchMode> bench_mode_of(std::string_view word) {
  for (const Row& row : rows) {
    if (word == row.name) return row.mode;
  }
  return std::nullopt;
}

}  // namespace sluice::cli
