// SPDX-License-Identifier: Apache-2.0
//
// StormBench: all of a crowd lose their connections at once and come back to their sessions, while
// a few bystanders talk on at a steady rate. What it costs, and what the bystanders feel of it.
#pragma once

#include "cli/bench/histogram.h"
#include "cli/bench/message_source.h"
#include "cli/bench/state_bench.h"

#include <vector>

namespace sluice::cli {

class StormBench final : public StateBench {
 public:
  StormBench(BenchMachine& machine, const BenchPlan& plan, const BenchProgress& progress);
  BenchResult run() override;

 private:
  static constexpr std::uint32_t bystanders = 10;

  void on_message(LinkIndex link, const codec::Publish& publish) override;
  void on_published(LinkIndex link, const WireAck& ack) override;
  void before_flush() override;
  void on_gone(LinkIndex link) override;

  BenchResult gather();
  BenchResult storm();
  BenchResult talk_for(Duration time);
  void add_latency(const std::string& when, const std::string& label, const Histogram& latency);
  BenchResult forget_sessions();

  double rate_;
  LinkIndex crowd_ = 0;  ///< the first of it; bystanders stand before it, receivers first
  std::vector<MessageSource> sources_;
  std::vector<std::uint64_t> next_;  ///< expected by each receiver
  bool is_talking_ = false;
  Instant started_{};
  std::uint64_t scheduled_ = 0;
  Histogram before_;
  Histogram during_;
  Histogram* latency_ = nullptr;
  std::uint64_t turned_away_ = 0;  ///< connections that the broker closed before CONNACK
};

}  // namespace sluice::cli
