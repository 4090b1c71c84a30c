// SPDX-License-Identifier: Apache-2.0
//
// A Figure is one result of a benchmark: a name for programs, a label for people, a number and what
// it counts. A report is a list of them, so every benchmark prints, saves and compares alike.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::cli {

enum class FigureUnit : std::uint8_t { count, per_second, ns, bytes, share };
enum class FigureGood : std::uint8_t { low, high, neither };

struct Figure {
  std::string name;   ///< snake_case, with its unit: "server_cpu_ns"
  std::string label;  ///< "server CPU for a message delivered"
  double value = 0;
  FigureUnit unit = FigureUnit::count;
  FigureGood good = FigureGood::neither;
};
using Figures = std::vector<Figure>;

/// "1,234,567", "12.3 us", "4.5 MiB", "1.2 M/s".
std::string figure_text(double value, FigureUnit unit);

}  // namespace sluice::cli
