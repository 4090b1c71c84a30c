// SPDX-License-Identifier: Apache-2.0
//
// A RateMeter counts messages and says how many came a second, as `sub --rate` does.
//
// Owner:   Subscriber.
#pragma once

#include "base/time.h"

#include <cstddef>
#include <cstdint>
#include <string>

namespace sluice::cli {

class RateMeter {
 public:
  explicit RateMeter(Instant now) : start_(now), tick_(now) {}

  void add(std::size_t payload_bytes) {
    ++messages_;
    bytes_ += payload_bytes;
  }
  /// Appends a line for the time since the last call.
  void append_line(WallTime time, Instant now, std::string& out);
  /// Appends a line with the number of messages since the last call.
  void append_count(std::string& out);
  /// Appends a line for all of it.
  void append_total(Instant now, std::string& out) const;

 private:
  Instant start_;
  Instant tick_;
  std::uint64_t messages_ = 0;
  std::uint64_t bytes_ = 0;  ///< of payloads
  std::uint64_t messages_before_ = 0;
  std::uint64_t bytes_before_ = 0;
};

}  // namespace sluice::cli
