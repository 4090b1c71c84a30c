// SPDX-License-Identifier: Apache-2.0
//
// What the broker's process has used, seen from outside: processor time of all its threads, those
// that have ended too, to the nanosecond; and memory. And what this process has used.
//
// Thread:  any.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>

namespace sluice::cli {

struct ServerUsage {
  Duration cpu_time{};
  std::uint64_t resident_bytes = 0;
  std::uint64_t resident_bytes_peak = 0;
};

/// not_found if there is no such process on this machine.
Result<ServerUsage> server_usage(std::uint32_t process);

}  // namespace sluice::cli
