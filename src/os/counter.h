// SPDX-License-Identifier: Apache-2.0
//
// A Counter is a number that one thread or several change and any thread may read at any time; it
// orders nothing else. A Flag is a yes or no that says, when it is raised, who raised it first.
//
// Thread: any.
#pragma once

#include <atomic>
#include <cstdint>

namespace sluice::os {

class Counter {
 public:
  void add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  void set(std::uint64_t value) { value_.store(value, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

class Flag {
 public:
  /// True for the one call that raised it. What happened before is seen by whoever lowers it.
  bool raise() { return !is_up_.exchange(true, std::memory_order_acq_rel); }
  /// True if it was up.
  bool lower() { return is_up_.exchange(false, std::memory_order_acq_rel); }
  bool is_up() const { return is_up_.load(std::memory_order_acquire); }

 private:
  std::atomic<bool> is_up_{false};
};

}  // namespace sluice::os
