// SPDX-License-Identifier: Apache-2.0
#include "os/process/thread_priority.h"

#include <sys/resource.h>

namespace sluice::os {

void lower_thread_priority() {
  // On Linux the niceness of "the process" 0 is that of the calling thread. A kernel that does not
  // allow it leaves things as they are.
  static_cast<void>(::setpriority(PRIO_PROCESS, 0, 19));
}

}  // namespace sluice::os
