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

Result<Duration> process_cpu_time(std::uint32_t process) {
  clockid_t clock{};
  if (::clock_getcpuclockid(static_cast<pid_t>(process), &clock) != 0)
    return fail(ErrorCode::not_found, "there is no such process");
  timespec time{};
  if (::clock_gettime(clock, &time) != 0)
    return fail(ErrorCode::not_found, "the process has ended");
  return std::chrono::seconds(time.tv_sec) + Duration(time.tv_nsec);
}

}  // namespace sluice::os
