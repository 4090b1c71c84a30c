// SPDX-License-Identifier: Apache-2.0
//
// A Wakeup ends another thread's Reactor::wait(). Signals are coalesced: until the owner
// acknowledges, only the first costs a system call. Register it with Watch::edge; it need never be
// read.
//
// The order that loses nothing: a sender publishes its work, then calls signal(); the owner, told
// by the reactor, calls acknowledge() and only then looks for work.
//
// Owner:   the thread that waits.           Thread: signal() any; the rest its owner's.
// Never:   blocks.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"

#include <atomic>
#include <memory>

namespace sluice::os {

class Wakeup {
 public:
  static Result<std::unique_ptr<Wakeup>> create();
  /// Takes a non-blocking eventfd; create() opens one.
  explicit Wakeup(FileDescriptor event) : event_(std::move(event)) {}
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  int fd() const { return event_.get(); }
  void signal();
  /// Sees all that was published before any signal() that it swallows.
  void acknowledge() { is_pending_.exchange(false, std::memory_order_acq_rel); }

 private:
  FileDescriptor event_;
  std::atomic<bool> is_pending_{false};
};

}  // namespace sluice::os
