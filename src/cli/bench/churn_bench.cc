// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/churn_bench.h"

#include "os/clock.h"

namespace sluice::cli {

BenchResult ChurnBench::run() {
  if (auto done = warm_up(); !done) return done;
  for (std::uint32_t i = 0; i < plan().clients; ++i) {
    const LinkIndex link = add({.client_id = client_id("churn", i)});
    if (i == 0) first_ = link;
    topics_.push_back(topic("churn/" + std::to_string(i)));
  }
  begun_.resize(plan().clients);
  for (std::uint32_t i = 0; i < plan().clients; ++i) begin(first_ + i);
  const Instant measured_from = os::monotonic_now() + plan().warm_up;
  const Instant end = measured_from + plan().time;
  Mark before{};
  std::uint64_t rounds_before = 0;
  run_until([&] {
    const Instant time = os::monotonic_now();
    if (!is_measuring_ && time >= measured_from) {
      is_measuring_ = true;
      before = mark();
      rounds_before = rounds_;
    }
    return time >= end;
  });
  if (!failure().empty()) return std::unexpected(failure());
  if (!is_measuring_) return std::unexpected("stopped before the measuring began");
  record({.name = "round", .label = "a round of one client"}, before, rounds_ - rounds_before);
  add_figure({"round_p50_ns", "time of a round, 50 %",
              static_cast<double>(round_time_.at_percentile(50).count()), FigureUnit::ns,
              FigureGood::low});
  add_figure({"round_p99_ns", "time of a round, 99 %",
              static_cast<double>(round_time_.at_percentile(99).count()), FigureUnit::ns,
              FigureGood::low});
  return {};
}

void ChurnBench::begin(LinkIndex link) {
  begun_[link - first_] = now();
  if (const auto opened = open(link); !opened) fail_with(opened.error());
}

// Subscribe and publish leave together: the broker must have the subscription before the message.
void ChurnBench::on_connected(LinkIndex link) {
  if (link < first_ || topics_.empty()) return;
  const std::string& name = topics_[link - first_];
  subscribe(link, {&name, 1}, plan().qos);
  const std::vector<std::uint8_t> payload(plan().payload_bytes, 'x');
  codec::Publish publish;
  publish.topic = name;
  publish.qos = plan().qos;
  publish.packet_id = publish.qos == codec::Qos::at_most_once ? 0 : 1;
  publish.payload = payload;
  wire().send(link, publish_packet(publish, plan().version));
}

void ChurnBench::on_message(LinkIndex link, const codec::Publish& publish) {
  if (publish.topic != topics_[link - first_]) return note_broken(1);
  finished_.push_back(link);
}

void ChurnBench::before_flush() {
  for (const LinkIndex link : finished_) {
    if (is_measuring_) round_time_.record(now() - begun_[link - first_]);
    ++rounds_;
    note_progress();
    leave(link);
    begin(link);
  }
  finished_.clear();
}

}  // namespace sluice::cli
