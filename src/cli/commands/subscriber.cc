// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/subscriber.h"

#include "cli/mqtt/failure_text.h"
#include "codec/topic.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/process/standard_streams.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t gathered_bytes_max = 65'536;
constexpr Duration table_interval = 100ms;
constexpr Duration rate_interval = 1s;
constexpr int output = os::descriptor_of(os::StandardStream::output);

ConnectionSettings acknowledging_by_hand(ConnectionSettings settings) {
  settings.link.machine.acknowledge = client::Acknowledge::manually;
  return settings;
}

std::size_t encoded_bytes(const std::vector<std::string>& filters) {
  std::size_t bytes = 0;
  for (const std::string& filter : filters) bytes += filter.size() + 3;
  return bytes;
}

}  // namespace

Subscriber::Subscriber(ConnectionSettings settings, SubscribePlan plan)
    : MqttSession(acknowledging_by_hand(std::move(settings))),
      plan_(std::move(plan)),
      printer_(plan_.print),
      rates_(os::monotonic_now()),
      rng_(os::random_seed()) {}

void Subscriber::on_start() {
  runtime().watch_hangup(output, [this] { finish({exit_success, exit_success}); });
  const Instant start = os::monotonic_now();
  if (plan_.timeout != Duration::zero()) timeout_at_ = start + plan_.timeout;
  if (is_counting()) tick_at_ = start + rate_interval;
  set_alarm();
}

void Subscriber::set_alarm() {
  const Instant next = std::min(timeout_at_, tick_at_);
  if (!next.is_never()) runtime().set_alarm(next, [this] { on_alarm(); });
}

void Subscriber::on_alarm() {
  if (now() >= timeout_at_) {
    if (is_mosquitto()) report("timed out");
    return finish({exit_timed_out, exit_timed_out});
  }
  if (now() >= tick_at_) tick();
  set_alarm();
}

void Subscriber::tick() {
  if (is_counting()) {
    if (plan_.shown_as == ShownAs::rates)
      rates_.append_line(os::wall_now(), now(), printer_.output());
    else
      rates_.append_count(printer_.output());
    tick_at_ = now() + rate_interval;
  } else {
    table_.draw(os::terminal_size(), plan_.print.colors, printer_.output());
    tick_at_ = Instant::never();  // until more has come
  }
}

void Subscriber::on_ready(const client::Connected&) {
  subscribe();
  if (!is_ending() && !plan_.unsubscribes.empty()) unsubscribe();
}

void Subscriber::subscribe() { subscribe_all(plan_.filters, known_options(plan_.options)); }

void Subscriber::unsubscribe() {
  std::vector<std::uint8_t> buffer(encoded_bytes(plan_.unsubscribes));
  codec::UnsubscribeFilterWriter writer(buffer);
  for (const std::string& filter : plan_.unsubscribes) writer.add(filter);
  codec::Unsubscribe unsubscribe;
  unsubscribe.properties = settings().properties.unsubscribe.view();
  unsubscribe.filters = *writer.finish();
  const auto sent = machine().unsubscribe(unsubscribe, now());
  if (!sent) report(std::string("cannot unsubscribe: ") + sent.error().detail);
}

void Subscriber::on_subscribed(const codec::Suback& ack) {
  if (report_refused(ack, plan_.filters) == ack.codes.size())
    return finish({exit_rejected, exit_failure});
  if (plan_.ends_when_subscribed) finish({exit_success, exit_success});
}

bool Subscriber::is_hidden(std::string_view topic) const {
  return std::ranges::any_of(
      plan_.hidden, [topic](const std::string& filter) { return codec::matches(filter, topic); });
}

// A message is acknowledged once it is printed; those behind the end are not, and stay with a
// session that is kept.
void Subscriber::on_message(const client::Message& message) {
  if (is_ending() || planned_end_) return;
  take(message.publish);
  if (message.delivery != client::DeliveryId::none) to_acknowledge_.push_back(message.delivery);
  if (printer_.size() > gathered_bytes_max) settle();
}

void Subscriber::take(const codec::Publish& publish) {
  if (is_hidden(publish.topic)) return;
  if (publish.retain && plan_.removes_retained && !publish.payload.empty()) {
    to_remove_.emplace_back(publish.topic);
    remove_retained();
  }
  if (plan_.retained == RetainedChoice::only && !publish.retain) {
    planned_end_ = ExitCodes{exit_success, exit_success};
    return;
  }
  if (plan_.retained == RetainedChoice::hidden && publish.retain) return;
  constexpr std::uint64_t grains = 1'000'000;
  const auto shown_grains = static_cast<std::uint64_t>(plan_.shown_share * grains);
  if (shown_grains < grains && !rng_.chance(shown_grains, grains)) return;
  show(publish);
}

void Subscriber::show(const codec::Publish& publish) {
  const ShownMessage message{.publish = publish, .time = os::wall_now()};
  if (is_counting()) {
    rates_.add(publish.payload.size());
  } else if (plan_.shown_as == ShownAs::table) {
    table_.add(message);
    if (tick_at_.is_never()) {
      tick_at_ = now() + table_interval;
      set_alarm();
    }
  } else if (!printer_.print(message)) {
    std::string topic;
    append_printable(publish.topic, topic);
    report("the payload of " + topic + " is not JSON");
  }
  if (++shown_ == plan_.count) planned_end_ = ExitCodes{exit_success, exit_success};
}

void Subscriber::remove_retained() {
  while (!to_remove_.empty()) {
    codec::Publish publish;
    publish.topic = to_remove_.front();
    publish.qos = codec::Qos::at_least_once;
    publish.retain = true;
    const auto sent = machine().publish(publish, now());
    if (!sent && sent.error().code == ErrorCode::would_block) return;
    if (!sent) report(std::string("cannot clear a retained message: ") + sent.error().detail);
    to_remove_.pop_front();
  }
}

void Subscriber::on_published(const client::Published& published) {
  if (codec::is_failure(published.reason)) {
    report("the broker did not clear a retained message: " +
           reason_text(published.reason, published.properties));
  }
}

void Subscriber::after_step() {
  settle();
  if (is_ending() || !machine().is_connected()) return;
  if (!to_remove_.empty()) remove_retained();
  // What is to be cleared is cleared before the end.
  const bool is_cleared = to_remove_.empty() && machine().waiting() == 0;
  if (planned_end_ && is_cleared) finish(*planned_end_);
}

void Subscriber::before_end() {
  if (plan_.shown_as == ShownAs::rates) rates_.append_total(now(), printer_.output());
  if (plan_.shown_as == ShownAs::table && table_.has_changed()) tick();
  settle();
}

void Subscriber::settle() {
  if (printer_.size() > 0 && !printer_.flush()) {
    to_acknowledge_.clear();
    return finish({exit_success, exit_success});
  }
  for (const client::DeliveryId delivery : to_acknowledge_) {
    // One of a connection that is gone will come again: there is nothing to answer.
    static_cast<void>(machine().acknowledge(delivery, codec::ReasonCode::success, now()));
  }
  to_acknowledge_.clear();
}

}  // namespace sluice::cli
