// SPDX-License-Identifier: Apache-2.0
#include "server/log_limiter.h"

#include "server/log_event.h"

#include <algorithm>

namespace sluice::server {
namespace {

/// The wall clock may be set back: that counts as no time.
double seconds_between(WallTime from, WallTime to) {
  return std::max(0.0, std::chrono::duration<double>(to - from).count());
}

}  // namespace

LogLimiter::LogLimiter(std::uint64_t lines_per_second)
    : rate_(static_cast<double>(lines_per_second)), buckets_(log_events().size() + 1) {
  for (Bucket& bucket : buckets_) bucket.tokens = rate_;
}

std::size_t LogLimiter::index_of(std::string_view name) const {
  const LogEvent* const row = find_log_event(name);
  return row == nullptr ? buckets_.size() - 1 : static_cast<std::size_t>(row - log_events().data());
}

bool LogLimiter::allows(std::string_view name, WallTime now) {
  Bucket& bucket = buckets_[index_of(name)];
  const double elapsed = seconds_between(bucket.filled, now);
  bucket.tokens = std::min(rate_, bucket.tokens + elapsed * rate_);
  bucket.filled = now;
  if (bucket.tokens >= 1) {
    bucket.tokens -= 1;
    return true;
  }
  if (bucket.suppressed == 0) bucket.collected = now;
  ++bucket.suppressed;
  ++suppressed_;
  return false;
}

std::vector<LogLimiter::Suppressed> LogLimiter::collect(Which which, WallTime now) {
  std::vector<Suppressed> all;
  if (suppressed_ == 0) return all;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    Bucket& bucket = buckets_[i];
    const bool is_due = which == Which::all || now < bucket.collected ||
                        seconds_between(bucket.collected, now) >= 1;
    if (bucket.suppressed == 0 || !is_due) continue;
    const bool has_row = i < log_events().size();
    all.push_back({has_row ? log_events()[i].name : "other events", bucket.suppressed});
    suppressed_ -= bucket.suppressed;
    bucket.suppressed = 0;
  }
  return all;
}

}  // namespace sluice::server
