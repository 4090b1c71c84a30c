// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/acks_bench.h"
#include "cli/bench/benchmark.h"
#include "cli/bench/churn_bench.h"
#include "cli/bench/connections_bench.h"
#include "cli/bench/queue_bench.h"
#include "cli/bench/retained_bench.h"
#include "cli/bench/storm_bench.h"
#include "cli/bench/subscriptions_bench.h"
#include "cli/bench/traffic.h"

namespace sluice::cli {

std::unique_ptr<Benchmark> make_benchmark(BenchMachine& machine, const BenchPlan& plan,
                                          const BenchProgress& progress) {
  switch (plan.mode) {
    case BenchMode::connections:
      return std::make_unique<ConnectionsBench>(machine, plan, progress);
    case BenchMode::subscriptions:
      return std::make_unique<SubscriptionsBench>(machine, plan, progress);
    case BenchMode::retained:
      return std::make_unique<RetainedBench>(machine, plan, progress);
    case BenchMode::queue:
      return std::make_unique<QueueBench>(machine, plan, progress);
    case BenchMode::acks:
      return std::make_unique<AcksBench>(machine, plan, progress);
    case BenchMode::churn:
      return std::make_unique<ChurnBench>(machine, plan, progress);
    case BenchMode::storm:
      return std::make_unique<StormBench>(machine, plan, progress);
    default:
      return std::make_unique<Traffic>(machine, plan, progress);
  }
}

}  // namespace sluice::cli
