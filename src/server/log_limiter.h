// SPDX-License-Identifier: Apache-2.0
//
// LogLimiter keeps clients from filling the log: each kind of line has a bucket of tokens that
// fills up at a steady rate. What is left out is counted until somebody collects the count.
//
// Owner:   LogSink.    Thread: under its mutex.
// Limits:  log.event_lines_max.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::server {

class LogLimiter {
 public:
  struct Suppressed {
    std::string_view name;
    std::uint64_t lines = 0;
  };

  /// A second's worth may come at once.
  explicit LogLimiter(std::uint64_t lines_per_second);

  /// Whether a line of that name may be written now. Names without a row share one bucket.
  bool allows(std::string_view name, WallTime now);

  enum class Which : std::uint8_t { due, all };

  /// What was left out since the last time; due is a name once a second.
  std::vector<Suppressed> collect(Which which, WallTime now);

 private:
  struct Bucket {
    double tokens = 0;
    WallTime filled;
    std::uint64_t suppressed = 0;
    WallTime collected;
  };

  std::size_t index_of(std::string_view name) const;

  double rate_;
  std::vector<Bucket> buckets_;  ///< one for each row, and one more
  std::uint64_t suppressed_ = 0;
};

}  // namespace sluice::server
