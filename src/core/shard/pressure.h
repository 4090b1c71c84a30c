// SPDX-License-Identifier: Apache-2.0
//
// Pressure looks, at the beginning of each turn, at what is full for longer than a turn: the memory
// of the whole process, and the rings to the other shards. It says in the Context who has to wait.
// Memory that was full lets go once an eighth is free, so that publishers do not come and go one by
// one.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  limits.memory_bytes_max, limits.congestion_grace.
#pragma once

#include "core/shard/context.h"

#include <cstdint>

namespace sluice::core {

class Pressure {
 public:
  enum class Outlook : std::uint8_t { same, better };

  explicit Pressure(Context& c) : c_(c) {}

  /// `memory_bytes` are this shard's; better: those who waited may go on.
  Outlook look(std::uint64_t memory_bytes) {
    const std::uint64_t all = c_.count_in(Counted::memory_bytes, memory_bytes);
    const auto max = static_cast<std::uint64_t>(c_.options.limits.memory_bytes_max);
    const bool is_quiet = (max == 0 || all < max) && !c_.is_memory_full &&
                          congested_since_.is_never() &&
                          (c_.is_alone() || !c_.mailer.is_congested());
    if (is_quiet) [[likely]]
      return Outlook::same;
    return look_closely(all);
  }
  /// After the state of the log has changed.
  void note_holding();
  /// When to look again although nothing happens here: other shards may make room, and do not tell.
  Instant next_look() const;

 private:
  Outlook look_closely(std::uint64_t all_bytes);
  bool note_memory(std::uint64_t all_bytes);
  bool is_long(bool is_so, Instant& since) const;

  Context& c_;
  Instant memory_full_since_ = Instant::never();
  Instant congested_since_ = Instant::never();
};

}  // namespace sluice::core
