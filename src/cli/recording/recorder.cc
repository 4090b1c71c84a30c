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
  codec::SubscriptionOptions options{.qos = plan_.qos};
  // The flag that a message was published with is part of it.
  options.retain_as_published = machine().options().version == codec::Version::v5;
  subscribe_all(plan_.filters, options);
}

void Recorder::on_subscribed(const codec::Suback& ack) {
  if (report_refused(ack, plan_.filters) > 0) finish({exit_rejected, exit_failure});
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
