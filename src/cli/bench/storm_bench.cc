// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/storm_bench.h"

#include "os/clock.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr double default_rate = 1000;
constexpr std::uint32_t session_expiry_s = 3600;
constexpr std::uint32_t cut_in_a_turn_max = 8;

}  // namespace

StormBench::StormBench(BenchMachine& machine, const BenchPlan& plan, const BenchProgress& progress)
    : StateBench(machine, plan, progress), rate_(plan.rate > 0 ? plan.rate : default_rate) {}

BenchResult StormBench::gather() {
  std::vector<std::string> topics;
  for (std::uint32_t i = 0; i < bystanders; ++i) {
    topics.push_back(topic("bystander/" + std::to_string(i)));
    add({.client_id = client_id("receiver", i)});
    sources_.emplace_back(SourceOptions{.topic = topics.back(),
                                        .version = plan().version,
                                        .qos = plan().qos,
                                        .payload_bytes = plan().payload_bytes,
                                        .slots = 16'384,
                                        .stamp = {.run_tag = plan().run_tag, .source = i}});
  }
  next_.resize(bystanders);
  for (std::uint32_t i = 0; i < bystanders; ++i) add({.client_id = client_id("speaker", i)});
  crowd_ = 2 * bystanders;
  for (std::uint32_t i = 0; i < plan().clients; ++i)
    add({.client_id = client_id("crowd", i), .clean_start = false, .expiry_s = session_expiry_s});
  if (auto done = connect(0, crowd_ + plan().clients); !done) return done;
  for (std::uint32_t i = 0; i < bystanders; ++i) subscribe(i, {&topics[i], 1}, plan().qos);
  for (std::uint32_t i = 0; i < plan().clients; ++i) {
    const std::string filter = topic("crowd/" + std::to_string(i));
    subscribe(crowd_ + i, {&filter, 1}, plan().qos);
    if (i % 250 != 249) continue;
    if (auto done = subscribed(); !done) return done;
  }
  return subscribed();
}

BenchResult StormBench::run() {
  if (auto done = gather(); !done) return done;
  set_wait(Duration::zero());
  started_ = os::monotonic_now();
  is_talking_ = true;
  if (auto done = talk_for(plan().warm_up); !done) return done;
  latency_ = &before_;
  if (auto done = talk_for(plan().time); !done) return done;
  latency_ = &during_;
  const Mark before = mark();
  if (auto done = storm(); !done) return done;
  if (auto done = connect(crowd_, plan().clients); !done) return done;
  record({.name = "reconnect", .label = "a client that comes back", .has_memory = false}, before,
         plan().clients);
  const auto passed = static_cast<double>((os::monotonic_now() - before.time).count());
  add_figure({"storm_ns", "until all are back", passed, FigureUnit::ns, FigureGood::low});
  if (auto done = talk_for(250ms); !done) return done;
  is_talking_ = false;
  run_until([&] {
    std::uint64_t left = 0;
    for (const MessageSource& source : sources_) left += source.under_way();
    return left == 0 || now() - started_ > plan().time + 60s;
  });
  for (MessageSource& source : sources_) source.give_up();
  for (const MessageSource& source : sources_) note_broken(source.lost());
  add_latency("before", "before it", before_);
  add_latency("during", "during it", during_);
  add_figure({"turned_away", "connections closed before CONNACK", static_cast<double>(turned_away_),
              FigureUnit::count, FigureGood::low});
  return forget_sessions();
}

// As fast as this process can, yet a few in a turn: what the bystanders wait for is to be the
// broker.
BenchResult StormBench::storm() {
  std::uint32_t next = 0;
  run_until([&] {
    const std::uint32_t end = std::min<std::uint32_t>(plan().clients, next + cut_in_a_turn_max);
    for (; next < end; ++next) cut(crowd_ + next);
    return next == plan().clients;
  });
  if (!failure().empty()) return std::unexpected(failure());
  if (is_stopped()) return std::unexpected("stopped");
  return {};
}

BenchResult StormBench::talk_for(Duration time) {
  const Instant end = os::monotonic_now() + time;
  run_until([end] { return os::monotonic_now() >= end; });
  if (!failure().empty()) return std::unexpected(failure());
  if (is_stopped()) return std::unexpected("stopped");
  return {};
}

void StormBench::add_latency(const std::string& when, const std::string& label,
                             const Histogram& latency) {
  const auto add_one = [&](const std::string& name, const std::string& text, Duration value) {
    add_figure({"bystander_" + name + "_" + when + "_ns", "bystanders' latency " + label + text,
                static_cast<double>(value.count()), FigureUnit::ns, FigureGood::low});
  };
  add_one("p50", ", 50 %", latency.at_percentile(50));
  add_one("p99", ", 99 %", latency.at_percentile(99));
  add_one("max", ", longest", latency.largest());
}

BenchResult StormBench::forget_sessions() {
  const auto last = static_cast<LinkIndex>(wire().size());
  for (std::uint32_t i = 0; i < plan().clients; ++i) {
    leave(crowd_ + i);
    add({.client_id = client_id("crowd", i)});
  }
  if (auto done = connect(last, plan().clients); !done) return done;
  for (std::uint32_t i = 0; i < plan().clients; ++i) leave(last + i);
  return {};
}

// The open loop of the bystanders goes on whatever else is waited for.
void StormBench::before_flush() {
  if (!is_talking_) return;
  const Instant time = os::monotonic_now();
  const auto due = [&] {
    return started_ +
           Duration(static_cast<std::int64_t>(static_cast<double>(scheduled_) * 1e9 / rate_));
  };
  for (; due() <= time; ++scheduled_) {
    const auto source = static_cast<std::uint32_t>(scheduled_ % bystanders);
    if (!sources_[source].has_slot()) return;
    std::uint8_t* at = wire().send(bystanders + source, sources_[source].packet_bytes());
    sources_[source].write_next(at, due());
  }
}

void StormBench::on_message(LinkIndex link, const codec::Publish& publish) {
  MessageStamp stamp;
  const bool is_ours = link < bystanders && read_stamp(publish.payload, stamp) &&
                       stamp.run_tag == plan().run_tag && stamp.source == link;
  if (!is_ours) return note_broken(1);
  for (; next_[link] < stamp.number; ++next_[link]) sources_[link].on_missed(next_[link]);
  next_[link] = stamp.number + 1;
  if (sources_[link].on_received(stamp.number) != MessageSource::Taken::yes) return note_broken(1);
  if (latency_ != nullptr) latency_->record(now() - sources_[link].intended(stamp.number));
}

void StormBench::on_published(LinkIndex link, const WireAck& ack) {
  if (link >= bystanders && link < crowd_)
    sources_[link - bystanders].on_acknowledged(ack.packet_id);
}

// One of the crowd that is turned away tries again, as a device would.
void StormBench::on_gone(LinkIndex link) {
  if (link < crowd_) return StateBench::on_gone(link);
  ++turned_away_;
  if (const auto opened = open(link); !opened) fail_with(opened.error());
}

}  // namespace sluice::cli
