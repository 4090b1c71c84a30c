// SPDX-License-Identifier: Apache-2.0
#include "cli/request/replier.h"

#include "cli/mqtt/failure_text.h"
#include "cli/output/terminal_text.h"
#include "os/clock.h"
#include "os/system_error.h"

#include <algorithm>

namespace sluice::cli {
namespace {

using codec::PropertyId;

constexpr std::size_t requests_max = 1'000;

ConnectionSettings replying(ConnectionSettings settings) {
  settings.link.machine.acknowledge = client::Acknowledge::manually;
  settings.link.machine.receive_maximum =
      std::min<std::uint16_t>(settings.link.machine.receive_maximum, requests_max);
  return settings;
}

}  // namespace

Replier::Replier(ConnectionSettings settings, ReplyPlan plan)
    : MqttSession(replying(std::move(settings))), plan_(std::move(plan)) {
  if (plan_.print) printer_.emplace(*plan_.print);
}

void Replier::on_start() {
  if (plan_.timeout != Duration::zero()) ends_at_ = os::monotonic_now() + plan_.timeout;
  set_alarm();
}

void Replier::set_alarm() {
  const Instant at = std::min(ends_at_, command_ends_at_);
  if (at.is_never()) return runtime().set_alarm(at, nullptr);
  runtime().set_alarm(at, [this] {
    if (ends_at_ <= now()) return finish({exit_timed_out, exit_timed_out});
    if (command_ends_at_ <= now()) {
      report("the command took too long and was killed");
      child_->kill();
      command_ends_at_ = Instant::never();
    }
    set_alarm();
  });
}

void Replier::on_ready(const client::Connected&) {
  subscribe_all(plan_.filters, {.qos = plan_.qos});
}

void Replier::on_subscribed(const codec::Suback& ack) {
  if (report_refused(ack, plan_.filters) > 0) finish({exit_rejected, exit_failure});
}

void Replier::on_published(const client::Published& published) {
  if (!codec::is_failure(published.reason)) return;
  report("the broker did not take an answer: " +
         reason_text(published.reason, published.properties));
}

void Replier::on_message(const client::Message& message) {
  if (is_ending()) return;
  if (printer_)
    static_cast<void>(printer_->print({.publish = message.publish, .time = os::wall_now()}));
  take(message);
}

void Replier::take(const client::Message& message) {
  const codec::Publish& publish = message.publish;
  Request request;
  request.topic = publish.topic;
  request.qos = publish.qos;
  request.delivery = message.delivery;
  request.response_topic =
      publish.properties.text(PropertyId::response_topic).value_or(plan_.response_topic);
  if (const auto data = publish.properties.binary(PropertyId::correlation_data)) {
    request.correlation = std::string(as_text(*data));
  }
  if (request.response_topic.empty()) {
    report("a message on " + printable(request.topic) +
           " says no response topic and is not answered; -e gives one");
    return settle(request);
  }
  if (requests_.size() >= requests_max) {
    report("more than 1000 requests wait: one on " + printable(request.topic) + " is not answered");
    return settle(request);
  }
  request.payload = as_text(publish.payload);
  requests_.push_back(std::move(request));
}

void Replier::after_step() {
  if (is_ending()) return;
  if (printer_ && printer_->size() > 0 && !printer_->flush()) {
    return finish({exit_success, exit_success});
  }
  if (machine().is_connected()) work();
  const bool is_done = plan_.count > 0 && answers_ >= plan_.count && machine().waiting() == 0;
  if (!is_ending() && is_done) finish({exit_success, exit_success});
}

void Replier::work() {
  while (!requests_.empty() && (plan_.count == 0 || answers_ < plan_.count)) {
    const Request& request = requests_.front();
    if (plan_.source == AnswerSource::command && !command_answer_) {
      if (child_ == nullptr) start_command();
      return;
    }
    std::string_view payload = plan_.payload;
    if (plan_.source == AnswerSource::echo) payload = request.payload;
    if (command_answer_) payload = *command_answer_;
    if (!answer(request, payload)) return;
    command_answer_.reset();
    settle(request);
    requests_.pop_front();
  }
}

void Replier::start_command() {
  const Request& request = requests_.front();
  auto child =
      os::ChildProcess::start(plan_.command, request.payload, {"SLUICE_TOPIC=" + request.topic});
  if (!child || !runtime().watch((*child)->fd(), [this] { end_command(); })) {
    report("the command cannot be started" +
           (child ? std::string() : ": " + os::describe(child.error())));
    return finish({exit_failure, exit_failure});
  }
  child_ = std::move(*child);
  if (plan_.command_timeout != Duration::zero()) command_ends_at_ = now() + plan_.command_timeout;
  set_alarm();
}

// Called when the command has printed something, or has ended.
void Replier::end_command() {
  const auto code = child_->read_some();
  if (!code) return;
  runtime().unwatch(child_->fd());
  command_ends_at_ = Instant::never();
  set_alarm();
  std::string output = child_->take_output();
  child_.reset();
  if (*code == 0) {
    command_answer_ = std::move(output);
  } else {
    report("the command failed with " + std::to_string(*code) + ": a request on " +
           printable(requests_.front().topic) + " is not answered");
    settle(requests_.front());
    requests_.pop_front();
  }
}

bool Replier::answer(const Request& request, std::string_view payload) {
  PropertyList properties;
  codec::Publish publish;
  publish.topic = request.response_topic;
  publish.qos = request.qos;
  publish.payload = as_bytes(payload);
  if (machine().options().version == codec::Version::v5) {
    properties = settings().properties.publish;
    if (request.correlation) {
      properties.add_text(PropertyId::correlation_data, *request.correlation);
    }
    publish.properties = properties.view();
  }
  const auto sent = machine().publish(publish, now());
  if (!sent && sent.error().code == ErrorCode::would_block) return false;
  if (!sent) {
    report("the answer to " + printable(request.response_topic) +
           " cannot be published: " + sent.error().detail);
  }
  ++answers_;
  return true;
}

// An answer is sent, or there will be none: the request need not come again.
void Replier::settle(const Request& request) {
  if (request.delivery == client::DeliveryId::none) return;
  static_cast<void>(machine().acknowledge(request.delivery, codec::ReasonCode::success, now()));
}

}  // namespace sluice::cli
