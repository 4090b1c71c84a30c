// SPDX-License-Identifier: Apache-2.0
//
// A Condition lets a thread wait for what another one changes under a Mutex. Wait in a loop that
// looks at what is waited for.
//
// Owner:   whoever owns the Mutex.      Thread: any.
#pragma once

#include "base/time.h"
#include "os/mutex.h"

#include <condition_variable>
#include <mutex>

namespace sluice::os {

class Condition {
 public:
  /// Until notify_all(), or for no reason. REQUIRES: `mutex` is held.
  void wait(Mutex& mutex) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    changed_.wait(lock);
    lock.release();
  }
  /// The same, at most until that time of the monotonic clock.
  void wait_until(Mutex& mutex, Instant deadline) {
    std::unique_lock lock(mutex.mutex_, std::adopt_lock);
    changed_.wait_until(lock, std::chrono::steady_clock::time_point(Duration(deadline.ns)));
    lock.release();
  }
  void notify_all() { changed_.notify_all(); }

 private:
  std::condition_variable changed_;
};

}  // namespace sluice::os
