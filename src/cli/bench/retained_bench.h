// SPDX-License-Identifier: Apache-2.0
//
// RetainedBench: a retained message on each of many topics, all of them to a new subscriber, and
// all of them cleared.
#pragma once

#include "cli/bench/state_bench.h"

#include <vector>

namespace sluice::cli {

class RetainedBench final : public StateBench {
 public:
  using StateBench::StateBench;
  BenchResult run() override;

 private:
  void on_message(LinkIndex link, const codec::Publish& publish) override;
  void on_published(LinkIndex, const WireAck&) override { ++acknowledged_; }

  BenchResult publish_all(LinkIndex publisher, std::uint32_t payload_bytes);

  std::vector<bool> seen_;
  std::uint64_t received_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace sluice::cli
