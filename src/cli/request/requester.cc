// SPDX-License-Identifier: Apache-2.0
#include "cli/request/requester.h"

#include "cli/mqtt/failure_text.h"
#include "os/clock.h"

#include <array>
#include <cstdio>

namespace sluice::cli {

using codec::PropertyId;

namespace {

/// As mosquitto_rr has it: "Latency: 1.234567ms".
std::string latency_text(Duration latency) {
  const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(latency).count();
  char text[64];
  if (ns >= 1'000'000'000)
    std::snprintf(text, sizeof(text), "Latency: %lld.%09lld\n",
                  static_cast<long long>(ns / 1'000'000'000),
                  static_cast<long long>(ns % 1'000'000'000));
  else if (ns >= 1'000'000)
    std::snprintf(text, sizeof(text), "Latency: %fms\n", static_cast<double>(ns) / 1e6);
  else if (ns >= 1'000)
    std::snprintf(text, sizeof(text), "Latency: %fµs\n", static_cast<double>(ns) / 1e3);
  else
    std::snprintf(text, sizeof(text), "Latency: %lldns\n", static_cast<long long>(ns));
  return text;
}

}  // namespace

Requester::Requester(ConnectionSettings settings, RequestPlan plan)
    : MqttSession(std::move(settings)), plan_(std::move(plan)), printer_(plan_.print) {}

void Requester::on_start() {
  if (plan_.timeout == Duration::zero()) return;
  runtime().set_alarm(os::monotonic_now() + plan_.timeout, [this] {
    report(is_mosquitto() ? "timed out" : "no answer in time");
    finish({exit_timed_out, exit_timed_out});
  });
}

void Requester::on_ready(const client::Connected&) {
  subscribe_all({&plan_.response_topic, 1}, known_options(plan_.options));
}

void Requester::on_subscribed(const codec::Suback& ack) {
  if (report_refused(ack, {&plan_.response_topic, 1}) > 0)
    return finish({exit_rejected, exit_failure});
  send_request();
}

void Requester::send_request() {
  codec::Publish publish;
  publish.topic = plan_.topic;
  publish.qos = plan_.options.qos;
  publish.payload = as_bytes(plan_.payload);
  if (machine().options().version == codec::Version::v5) {
    properties_ = settings().properties.publish;
    const codec::Properties given = properties_.view();
    if (!given.has(PropertyId::response_topic)) {
      properties_.add_text(PropertyId::response_topic, plan_.response_topic);
    }
    if (!plan_.correlation.empty() && !given.has(PropertyId::correlation_data)) {
      properties_.add_text(PropertyId::correlation_data, plan_.correlation);
    }
    publish.properties = properties_.view();
    const auto sent = publish.properties.binary(PropertyId::correlation_data);
    if (sent && !is_mosquitto()) correlation_ = as_text(*sent);
  }
  asked_at_ = os::monotonic_now();
  if (const auto sent = machine().publish(publish, now()); !sent) {
    report(std::string("the request cannot be published: ") + sent.error().detail);
    finish({exit_failure, exit_failure});
  }
}

void Requester::on_published(const client::Published& published) {
  if (is_ending() || is_mosquitto()) return;
  if (codec::is_failure(published.reason)) {
    report("the broker did not take the request: " +
           reason_text(published.reason, published.properties));
    return finish({exit_rejected, exit_failure});
  }
  if (published.reason != codec::ReasonCode::no_matching_subscribers) return;
  report("nobody has subscribed to " + plan_.topic + ", so nobody will answer");
  finish({exit_rejected, exit_failure});
}

bool Requester::is_answer(const codec::Publish& publish) const {
  if (publish.retain && plan_.hides_retained) return false;
  if (correlation_.empty()) return true;
  const auto came = publish.properties.binary(PropertyId::correlation_data);
  return !came || as_text(*came) == correlation_;
}

void Requester::on_message(const client::Message& message) {
  if (is_ending() || answers_ == plan_.count || !is_answer(message.publish)) return;
  const Duration latency = os::monotonic_now() - asked_at_;
  if (!printer_.print({.publish = message.publish, .time = os::wall_now()})) {
    report("the payload of the answer is not JSON");
  }
  if (plan_.shows_latency) printer_.output() += latency_text(latency);
  ++answers_;
}

void Requester::after_step() {
  if (is_ending()) return;
  if (printer_.size() > 0 && !printer_.flush()) return finish({exit_success, exit_success});
  if (answers_ == plan_.count) finish({exit_success, exit_success});
}

}  // namespace sluice::cli
