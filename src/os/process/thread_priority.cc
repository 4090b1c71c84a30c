// SPDX-License-Identifier: Apache-2.0
#include "os/process/thread_priority.h"

#include <sys/resource.h>

namespace sluice::os {
namespace {

// A tenth of what others get: on a machine full of other work it takes long, but not for ever. With
// 19, the last, a password was not looked at within the ten seconds that CONNECT has.
constexpr int yielding = 10;

}  // namespace

void lower_thread_priority() {
  // On Linux the niceness of "the process" 0 is that of the calling thread. A kernel that does not
  // allow it leaves things as they are.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, yielding));
}

}  // namespace sluice::os
