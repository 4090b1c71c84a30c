// SPDX-License-Identifier: Apache-2.0
//
// Controls of the acknowledgement benchmark: what the two things cost by themselves that no broker
// can answer without, measured here and now, so that a figure of a broker can be judged on any
// machine and under any load.
//
// Thread: any; both block, for half a second at most once the disk is prepared.
#pragma once

#include "base/result.h"
#include "cli/bench/histogram.h"

#include <cstddef>
#include <string>

namespace sluice::cli {

/// Round trips of so many bytes to another thread, over TCP on 127.0.0.1, one at a time.
Result<Histogram> measure_echo(std::size_t bytes);
/// Writes of one block and a sync each into a file that was zeroed before, in that directory.
Result<Histogram> measure_commits(const std::string& directory);

}  // namespace sluice::cli
