// SPDX-License-Identifier: Apache-2.0
//
// A Backoff says how long to wait before the next attempt: twice as long each time up to a limit,
// less a random part, so that many clients of a broker that comes back do not come together.
//
// Owner:   whoever retries.      Thread: its owner's.      Never: reads a clock.
#pragma once

#include "base/rng.h"
#include "base/time.h"

namespace sluice::client {

struct BackoffOptions {
  Duration first = 100ms;
  Duration most = 30s;
  std::uint32_t jitter_percent = 50;  ///< the random part: up to this share of the wait
};

class Backoff {
 public:
  explicit Backoff(const BackoffOptions& options) : options_(options), wait_(options.first) {}

  Duration next(Rng& rng);
  /// An attempt succeeded.
  void reset() { wait_ = options_.first; }

 private:
  BackoffOptions options_;
  Duration wait_;
};

}  // namespace sluice::client
