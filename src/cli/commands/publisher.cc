// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/publisher.h"

#include "cli/mqtt/failure_text.h"
#include "os/process/standard_streams.h"
#include "os/system_error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::cli {
namespace {

constexpr std::size_t unsent_bytes_max = 256 * 1024;
constexpr int input = os::descriptor_of(os::StandardStream::input);

}  // namespace

Publisher::Publisher(ConnectionSettings settings, PublishPlan plan)
    : MqttSession(std::move(settings)), plan_(std::move(plan)) {}

void Publisher::on_ready(const client::Connected&) { pump(); }

void Publisher::after_step() { pump(); }

void Publisher::on_published(const client::Published& published) {
  if (codec::is_failure(published.reason)) {
    report("the broker did not take the message: " +
           reason_text(published.reason, published.properties));
    outcome_ = {exit_rejected, exit_success};
  }
}

bool Publisher::has_room() {
  if (plan_.qos != codec::Qos::at_most_once) return machine().send_quota() > 0;
  return machine().output().size() < unsent_bytes_max;
}

// The one place that decides what happens next; called whenever something has changed.
void Publisher::pump() {
  if (is_ending() || !machine().is_connected() || is_waiting_) return;
  while (!is_ending() && has_room() && publish_next()) {
  }
  if (is_ending()) return;
  if (is_source_done() && machine().waiting() == 0) return finish(outcome_);
  if (plan_.source == PayloadSource::lines && !is_source_done() && has_room()) watch_input();
}

bool Publisher::is_source_done() const {
  if (plan_.source == PayloadSource::given) return sent_ == plan_.count;
  return is_input_over_ && lines_.is_done() && !has_held_line_;
}

bool Publisher::publish_next() {
  if (plan_.source == PayloadSource::given) {
    if (sent_ == plan_.count) return false;
    const bool is_paced = plan_.delay > Duration::zero();
    if (is_paced && sent_ > 0 && machine().waiting() > 0) return false;
    if (!publish_one(plan_.payload)) return false;
    ++sent_;
    if (is_paced && sent_ < plan_.count) {
      is_waiting_ = true;
      runtime().set_alarm(now() + plan_.delay, [this] {
        is_waiting_ = false;
        pump();
      });
      return false;
    }
    return true;
  }
  if (!has_held_line_) {
    const auto line = lines_.next();
    if (!line) return false;
    held_line_.assign(*line);
    has_held_line_ = true;
  }
  if (!publish_one(held_line_)) return false;
  has_held_line_ = false;
  return true;
}

bool Publisher::publish_one(std::string_view payload) {
  codec::Publish publish;
  publish.topic = plan_.topic;
  publish.qos = plan_.qos;
  publish.retain = plan_.retain;
  publish.properties = settings().properties.publish.view();
  publish.payload = as_bytes(payload);
  const auto published = machine().publish(publish, now());
  if (published) return true;
  if (published.error().code == ErrorCode::would_block) return false;
  report(std::string("the message cannot be published: ") + published.error().detail);
  finish({exit_failure, exit_failure});
  return false;
}

void Publisher::watch_input() {
  if (is_input_file_) {
    read_lines();
    runtime().skip_wait();
    return;
  }
  if (is_input_watched_) return;
  if (!runtime().watch(input, [this] { read_lines(); })) {
    is_input_file_ = true;
    runtime().skip_wait();
    return;
  }
  is_input_watched_ = true;
}

void Publisher::unwatch_input() {
  if (is_input_watched_) runtime().unwatch(input);
  is_input_watched_ = false;
}

void Publisher::read_lines() {
  std::array<std::uint8_t, 65'536> buffer{};
  const auto got = os::read_input(buffer);
  if (!got) report(os::describe(got.error()));
  if (!got || *got == 0) {
    is_input_over_ = true;
    lines_.end();
  } else {
    lines_.feed(ByteView(buffer).first(*got));
  }
  if (lines_.size() > codec::remaining_length_max) {
    report("a line is longer than an MQTT message can be: 268,435,455 bytes");
    return finish({exit_failure, exit_failure});
  }
  unwatch_input();
}

}  // namespace sluice::cli
