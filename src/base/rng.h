// SPDX-License-Identifier: Apache-2.0
//
// Rng is xoshiro256** seeded by splitmix64 (Blackman and Vigna, 2018): the same seed gives the same
// numbers on every platform and library. Not for secrets. One owner, one thread.
#pragma once

#include <array>
#include <cstdint>

namespace sluice {

class Rng {
 public:
  explicit Rng(std::uint64_t seed);

  std::uint64_t next();
  /// A number in [0, bound), without modulo bias worth naming. REQUIRES: bound > 0.
  std::uint64_t below(std::uint64_t bound);
  /// True with probability `numerator` / `denominator`.
  bool chance(std::uint64_t numerator, std::uint64_t denominator) {
    return below(denominator) < numerator;
  }

 private:
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace sluice
