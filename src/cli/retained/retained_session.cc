// SPDX-License-Identifier: Apache-2.0
#include "cli/retained/retained_session.h"

#include "cli/mqtt/failure_text.h"
#include "cli/output/json_text.h"
#include "cli/output/terminal_text.h"
#include "cli/recording/recording_format.h"
#include "codec/topic.h"
#include "os/clock.h"
#include "os/process/standard_streams.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t shown_bytes = 60;

/// The beginning of a payload, never cut within a character.
std::string beginning(std::string_view payload) {
  std::size_t end = std::min(payload.size(), shown_bytes);
  while (end > 0 && end < payload.size() &&
         (static_cast<unsigned char>(payload[end]) & 0xC0U) == 0x80) {
    --end;
  }
  return printable(payload.substr(0, end)) + (end < payload.size() ? "…" : "");
}

}  // namespace

RetainedSession::RetainedSession(ConnectionSettings settings, RetainedPlan plan)
    : MqttSession(std::move(settings)), plan_(std::move(plan)) {}

void RetainedSession::on_ready(const client::Connected&) {
  // An export keeps the quality of service that each message has.
  const auto qos =
      plan_.task == RetainedTask::write ? codec::Qos::exactly_once : codec::Qos::at_most_once;
  subscribe_all(plan_.filters, {.qos = qos});
}

void RetainedSession::on_subscribed(const codec::Suback& ack) {
  if (report_refused(ack, plan_.filters) > 0) return finish({exit_rejected, exit_failure});
  wait_for_silence();
}

void RetainedSession::wait_for_silence() {
  runtime().set_alarm(now() + plan_.silence, [this] { is_complete_ = true; });
}

void RetainedSession::on_message(const client::Message& message) {
  const codec::Publish& publish = message.publish;
  if (is_ending() || is_complete_ || !publish.retain || publish.payload.empty()) return;
  wait_for_silence();
  const auto spares = [&publish](const std::string& filter) {
    return codec::matches(filter, publish.topic);
  };
  if (std::ranges::any_of(plan_.spared, spares)) return;
  take(publish);
}

void RetainedSession::take(const codec::Publish& publish) {
  ++count_;
  switch (plan_.task) {
    case RetainedTask::write:
      return append_recorded(recorded(publish, os::wall_now()), RecordingForm::json, out_);
    case RetainedTask::remove:
      if (!plan_.is_dry_run) to_remove_.emplace_back(publish.topic);
      return say_line((plan_.is_dry_run ? "would remove " : "removing ") +
                      printable(publish.topic));
    case RetainedTask::list:
      break;
  }
  if (plan_.is_json) {
    append_json({.publish = publish, .time = os::wall_now()}, JsonPayload::text_or_64,
                JsonLayout::compact, out_);
    out_ += '\n';
    return;
  }
  say_line(printable(publish.topic) + "  " + std::to_string(publish.payload.size()) + " B  " +
           beginning(as_text(publish.payload)));
}

void RetainedSession::say_line(std::string_view line) { out_.append(line).append("\n"); }

void RetainedSession::remove_some() {
  while (!to_remove_.empty()) {
    codec::Publish publish;
    publish.topic = to_remove_.front();
    publish.qos = codec::Qos::at_least_once;
    publish.retain = true;
    const auto sent = machine().publish(publish, now());
    if (!sent && sent.error().code == ErrorCode::would_block) return;
    if (!sent) report(std::string("cannot remove: ") + sent.error().detail);
    if (!sent) ++refused_;
    to_remove_.pop_front();
  }
}

void RetainedSession::on_published(const client::Published& published) {
  if (!codec::is_failure(published.reason)) return;
  ++refused_;
  report("the broker did not remove a message: " +
         reason_text(published.reason, published.properties));
}

void RetainedSession::after_step() {
  if (is_ending()) return;
  if (!out_.empty()) {
    const auto written = os::write_output(as_bytes(out_));
    out_.clear();
    if (!written) return finish({exit_success, exit_success});
  }
  if (!machine().is_connected()) return;
  remove_some();
  if (!is_complete_ || !to_remove_.empty() || machine().waiting() > 0) return;
  if (plan_.task == RetainedTask::remove) {
    report(std::to_string(count_ - refused_) + (plan_.is_dry_run
                                                    ? " retained messages would be removed"
                                                    : " retained messages removed"));
  }
  const int code = refused_ > 0 ? exit_rejected : exit_success;
  finish({code, code});
}

}  // namespace sluice::cli
