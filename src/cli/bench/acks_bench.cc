// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/acks_bench.h"

#include "cli/bench/ack_controls.h"
#include "os/clock.h"
#include "os/system_error.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace sluice::cli {
namespace {

constexpr std::size_t packet_ids = 65'536;

// How late a message of the open loop may be. Who waits less takes a processor from the broker.
constexpr Duration open_loop_wait = 50us;

}  // namespace

// At QoS 0 nothing is acknowledged.
codec::Qos AcksBench::qos() const { return std::max(plan().qos, codec::Qos::at_least_once); }

BenchIdentity AcksBench::identity(bool clean_start) const {
  return {.client_id = client_id("away", 0),
          .clean_start = clean_start,
          .expiry_s = clean_start ? 0U : 3600U};
}

BenchResult AcksBench::run() {
  if (auto done = warm_up(); !done) return done;
  topic_ = topic("acks");
  payload_.assign(std::max<std::size_t>(plan().payload_bytes, MessageStamp::bytes), 'x');
  if (auto done = measure_controls(); !done) return done;
  if (auto done = leave_a_session(); !done) return done;
  publishers_.resize(plan().clients);
  for (std::uint32_t i = 0; i < plan().clients; ++i) {
    publishers_[i].due.resize(packet_ids);
    const LinkIndex link = add({.client_id = client_id("pub", i)});
    if (i == 0) first_ = link;
  }
  if (auto done = connect(first_, plan().clients); !done) return done;
  if (auto done = measure(); !done) return done;
  return check_what_was_kept();
}

BenchResult AcksBench::leave_a_session() {
  const LinkIndex link = add(identity(false));
  if (auto done = connect(link, 1); !done) return done;
  subscribe(link, {&topic_, 1}, qos());
  if (auto done = subscribed(); !done) return done;
  leave(link);
  return {};
}

void AcksBench::add_time(const std::string& name, const std::string& label, Duration time) {
  add_figure({name, label, static_cast<double>(time.count()), FigureUnit::ns, FigureGood::low});
}

// What no broker can do without, on this machine and now.
BenchResult AcksBench::measure_controls() {
  show("measuring an echo and a sync without a broker");
  const auto echo = measure_echo(payload_.size());
  if (!echo) return std::unexpected("no echo over 127.0.0.1: " + os::describe(echo.error()));
  add_time("echo_p50_ns", "a bare echo over 127.0.0.1, 50 %", echo->at_percentile(50));
  if (plan().commit_directory.empty()) return {};
  const auto commits = measure_commits(plan().commit_directory);
  if (!commits)
    return std::unexpected("cannot write in '" + plan().commit_directory +
                           "': " + os::describe(commits.error()));
  add_time("commit_p50_ns", "a bare write and sync of 4 KiB, 50 %", commits->at_percentile(50));
  add_time("commit_p99_ns", "a bare write and sync of 4 KiB, 99 %", commits->at_percentile(99));
  return {};
}

BenchResult AcksBench::measure() {
  began_ = os::monotonic_now();
  const Instant measured_from = began_ + plan().warm_up;
  const Instant end = measured_from + plan().time;
  is_sending_ = true;
  if (plan().rate > 0) {
    set_wait(open_loop_wait);
  } else {
    for (std::size_t i = 0; i < publishers_.size(); ++i)
      for (std::uint32_t k = 0; k < plan().window; ++k) send(i, began_);
  }
  Mark before{};
  std::uint64_t acknowledged_before = 0;
  const bool is_done = run_until([&] {
    const Instant time = os::monotonic_now();
    if (!is_measuring_ && time >= measured_from) {
      is_measuring_ = true;
      before = mark();
      acknowledged_before = acknowledged_;
    }
    return time >= end;
  });
  if (!failure().empty()) return std::unexpected(failure());
  if (!is_done) return std::unexpected("the broker acknowledged nothing more");
  record({.name = "ack", .label = "a message acknowledged"}, before,
         acknowledged_ - acknowledged_before);
  constexpr std::array percents{std::pair{50.0, "50"}, std::pair{99.0, "99"},
                                std::pair{99.9, "999"}};
  for (const auto& [percent, name] : percents)
    add_time("ack_p" + std::string(name) + "_ns",
             "time to the acknowledgement, " + std::string(percent == 99.9 ? "99.9" : name) + " %",
             latency_.at_percentile(percent));
  add_time("ack_max_ns", "time to the acknowledgement, the longest", latency_.largest());
  is_sending_ = false;
  set_wait(100ms);
  return wait_for(sent_, acknowledged_);
}

BenchResult AcksBench::check_what_was_kept() {
  taken_.assign(publishers_.size(), 0);
  back_ = add(identity(false));
  if (auto done = connect(back_, 1); !done) return done;
  if (auto done = wait_for(acknowledged_, received_); !done) return done;
  leave(back_);
  const LinkIndex last = add(identity(true));
  if (auto done = connect(last, 1); !done) return done;
  leave(last);
  return {};
}

void AcksBench::send(std::size_t publisher, Instant due) {
  Publisher& from = publishers_[publisher];
  MessageStamp stamp{.run_tag = plan().run_tag,
                     .source = static_cast<std::uint32_t>(publisher),
                     .number = from.next++};
  std::memcpy(payload_.data(), &stamp, MessageStamp::bytes);
  codec::Publish publish;
  publish.topic = topic_;
  publish.qos = qos();
  publish.packet_id = static_cast<codec::PacketId>(stamp.number % 65'535 + 1);
  publish.payload = payload_;
  from.due[publish.packet_id] = due;
  packet_ = publish_packet(publish, plan().version);
  wire().send(static_cast<LinkIndex>(first_ + publisher), packet_);
  ++sent_;
}

// Those that are due by now, each to the next publisher. One whose publisher has used up its packet
// identifiers waits, and its latency grows.
void AcksBench::send_due() {
  const Instant time = os::monotonic_now();
  const auto due_at = [this](std::uint64_t number) {
    return began_ +
           Duration(static_cast<std::int64_t>(static_cast<double>(number) * 1e9 / plan().rate));
  };
  for (; due_at(scheduled_) <= time; ++scheduled_) {
    const std::size_t next = scheduled_ % publishers_.size();
    const Publisher& publisher = publishers_[next];
    if (publisher.next - publisher.acknowledged >= packet_ids - 1) return;
    send(next, due_at(scheduled_));
  }
}

void AcksBench::on_published(LinkIndex link, const WireAck& ack) {
  if (link < first_ || link >= first_ + publishers_.size()) return;
  Publisher& publisher = publishers_[link - first_];
  ++publisher.acknowledged;
  ++acknowledged_;
  note_progress();
  if (is_measuring_ && is_sending_) latency_.record(now() - publisher.due[ack.packet_id]);
  if (is_sending_ && plan().rate == 0) answered_.push_back(link);
}

void AcksBench::before_flush() {
  if (is_sending_ && plan().rate > 0) send_due();
  for (const LinkIndex link : answered_) send(link - first_, now());
  answered_.clear();
}

void AcksBench::on_message(LinkIndex link, const codec::Publish& publish) {
  MessageStamp stamp;
  const bool is_expected = link == back_ && !taken_.empty() && read_stamp(publish.payload, stamp) &&
                           stamp.run_tag == plan().run_tag && stamp.source < taken_.size() &&
                           stamp.number == taken_[stamp.source];
  if (!is_expected) return note_broken(1);
  ++taken_[stamp.source];
  ++received_;
}

}  // namespace sluice::cli
