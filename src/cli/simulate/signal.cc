// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/signal.h"

#include "cli/output/json_text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace sluice::cli {
namespace {

/// From 0 to 1.
double fraction(Rng& rng) {
  constexpr std::uint64_t grains = std::uint64_t{1} << 53;
  return static_cast<double>(rng.below(grains)) / static_cast<double>(grains);
}

double between(double low, double high, Rng& rng) { return low + (high - low) * fraction(rng); }

std::string number_text(double value, std::uint32_t digits) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.*f", static_cast<int>(digits), value);
  return {text.data(), static_cast<std::size_t>(std::clamp(size, 0, 63))};
}

}  // namespace

Signal::Signal(const SignalOptions& options, Rng& rng) : options_(options) {
  if (options.kind == SignalKind::choice)
    text_at_ = rng.below(options.texts.size());
  else if (options.kind == SignalKind::wave)
    value_ = fraction(rng) / 10;
  else if (options.kind == SignalKind::walk)
    value_ = between(options.low, options.high, rng);
}

std::string Signal::next(Duration elapsed, Rng& rng) {
  switch (options_.kind) {
    case SignalKind::choice: {
      if (fraction(rng) >= options_.stay_share) text_at_ = rng.below(options_.texts.size());
      std::string out;
      append_json_string(options_.texts[text_at_], out);
      return out;
    }
    case SignalKind::counter:
      value_ += between(options_.low, options_.high, rng);
      return number_text(value_, options_.digits);
    case SignalKind::walk:
      value_ += between(-options_.step, options_.step, rng);
      value_ = std::clamp(value_, options_.low, options_.high);
      return number_text(value_, options_.digits);
    case SignalKind::wave:
      break;
  }
  const double turns =
      value_ + static_cast<double>(elapsed.count()) / static_cast<double>(options_.period.count());
  const double height = (1 - std::cos(2 * std::numbers::pi * turns)) / 2;
  const double noise = between(-options_.noise, options_.noise, rng);
  return number_text(options_.low + (options_.high - options_.low) * height + noise,
                     options_.digits);
}

}  // namespace sluice::cli
