// SPDX-License-Identifier: Apache-2.0
//
// A Histogram counts durations in classes that are at most 1/128 of their value wide, so that a
// percentile is right to better than one percent however long the run. Recording allocates nothing.
//
// Owner:   one run of a benchmark.      Thread: its owner's.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace sluice::cli {

class Histogram {
 public:
  Histogram() : counts_(classes, 0) {}

  void record(Duration duration) {
    const auto ns = static_cast<std::uint64_t>(duration.count() < 0 ? 0 : duration.count());
    ++counts_[class_of(ns)];
    ++total_;
    if (ns > largest_) largest_ = ns;
  }
  std::uint64_t total() const { return total_; }
  Duration largest() const { return Duration(static_cast<std::int64_t>(largest_)); }
  /// The middle of the class that holds the given share of all values; zero if there are none.
  Duration at_percentile(double percent) const;

 private:
  static constexpr unsigned class_bits = 7;
  static constexpr std::size_t classes = (64 - class_bits + 1) << class_bits;

  static std::size_t class_of(std::uint64_t ns);

  std::vector<std::uint64_t> counts_;
  std::uint64_t total_ = 0;
  std::uint64_t largest_ = 0;
};

}  // namespace sluice::cli
