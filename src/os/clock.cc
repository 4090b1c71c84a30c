// SPDX-License-Identifier: Apache-2.0
#include "os/clock.h"

#include "base/assert.h"

#include <ctime>

namespace sluice::os {
namespace {

std::int64_t read_clock(clockid_t clock) {
  timespec time{};
  SLUICE_ASSERT(::clock_gettime(clock, &time) == 0);
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

Instant monotonic_now() { return {read_clock(CLOCK_MONOTONIC)}; }

WallTime wall_now() { return {read_clock(CLOCK_REALTIME)}; }

}  // namespace sluice::os
