// SPDX-License-Identifier: Apache-2.0
//
// std::mutex with clang's thread-safety annotations: what a mutex guards is written at the data,
// and a build by clang refuses access without it.
#pragma once

#include <mutex>

#if defined(__clang__)
#define SLUICE_THREAD_ATTRIBUTE(x) __attribute__((x))
#else
#define SLUICE_THREAD_ATTRIBUTE(x)
#endif
#define SLUICE_GUARDED_BY(mutex) SLUICE_THREAD_ATTRIBUTE(guarded_by(mutex))

namespace sluice::os {

class SLUICE_THREAD_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() SLUICE_THREAD_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() SLUICE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  friend class Condition;
  std::mutex mutex_;
};

class SLUICE_THREAD_ATTRIBUTE(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) SLUICE_THREAD_ATTRIBUTE(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  ~MutexLock() SLUICE_THREAD_ATTRIBUTE(release_capability()) { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace sluice::os
