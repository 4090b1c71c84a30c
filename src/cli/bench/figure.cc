// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/figure.h"

#include <array>
#include <cmath>
#include <cstdio>

namespace sluice::cli {
namespace {

struct Scale {
  double least;
  double divisor;
  const char* unit;
};

std::string printed(const char* format, double value, const char* unit) {
  std::array<char, 64> text;
  const int size = std::snprintf(text.data(), text.size(), format, value, unit);
  return {text.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
}

std::string scaled(double value, const std::array<Scale, 4>& scales) {
  for (const Scale& scale : scales) {
    if (value < scale.least) continue;
    const double shown = value / scale.divisor;
    return printed(shown < 10 ? "%.2f %s" : shown < 100 ? "%.1f %s" : "%.0f %s", shown, scale.unit);
  }
  return printed("%.0f %s", value, scales.back().unit);
}

std::string with_commas(double value) {
  const std::string digits = printed("%.0f%s", std::abs(value), "");
  std::string out = value <= -0.5 ? "-" : "";
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

constexpr std::array<Scale, 4> times{
    {{1e9, 1e9, "s"}, {1e6, 1e6, "ms"}, {1e4, 1e3, "us"}, {0, 1, "ns"}}};
constexpr std::array<Scale, 4> sizes{{{1073741824, 1073741824, "GiB"},
                                      {1048576, 1048576, "MiB"},
                                      {10240, 1024, "KiB"},
                                      {0, 1, "B"}}};

}  // namespace

std::string figure_text(double value, FigureUnit unit) {
  switch (unit) {
    case FigureUnit::count:
      return with_commas(value);
    case FigureUnit::per_second:
      return with_commas(value) + "/s";
    case FigureUnit::ns:
      return scaled(value, times);
    case FigureUnit::bytes:
      return scaled(value, sizes);
    case FigureUnit::share:
      return printed("%.2f%s", value, "");
  }
  return {};
}

}  // namespace sluice::cli
