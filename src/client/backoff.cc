// SPDX-License-Identifier: Apache-2.0
#include "client/backoff.h"

#include <algorithm>

namespace sluice::client {

Duration Backoff::next(Rng& rng) {
  const Duration wait = wait_;
  wait_ = std::min(wait_ * 2, options_.most);
  const auto part = wait.count() * options_.jitter_percent / 100;
  if (part <= 0) return wait;
  return wait -
         Duration(static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(part) + 1)));
}

}  // namespace sluice::client
