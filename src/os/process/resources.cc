// SPDX-License-Identifier: Apache-2.0
#include "os/process/resources.h"

#include "base/assert.h"
#include "os/file.h"
#include "os/file_descriptor.h"
#include "os/process/cgroup.h"
#include "os/system_error.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>
#include <system_error>
#include <vector>

namespace sluice::os {
namespace {

/// Machines with more processors than fit a cpu_set_t answer EINVAL until the set is large enough.
unsigned affinity_count() {
  for (std::size_t processors = CPU_SETSIZE; processors <= 65536; processors *= 2) {
    std::vector<cpu_set_t> sets(processors / CPU_SETSIZE);
    const std::size_t size = sets.size() * sizeof(cpu_set_t);
    if (::sched_getaffinity(0, size, sets.data()) == 0)
      return static_cast<unsigned>(CPU_COUNT_S(size, sets.data()));
  }
  return 1;
}

Duration to_duration(const timeval& time) {
  return std::chrono::seconds(time.tv_sec) + std::chrono::microseconds(time.tv_usec);
}

std::uint64_t resident_bytes() {
  std::istringstream words(read_file("/proc/self/statm", 256).value_or(""));
  std::uint64_t total = 0;
  std::uint64_t resident = 0;
  words >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::uint64_t open_descriptors() {
  std::error_code error;
  std::filesystem::directory_iterator entry("/proc/self/fd", error);
  std::uint64_t count = 0;
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) ++count;
  return count == 0 ? 0 : count - 1;  // one of them is the folder itself
}

}  // namespace

Result<std::uint64_t> raise_descriptor_limit() {
  rlimit limit{};
  SLUICE_ASSERT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  if (limit.rlim_cur == limit.rlim_max) return limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &limit) != 0)
    return system_failure("the limit of descriptors cannot be raised");
  return limit.rlim_cur;
}

void reserve_descriptors(std::uint64_t count) {
  rlimit limit{};
  SLUICE_ASSERT(::getrlimit(RLIMIT_NOFILE, &limit) == 0);
  const auto highest = static_cast<int>(std::min<std::uint64_t>(count, limit.rlim_cur)) - 1;
  const FileDescriptor any(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  if (any.get() < 0 || any.get() >= highest) return;
  // The descriptor is closed at once: the table stays.
  const FileDescriptor last(::fcntl(any.get(), F_DUPFD_CLOEXEC, highest));
}

std::uint64_t memory_bytes_total() {
  const auto pages = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES));
  const auto machine = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return std::min(machine, Cgroup("").memory_bytes_max().value_or(machine));
}

unsigned cpu_count() {
  const std::uint64_t affine = std::max(1U, affinity_count());
  const auto quota = Cgroup("").cpu_milli_max();
  if (!quota) return static_cast<unsigned>(affine);
  const std::uint64_t rounded_up = std::max<std::uint64_t>(1, (*quota + 999) / 1000);
  return static_cast<unsigned>(std::min(affine, rounded_up));
}

ProcessUsage process_usage() {
  rusage usage{};
  SLUICE_ASSERT(::getrusage(RUSAGE_SELF, &usage) == 0);
  return {.cpu_time = to_duration(usage.ru_utime) + to_duration(usage.ru_stime),
          .resident_bytes = resident_bytes(),
          .descriptors = open_descriptors()};
}

}  // namespace sluice::os
