// SPDX-License-Identifier: Apache-2.0
#include "cli/bench/traffic.h"

#include "os/clock.h"
#include "os/process/resources.h"

#include <algorithm>
#include <bit>

namespace sluice::cli {
namespace {

constexpr Duration spin_below = 2ms;  // a wait is rounded up to whole milliseconds
constexpr Duration progress_every = 500ms;
constexpr Duration stalled_after = 5s;

// The window four times over; all that memory allows where nothing else bounds what is under way.
std::uint32_t slots_for(const BenchPlan& plan, std::uint32_t sources) {
  if (plan.rate <= 0) return std::bit_ceil(4 * plan.window);
  return std::clamp(std::bit_floor((1U << 20) / std::max(1U, sources)), 1024U, 65'536U);
}

}  // namespace

TrafficShape shape_of(const BenchPlan& plan) {
  switch (plan.mode) {
    case BenchMode::fan_out:
      return {.sources = 1, .receivers = plan.clients, .copies = plan.clients};
    case BenchMode::fan_in:
      return {.sources = plan.clients, .receivers = 1, .copies = 1};
    default:
      return {.sources = plan.clients, .receivers = plan.clients, .copies = 1};
  }
}

Traffic::Traffic(BenchMachine& machine, const BenchPlan& plan, const BenchProgress& progress)
    : Crowd(machine, plan),
      progress_(progress),
      shape_(shape_of(plan)),
      quarter_(std::max(1U, plan.window / 4)) {
  add_receivers();
  add_sources();
}

std::string Traffic::topic_of(std::uint32_t source) const {
  return "bench/" + std::to_string(plan().run_tag) + "/" + std::to_string(source);
}

std::string Traffic::filter_of(std::uint32_t receiver) const {
  const std::string run = std::to_string(plan().run_tag);
  switch (plan().mode) {
    case BenchMode::fan_out:
      return topic_of(0);
    case BenchMode::fan_in:
      return "bench/" + run + "/+";
    case BenchMode::shared:
      return "$share/bench/bench/" + run + "/+";
    default:
      return topic_of(receiver);
  }
}

void Traffic::add_receivers() {
  const bool has_one_source = shape_.sources == 1 || plan().mode == BenchMode::pairs;
  for (std::uint32_t i = 0; i < shape_.receivers; ++i) {
    const LinkIndex link = add({.client_id = client_id("sub", i)});
    Receiver receiver;
    receiver.first_source = plan().mode == BenchMode::pairs ? i : 0;
    receiver.next.resize(has_one_source ? 1 : shape_.sources);
    // About a quarter of what the sources of this receiver have under way.
    const std::size_t packet = std::size_t{plan().payload_bytes} + 32;
    const std::size_t sources = is_shared() ? 1 : receiver.next.size();
    wire().set_turn_bytes(link, std::max<std::size_t>(4096, sources * quarter_ * packet));
    receivers_.push_back(std::move(receiver));
  }
}

void Traffic::add_sources() {
  const std::uint32_t slots = slots_for(plan(), shape_.sources);
  for (std::uint32_t i = 0; i < shape_.sources; ++i) {
    add({.client_id = client_id("pub", i)});
    sources_.emplace_back(SourceOptions{.topic = topic_of(i),
                                        .version = plan().version,
                                        .qos = plan().qos,
                                        .payload_bytes = plan().payload_bytes,
                                        .receivers = shape_.copies,
                                        .slots = slots,
                                        .stamp = {.run_tag = plan().run_tag, .source = i}});
  }
}

BenchResult Traffic::gather() {
  if (auto connected = connect(0, shape_.receivers + shape_.sources); !connected) return connected;
  for (std::uint32_t i = 0; i < shape_.receivers; ++i) {
    const std::string filter = filter_of(i);
    subscribe(i, {&filter, 1}, plan().qos);
  }
  if (auto done = subscribed(); !done) return done;
  if (refused_count() > 0) return std::unexpected("the broker refused a subscription");
  return {};
}

BenchResult Traffic::run() {
  if (auto gathered = gather(); !gathered) return gathered;
  started_ = progress_time_ = received_time_ = os::monotonic_now();
  const Instant measured_from = started_ + plan().warm_up;
  const Instant end = measured_from + plan().time;
  Instant time = started_;
  while (time < end && !is_stopped() && failure().empty()) {
    if (!is_measuring_ && time >= measured_from) {
      first_ = mark();
      is_measuring_ = true;
    }
    pump();
    time = now();
  }
  if (!is_measuring_) first_ = mark();
  last_ = mark();
  is_measuring_ = false;
  if (failure().empty()) drain();
  if (!failure().empty()) return std::unexpected(failure());
  return {};
}

// Sends what is due, then waits for what comes.
void Traffic::pump() {
  const Duration wait = plan().rate > 0 ? send_scheduled() : send_window();
  wire().flush();
  turn(wait);
  report_progress();
}

Duration Traffic::send_window() {
  Duration wait = 100ms;
  for (std::uint32_t i = 0; i < shape_.sources; ++i) {
    const std::uint32_t taken = sources_[i].under_way();
    const std::uint32_t free = taken < plan().window ? plan().window - taken : 0;
    if (free < quarter_ || wire().has_unsent(link_of(i))) continue;
    write(i, quarter_, now());
    if (free >= 2 * quarter_) wait = Duration::zero();
  }
  return wait;
}

Duration Traffic::send_scheduled() {
  const Instant time = os::monotonic_now();
  const double gap = 1e9 / plan().rate;
  const auto due_at = [&](std::uint64_t number) {
    return started_ + Duration(static_cast<std::int64_t>(gap * static_cast<double>(number)));
  };
  while (due_at(scheduled_) <= time) {
    const auto source = static_cast<std::uint32_t>(scheduled_ % shape_.sources);
    if (!sources_[source].has_slot()) return Duration::zero();
    if (is_measuring_) behind_ = std::max(behind_, time - due_at(scheduled_));
    write(source, 1, due_at(scheduled_));
    ++scheduled_;
  }
  const Duration left = due_at(scheduled_) - time;
  return left < spin_below ? Duration::zero() : std::min<Duration>(left - 1ms, 100ms);
}

void Traffic::write(std::uint32_t source, std::uint32_t count, Instant intended) {
  MessageSource& from = sources_[source];
  const std::size_t size = from.packet_bytes();
  std::uint8_t* at = wire().send(link_of(source), size * count);
  for (std::uint32_t i = 0; i < count; ++i, at += size) from.write_next(at, intended);
  tally_.sent += count;
}

void Traffic::on_message(LinkIndex link, const codec::Publish& publish) {
  MessageStamp stamp;
  const bool is_ours = link < shape_.receivers && read_stamp(publish.payload, stamp) &&
                       stamp.run_tag == plan().run_tag && stamp.source < shape_.sources &&
                       publish.topic == sources_[stamp.source].topic();
  if (!is_ours) {
    ++tally_.foreign;
    return;
  }
  MessageSource& source = sources_[stamp.source];
  check_order(receivers_[link], stamp.source, stamp.number);
  if (source.on_received(stamp.number) != MessageSource::Taken::yes) {
    ++tally_.duplicated;
    return;
  }
  ++tally_.received;
  if (is_measuring_) latency_.record(now() - source.intended(stamp.number));
}

// A gap is a loss: at one receiver of its own, messages come in the order in which they were sent.
// Members of a shared subscription see gaps where another member was chosen.
void Traffic::check_order(Receiver& receiver, std::uint32_t source, std::uint64_t number) {
  std::uint64_t& expected = receiver.next[source - receiver.first_source];
  if (number == expected) [[likely]] {
    ++expected;
    return;
  }
  if (number < expected) {
    ++tally_.reordered;
    return;
  }
  if (!is_shared()) {
    for (; expected < number; ++expected) sources_[source].on_missed(expected);
  }
  expected = number + 1;
}

void Traffic::on_published(LinkIndex link, const WireAck& ack) {
  if (link < shape_.receivers) return;
  sources_[link - shape_.receivers].on_acknowledged(ack.packet_id);
}

std::uint64_t Traffic::under_way() const {
  std::uint64_t sum = 0;
  for (const MessageSource& source : sources_) sum += source.under_way();
  return sum;
}

std::uint64_t Traffic::lost() const {
  std::uint64_t sum = 0;
  for (const MessageSource& source : sources_) sum += source.lost();
  return sum;
}

// Everything that was sent must come; what has not when nothing comes any more is lost.
void Traffic::drain() {
  Instant last_news = now();
  std::uint64_t left = under_way();
  while (left > 0 && failure().empty() && now() - last_news < stalled_after) {
    turn(50ms);
    const std::uint64_t before = std::exchange(left, under_way());
    if (left < before) last_news = now();
  }
  for (MessageSource& source : sources_) source.give_up();
}

void Traffic::report_progress() {
  const Duration passed = now() - progress_time_;
  if (passed < progress_every) return;
  const auto received = static_cast<double>(tally_.received - progress_received_);
  const double seconds = static_cast<double>(passed.count()) / 1e9;
  progress_(std::to_string((now() - started_) / 1s) + " s  " +
            figure_text(received / seconds, FigureUnit::per_second));
  progress_time_ = now();
  if (tally_.received != progress_received_) received_time_ = now();
  progress_received_ = tally_.received;
  // A closed loop whose messages are lost would stand still for ever.
  if (plan().rate > 0 || now() - received_time_ < stalled_after) return;
  for (MessageSource& source : sources_) source.give_up();
  received_time_ = now();
}

Traffic::Mark Traffic::mark() const {
  return {.time = os::monotonic_now(),
          .received = tally_.received,
          .server = usage(),
          .own_cpu = os::process_usage().cpu_time};
}

}  // namespace sluice::cli
