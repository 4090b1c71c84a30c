// SPDX-License-Identifier: Apache-2.0
//
// A Census counts what limits bound for the whole process: what all shards have of it together, so
// that a limit is exact whatever shard its clients live on.
//
// Owner:   the driver.      Thread: that of the shards; one for several threads is server's.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace sluice::core {

enum class Counted : std::uint8_t {
  connections,  ///< accepted ones
  sessions,
  retained_messages,
  retained_bytes,
  memory_bytes,
};
inline constexpr std::size_t counted_kinds = 5;

class Census {
 public:
  virtual ~Census() = default;

  /// Counts one more, unless `max` are there already.
  virtual bool take(Counted kind, std::uint64_t max) = 0;
  /// Counts that many more, or less; returns how many there are.
  virtual std::uint64_t add(Counted kind, std::int64_t change) = 0;
};

/// Of shards that one thread runs.
class LocalCensus final : public Census {
 public:
  bool take(Counted kind, std::uint64_t max) override {
    std::uint64_t& total = totals_[static_cast<std::size_t>(kind)];
    if (total >= max) return false;
    ++total;
    return true;
  }
  std::uint64_t add(Counted kind, std::int64_t change) override {
    return totals_[static_cast<std::size_t>(kind)] += static_cast<std::uint64_t>(change);
  }

 private:
  std::array<std::uint64_t, counted_kinds> totals_{};
};

}  // namespace sluice::core
