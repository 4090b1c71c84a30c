// SPDX-License-Identifier: Apache-2.0
//
// ChurnBench: clients that connect, subscribe, publish a message, receive it, disconnect, and begin
// again, a number of them at once.
#pragma once

#include "cli/bench/histogram.h"
#include "cli/bench/state_bench.h"

#include <vector>

namespace sluice::cli {

class ChurnBench final : public StateBench {
 public:
  using StateBench::StateBench;
  BenchResult run() override;

 private:
  void on_connected(LinkIndex link) override;
  void on_message(LinkIndex link, const codec::Publish& publish) override;
  void before_flush() override;
  void begin(LinkIndex link);

  std::vector<std::string> topics_;  ///< by client
  std::vector<Instant> begun_;       ///< by client
  std::vector<LinkIndex> finished_;  ///< in this turn
  LinkIndex first_ = 0;
  std::uint64_t rounds_ = 0;
  bool is_measuring_ = false;
  Histogram round_time_;
};

}  // namespace sluice::cli
