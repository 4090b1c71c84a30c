// SPDX-License-Identifier: Apache-2.0
//
// The only place that reads the machine's clocks. Everything else is handed the time as a value.
#pragma once

#include "base/time.h"

namespace sluice::os {

/// CLOCK_MONOTONIC: never goes back within a run of the machine; its zero means nothing.
Instant monotonic_now();
/// CLOCK_REALTIME: may jump when an operator or NTP sets it.
WallTime wall_now();

}  // namespace sluice::os
