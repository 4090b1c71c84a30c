// SPDX-License-Identifier: Apache-2.0
//
// A StateBench makes the broker remember many things of one kind and tells what each of them cost:
// time, the broker's processor time, the growth of its memory.
//
// Owner:   run_bench().                     Thread: its owner's.
#pragma once

#include "cli/bench/benchmark.h"
#include "cli/bench/crowd.h"

#include <string>

namespace sluice::cli {

class StateBench : public Benchmark, public Crowd {
 public:
  StateBench(BenchMachine& machine, const BenchPlan& plan, const BenchProgress& progress)
      : Crowd(machine, plan), progress_(progress) {}

  Figures figures() const override { return figures_; }
  bool is_broken() const override { return broken_ > 0; }

 protected:
  /// What a phase is called in figures, and what it does in a line for people.
  struct Phase {
    std::string name;   ///< "store"
    std::string label;  ///< "storing a retained message"
    bool has_memory = true;
  };
  /// Where time, processor time and memory stood.
  struct Mark {
    Instant time{};
    ServerUsage server{};
  };
  Mark mark() const;
  /// Figures of what happened since `from`, for each of `count` things.
  void record(const Phase& phase, const Mark& from, std::uint64_t count);
  void add_figure(Figure figure) { figures_.push_back(std::move(figure)); }

  /// Calls `send` with 0, 1, … count - 1, at most `window` of them ahead of `done`, and waits until
  /// `done` has reached count.
  BenchResult send_all(std::uint64_t count, const std::uint64_t& done,
                       const std::function<void(std::uint64_t)>& send);
  /// Waits until `done` has reached count.
  BenchResult wait_for(std::uint64_t count, const std::uint64_t& done);
  /// So that what a broker allocates once is not charged to the first of its clients.
  BenchResult warm_up();

  std::string topic(std::string_view rest) const;
  void show(const std::string& line) const { progress_(line); }
  /// Something came that must not, or did not come.
  void note_broken(std::uint64_t count) { broken_ += count; }
  std::uint64_t broken() const { return broken_; }

  void on_message(LinkIndex, const codec::Publish&) override {}
  void on_published(LinkIndex, const WireAck&) override {}

 private:
  BenchResult outcome(bool is_done, const std::string& what) const;
  void show_share(std::uint64_t done, std::uint64_t count);

  const BenchProgress& progress_;
  Figures figures_;
  std::uint64_t broken_ = 0;
  Instant shown_{};
};

}  // namespace sluice::cli
