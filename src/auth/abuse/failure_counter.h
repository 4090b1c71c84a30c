// SPDX-License-Identifier: Apache-2.0
//
// FailureCounter remembers how often an address and user name have failed lately. Time is cut into
// windows for each of them: the first failure begins one.
//
// Owner:   whoever checks credentials.      Thread: its owner's.
// Limits:  entries_max; the oldest is forgotten for a new one.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

namespace sluice::auth {

class FailureCounter {
 public:
  static constexpr std::size_t entries_max = 100'000;

  /// Failures in the window that is open now.
  std::uint64_t count(const std::string& key, Instant now, Duration window) const;
  void add(const std::string& key, Instant now, Duration window);
  void forget(const std::string& key) { entries_.erase(key); }
  std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Instant began{};
    std::uint64_t failures = 0;
  };
  void make_room(Instant now, Duration window);

  std::unordered_map<std::string, Entry> entries_;
  std::deque<std::pair<std::string, Instant>> order_;  // by the beginning of their windows
};

/// The key of a client: its address without the port, and the name that it gave.
std::string failure_key(std::string_view address, std::string_view user);

}  // namespace sluice::auth
