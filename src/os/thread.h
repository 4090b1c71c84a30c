// SPDX-License-Identifier: Apache-2.0
//
// A Thread is a named thread that its owner joins: by join(), or by the destructor. All signals are
// blocked in it; the process takes them through SignalQueue.
//
// Owner:   whoever started it.              Thread: its owner's.
#pragma once

#include "base/result.h"

#include <functional>
#include <string>
#include <thread>

namespace sluice::os {

class Thread {
 public:
  Thread() = default;
  /// Starts `body`; `name` is cut to the 15 bytes that the kernel keeps.
  static Result<Thread> start(std::string name, std::function<void()> body);
  Thread(Thread&&) = default;
  Thread& operator=(Thread&& other) noexcept;
  ~Thread() { join(); }

  bool is_running() const { return thread_.joinable(); }
  /// Waits for the body to return. Nothing if there is none.
  void join();
  /// Lets the body run on by itself: for a body that ends its own owner.
  void detach();

 private:
  explicit Thread(std::thread thread) : thread_(std::move(thread)) {}
  std::thread thread_;
};

/// Names the thread that asks; compares equal on that thread only.
using ThreadId = std::thread::id;
ThreadId this_thread();

}  // namespace sluice::os
