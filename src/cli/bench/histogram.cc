// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace sluice::cli {

std::size_t Histogram::class_of(std::uint64_t ns) {
  constexpr std::uint64_t per_power = 1U << class_bits;
  if (ns < per_power) return ns;
  const auto shift = static_cast<unsigned>(std::bit_width(ns)) - 1 - class_bits;
  return (std::size_t{shift + 1} << class_bits) + ((ns >> shift) - per_power);
}

Duration Histogram::at_percentile(double percent) const {
  if (total_ == 0) return {};
  const double share = std::clamp(percent, 0.0, 100.0) / 100;
  // A little less, so that the rounding of 99.9 / 100 does not reach the next message.
  const double exact = share * static_cast<double>(total_) * (1 - 1e-12);
  const auto wanted = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(std::ceil(exact)));
  if (wanted >= total_) return largest();
  std::uint64_t seen = 0;
  std::size_t at = 0;
  while (seen + counts_[at] < wanted) seen += counts_[at++];
  constexpr std::size_t per_power = 1U << class_bits;
  if (at < per_power) return Duration(static_cast<std::int64_t>(at));
  const std::size_t shift = (at >> class_bits) - 1;
  const std::uint64_t least = ((at & (per_power - 1)) + per_power) << shift;
  const std::uint64_t middle = least + ((std::uint64_t{1} << shift) >> 1);
  return Duration(static_cast<std::int64_t>(std::min(middle, largest_)));
}

}  // namespace sluice::cli
