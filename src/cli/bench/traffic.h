// SPDX-License-Identifier: Apache-2.0
//
// Traffic is the benchmark of messages under way: sources publish, receivers check what comes.
//
// Closed loop: a message leaves its source's window when every receiver has it and, at QoS 1 and 2,
// the broker has acknowledged it; a source writes a quarter of its window at a time, a receiver is
// read about as much in a turn. Open loop: messages are sent at the times that the rate says, and
// latency counts from those times, whether or not the sending was late.
//
// Owner:   run_bench().                     Thread: its owner's.
#pragma once

#include "cli/bench/benchmark.h"
#include "cli/bench/crowd.h"
#include "cli/bench/histogram.h"
#include "cli/bench/message_source.h"

#include <vector>

namespace sluice::cli {

struct TrafficShape {
  std::uint32_t sources = 1;
  std::uint32_t receivers = 1;
  std::uint32_t copies = 1;  ///< how many receivers get each message
};
TrafficShape shape_of(const BenchPlan& plan);

struct TrafficTally {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t foreign = 0;  ///< messages that are not of this run
};

class Traffic final : public Benchmark, public Crowd {
 public:
  Traffic(BenchMachine& machine, const BenchPlan& plan, const BenchProgress& progress);

  BenchResult run() override;
  Figures figures() const override;
  bool is_broken() const override;

 private:
  struct Receiver {
    std::uint32_t first_source = 0;
    std::vector<std::uint64_t> next;  ///< the number expected of each source
  };
  struct Mark {  ///< where everything stood when the measuring began or ended
    Instant time{};
    std::uint64_t received = 0;
    ServerUsage server{};
    Duration own_cpu{};
  };

  void on_message(LinkIndex link, const codec::Publish& publish) override;
  void on_published(LinkIndex link, const WireAck& ack) override;

  BenchResult gather();
  void add_sources();
  void add_receivers();
  std::string filter_of(std::uint32_t receiver) const;
  std::string topic_of(std::uint32_t source) const;
  LinkIndex link_of(std::uint32_t source) const { return shape_.receivers + source; }
  bool is_shared() const { return plan().mode == BenchMode::shared; }

  void pump();
  Duration send_window();
  Duration send_scheduled();
  void write(std::uint32_t source, std::uint32_t count, Instant intended);
  void check_order(Receiver& receiver, std::uint32_t source, std::uint64_t number);
  void drain();
  void report_progress();
  Mark mark() const;
  std::uint64_t under_way() const;
  std::uint64_t lost() const;
  void append_latency(Figures& out) const;
  void append_server(Figures& out) const;

  const BenchProgress& progress_;
  TrafficShape shape_;
  std::vector<MessageSource> sources_;
  std::vector<Receiver> receivers_;
  TrafficTally tally_;
  Histogram latency_;
  bool is_measuring_ = false;
  std::uint32_t quarter_ = 1;
  Instant started_{};
  std::uint64_t scheduled_ = 0;  ///< messages of the open loop that were sent
  Duration behind_{};            ///< the most that a scheduled message was sent late
  Mark first_;
  Mark last_;
  Instant progress_time_{};
  Instant received_time_{};  ///< something had come then
  std::uint64_t progress_received_ = 0;
};

}  // namespace sluice::cli
