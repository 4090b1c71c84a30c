// SPDX-License-Identifier: Apache-2.0
//
// SubscriptionsBench: many subscriptions of a few clients, fifty filters in a packet; then messages
// of which each matches exactly three of them: the topic itself, + in its last level, and #.
#pragma once

#include "cli/bench/state_bench.h"

#include <vector>

namespace sluice::cli {

class SubscriptionsBench final : public StateBench {
 public:
  using StateBench::StateBench;
  BenchResult run() override;

 private:
  void on_message(LinkIndex link, const codec::Publish& publish) override;

  BenchResult subscribe_all();
  BenchResult publish_all();
  std::string place(std::uint64_t topic_number) const;
  std::uint64_t topics() const { return std::max<std::uint64_t>(1, plan().count / 3); }

  LinkIndex first_ = 0;
  std::vector<std::uint64_t> received_;  ///< by kind of filter
  std::uint64_t received_all_ = 0;       ///< in thirds of a message
  std::uint64_t finished_ = 0;
};

}  // namespace sluice::cli
