// SPDX-License-Identifier: Apache-2.0
//
// QueueBench: messages for clients that are away, and what they get when they come back.
#pragma once

#include "cli/bench/state_bench.h"

#include <vector>

namespace sluice::cli {

class QueueBench final : public StateBench {
 public:
  using StateBench::StateBench;
  BenchResult run() override;

 private:
  void on_message(LinkIndex link, const codec::Publish& publish) override;
  void on_published(LinkIndex, const WireAck&) override { ++acknowledged_; }

  BenchIdentity identity(std::uint32_t client, bool clean_start) const;
  BenchResult publish_all(LinkIndex publisher);
  BenchResult forget_sessions();
  codec::Qos qos() const;

  LinkIndex first_ = 0;              ///< of the clients that come back
  std::vector<std::uint64_t> next_;  ///< expected by each
  std::uint64_t received_ = 0;
  std::uint64_t acknowledged_ = 0;
};

}  // namespace sluice::cli
