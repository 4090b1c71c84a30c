// SPDX-License-Identifier: Apache-2.0
//
// An Event wakes a thread that waits for nothing else. Signals are coalesced; one costs a system
// call only if the thread sleeps. Publish work, then signal(); the thread looks for work after
// wait().
//
// Owner:   the thread that waits.           Thread: signal() any; wait() its owner's.
#pragma once

#include <atomic>

namespace sluice::os {

class Event {
 public:
  void signal() {
    if (is_set_.exchange(1, std::memory_order_acq_rel) == 0) is_set_.notify_one();
  }
  /// Returns once there was a signal since the last wait().
  void wait() {
    is_set_.wait(0, std::memory_order_acquire);
    is_set_.exchange(0, std::memory_order_acq_rel);
  }

 private:
  std::atomic<int> is_set_{0};
};

}  // namespace sluice::os
