// SPDX-License-Identifier: Apache-2.0
#include "os/process/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace sluice::os {
namespace {

// A tenth of what others get: on a machine full of other work it takes long, but not for ever. With
// 19, the last, a password was not looked at within the ten seconds that CONNECT has.
constexpr int yielding = 10;

// The slice that a thread asks for. Whoever asks for less than those who run is let in before them.
constexpr std::uint64_t short_slice_ns = 100'000;

// The first version of the kernel's sched_attr, whose header cannot stand beside the C library's
// <sched.h>; see sched_setattr(2).
struct SchedulingAttributes {
  std::uint32_t size = sizeof(SchedulingAttributes);
  std::uint32_t policy = 0;
  std::uint64_t flags = 0;
  std::int32_t nice = 0;
  std::uint32_t priority = 0;
  std::uint64_t runtime_ns = 0;
  std::uint64_t deadline_ns = 0;
  std::uint64_t period_ns = 0;
};
static_assert(sizeof(SchedulingAttributes) == 48);

}  // namespace

void lower_thread_priority() {
  // On Linux the niceness of "the process" 0 is that of the calling thread. A kernel that does not
  // allow it leaves things as they are.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, yielding));
}

void shorten_thread_waits() {
  // The C library has no function for these. Policy and niceness stay as whoever started us chose.
  SchedulingAttributes attributes;
  if (::syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) != 0) return;
  if (attributes.policy != SCHED_OTHER) return;
  attributes.runtime_ns = short_slice_ns;
  static_cast<void>(::syscall(SYS_sched_setattr, 0, &attributes, 0));
}

}  // namespace sluice::os
