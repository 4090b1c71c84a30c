// SPDX-License-Identifier: Apache-2.0
//
// World is one simulated run: shards, clients, the network between them and the model that judges,
// on a virtual clock in one thread. First a time with faults, in which nothing wrong may happen;
// then the faults stop, and all that is owed must arrive within a bound.
//
// Owner:   whoever runs a seed.      Thread: one.      Never: a real clock.
#pragma once

#include "tests/sim/sim_client.h"

#include <memory>
#include <string>
#include <vector>

namespace sluice::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::uint64_t salt = 0;  ///< another series of runs under the same seeds
  std::uint64_t seconds = 60;
  std::uint16_t shards = 0;  ///< 0: drawn from the seed
};

struct RunResult {
  std::vector<std::string> failures;
  Totals totals;
  std::uint64_t trace = 0;
  std::uint16_t shards = 0;
  Duration simulated{};
};

RunResult run_seed(const RunOptions& options);

}  // namespace sluice::sim
