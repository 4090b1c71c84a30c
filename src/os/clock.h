// SPDX-License-Identifier: Apache-2.0
//
// The only place that reads the machine's clocks. Everything else is handed the time as a value.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>

namespace sluice::os {

/// CLOCK_MONOTONIC: never goes back within a run of the machine; its zero means nothing.
Instant monotonic_now();
/// CLOCK_REALTIME: may jump when an operator or NTP sets it.
WallTime wall_now();
/// Processor time of a process since it started, user and system, of all its threads, those that
/// have ended too. not_found if there is no such process.
Result<Duration> process_cpu_time(std::uint32_t process);

}  // namespace sluice::os
