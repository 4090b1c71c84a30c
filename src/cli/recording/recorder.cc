// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/recorder.h"

#include "cli/mqtt/failure_text.h"
#include "os/clock.h"
#include "os/system_error.h"

namespace sluice::cli {
namespace {

constexpr std::size_t gathered_bytes_max = 65'536;

ConnectionSettings recording(ConnectionSettings settings) {
  settings.link.machine.acknowledge = client::Acknowledge::manually;
  return settings;
}

}  // namespace

Recorder::Recorder(ConnectionSettings settings, RecordPlan plan, os::StreamFile file)
    : MqttSession(recording(std::move(settings))),
      plan_(std::move(plan)),
      file_(std::move(file)),
      out_(recording_header(plan_.form)) {}

void Recorder::on_start() {
  if (plan_.timeout == Duration::zero()) return;
  runtime().set_alarm(os::monotonic_now() + plan_.timeout,
                      [this] { finish({exit_success, exit_success}); });
}

void Recorder::on_ready(const client::Connected&) {
  std::size_t bytes = 0;
  for (const std::string& filter : plan_.filters) bytes += filter.size() + 3;
  std::vector<std::uint8_t> buffer(bytes);
  codec::SubscribeFilterWriter writer(buffer);
  codec::SubscriptionOptions options{.qos = plan_.qos};
  // The flag that a message was published with is part of it.
  options.retain_as_published = machine().options().version == codec::Version::v5;
  for (const std::string& filter : plan_.filters) writer.add(filter, options);
  codec::Subscribe subscribe;
  subscribe.properties = settings().properties.subscribe.view();
  subscribe.filters = *writer.finish();
  if (const auto sent = machine().subscribe(subscribe, now()); !sent) {
    report(std::string("cannot subscribe: ") + sent.error().detail);
    finish({exit_rejected, exit_failure});
  }
}

void Recorder::on_subscribed(const codec::Suback& ack) {
  for (std::size_t at = 0; at < ack.codes.size() && at < plan_.filters.size(); ++at) {
    const auto reason = static_cast<codec::ReasonCode>(ack.codes[at]);
    if (!codec::is_failure(reason)) continue;
    report("the broker refused the subscription to '" + plan_.filters[at] +
           "': " + reason_text(reason, ack.properties));
    return finish({exit_rejected, exit_failure});
  }
}

void Recorder::on_message(const client::Message& message) {
  const bool is_over = plan_.count > 0 && count_ >= plan_.count;
  if (is_ending() || is_over) return;
  if (message.delivery != client::DeliveryId::none) to_acknowledge_.push_back(message.delivery);
  if (message.publish.retain && plan_.hides_retained) return;
  append_recorded(recorded(message.publish, os::wall_now()), plan_.form, out_);
  ++count_;
  if (out_.size() > gathered_bytes_max) settle();
}

void Recorder::settle() {
  if (!out_.empty()) {
    const auto written = file_.write(as_bytes(out_));
    out_.clear();
    if (!written) {
      to_acknowledge_.clear();
      if (written.error().code != ErrorCode::closed) {
        report("'" + plan_.file + "': " + os::describe(written.error()));
      }
      return finish({exit_failure, exit_failure});
    }
  }
  for (const client::DeliveryId delivery : to_acknowledge_) {
    static_cast<void>(machine().acknowledge(delivery, codec::ReasonCode::success, now()));
  }
  to_acknowledge_.clear();
}

void Recorder::after_step() {
  settle();
  if (!is_ending() && plan_.count > 0 && count_ >= plan_.count) {
    finish({exit_success, exit_success});
  }
}

void Recorder::before_end() {
  settle();
  if (!plan_.file.empty()) {
    report(std::to_string(count_) + " messages recorded in '" + plan_.file + "'");
  }
}

}  // namespace sluice::cli
