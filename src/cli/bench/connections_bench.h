// SPDX-License-Identifier: Apache-2.0
//
// ConnectionsBench: clients that connect and then are silent; then each subscribes to a topic of
// its own.
#pragma once

#include "cli/bench/state_bench.h"

namespace sluice::cli {

class ConnectionsBench final : public StateBench {
 public:
  using StateBench::StateBench;
  BenchResult run() override;
};

}  // namespace sluice::cli
