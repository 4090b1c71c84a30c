// SPDX-License-Identifier: Apache-2.0
//
// A Signal is what one sensor measures over time, drawn from a seeded Rng: the same seed gives the
// same values.
//
// Owner:   Simulator.      Never: reads a clock.
#pragma once

#include "base/rng.h"
#include "base/time.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::cli {

enum class SignalKind : std::uint8_t {
  wave,     ///< between low and high in a period, like a day's temperature
  walk,     ///< wanders by at most a step, between low and high
  counter,  ///< grows by low to high each time
  choice,   ///< one of several texts, kept with some probability
};

struct SignalOptions {
  SignalKind kind = SignalKind::walk;
  double low = 0;
  double high = 1;
  double step = 0;           ///< walk
  double noise = 0;          ///< wave
  Duration period = 1h;      ///< wave
  double stay_share = 0;     ///< choice: how often it stays as it is
  std::uint32_t digits = 1;  ///< behind the point
  std::vector<std::string> texts{};
};

class Signal {
 public:
  /// Draws where it begins.
  Signal(const SignalOptions& options, Rng& rng);
  /// The value at a time since the beginning, as JSON.
  std::string next(Duration elapsed, Rng& rng);

 private:
  const SignalOptions& options_;
  double value_ = 0;  ///< the last one; of a wave: where in the period it began, 0 to 1
  std::size_t text_at_ = 0;
};

}  // namespace sluice::cli
