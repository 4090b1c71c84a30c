// SPDX-License-Identifier: Apache-2.0
//
// A Benchmark is one of the things that `sluice bench` can do: run once, then asked what it found.
//
// Owner:   run_bench().                     Thread: its owner's.
#pragma once

#include "cli/bench/bench_plan.h"
#include "cli/bench/figure.h"

#include <expected>
#include <functional>
#include <memory>
#include <string>

namespace sluice::cli {

struct BenchMachine;

/// The error is a sentence for the user.
using BenchResult = std::expected<void, std::string>;
/// Called about twice a second: what is being done, and how far it is.
using BenchProgress = std::function<void(const std::string& line)>;

class Benchmark {
 public:
  Benchmark() = default;
  Benchmark(const Benchmark&) = delete;
  Benchmark& operator=(const Benchmark&) = delete;
  virtual ~Benchmark() = default;

  virtual BenchResult run() = 0;
  virtual Figures figures() const = 0;
  /// True if something was lost, doubled or out of order that the QoS forbids.
  virtual bool is_broken() const = 0;
};

/// What the plan's mode names.
std::unique_ptr<Benchmark> make_benchmark(BenchMachine& machine, const BenchPlan& plan,
                                          const BenchProgress& progress);

}  // namespace sluice::cli
