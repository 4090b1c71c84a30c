// SPDX-License-Identifier: Apache-2.0
//
// What the machine gives this process, and what the process has used of it. Containers count: the
// smaller of the machine's and the cgroup's (v1 and v2) is told.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <cstdint>
#include <string>

namespace sluice::os {

/// Raises the soft limit of descriptors to the hard one; the limit that now holds.
Result<std::uint64_t> raise_descriptor_limit();
/// Bytes of memory: of the machine, or of the cgroup if that is less.
std::uint64_t memory_bytes_total();
/// Processors that threads of this process can keep busy: affinity and the cgroup's quota, rounded
/// up; at least 1.
unsigned cpu_count();

struct ProcessUsage {
  Duration cpu_time{0};  ///< user and system, all threads
  std::uint64_t resident_bytes = 0;
  std::uint64_t descriptors = 0;  ///< open now
};
ProcessUsage process_usage();

/// Makes the process's table of descriptors large enough for `count` (cut to the limit) at once.
/// The kernel grows it by doubling, and stops a thread of a process with several for about ten
/// milliseconds each time: call it before clients come.
void reserve_descriptors(std::uint64_t count);

}  // namespace sluice::os
