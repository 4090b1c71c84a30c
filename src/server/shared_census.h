// SPDX-License-Identifier: Apache-2.0
//
// A SharedCensus is the census of shards that run in threads of their own.
//
// Owner:   Server.      Thread: any.
#pragma once

#include "core/shard/census.h"

#include <array>
#include <atomic>

namespace sluice::server {

class SharedCensus final : public core::Census {
 public:
  bool take(core::Counted kind, std::uint64_t max) override {
    auto& total = totals_[static_cast<std::size_t>(kind)].value;
    std::uint64_t now = total.load(std::memory_order_relaxed);
    do {
      if (now >= max) return false;
    } while (!total.compare_exchange_weak(now, now + 1, std::memory_order_relaxed));
    return true;
  }
  std::uint64_t add(core::Counted kind, std::int64_t change) override {
    auto& total = totals_[static_cast<std::size_t>(kind)].value;
    const auto more = static_cast<std::uint64_t>(change);
    if (more == 0) return total.load(std::memory_order_relaxed);
    return total.fetch_add(more, std::memory_order_relaxed) + more;
  }

 private:
  struct alignas(64) Total {
    std::atomic<std::uint64_t> value{0};
  };
  std::array<Total, core::counted_kinds> totals_{};
};

}  // namespace sluice::server
