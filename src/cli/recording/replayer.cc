// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/replayer.h"

#include "cli/mqtt/failure_text.h"
#include "os/system_error.h"

#include <array>

namespace sluice::cli {
namespace {

constexpr std::size_t unsent_bytes_max = 256 * 1024;
constexpr std::size_t read_bytes = 65'536;

}  // namespace

Replayer::Replayer(ConnectionSettings settings, ReplayPlan plan, Open open)
    : MqttSession(std::move(settings)), plan_(std::move(plan)), open_(open) {}

void Replayer::on_ready(const client::Connected&) { pump(); }
void Replayer::after_step() { pump(); }

void Replayer::on_published(const client::Published& published) {
  if (!codec::is_failure(published.reason)) return;
  report("the broker did not take a message: " +
         reason_text(published.reason, published.properties));
  outcome_ = {exit_rejected, exit_failure};
}

void Replayer::fail(const std::string& text) {
  report("'" + plan_.file + "': " + text);
  finish({exit_failure, exit_failure});
}

bool Replayer::has_room() {
  return machine().send_quota() > 0 && machine().output().size() < unsent_bytes_max;
}

void Replayer::pump() {
  if (is_ending() || is_waiting_ || !machine().is_connected()) return;
  while (!is_ending() && has_room() && publish_next()) {
  }
  if (is_ending() || is_waiting_) return;
  if (is_file_over_ && !next_ && machine().waiting() == 0) {
    if (!plan_.is_quiet_at_end) report(std::to_string(published_) + " messages published");
    finish(outcome_);
  }
}

bool Replayer::publish_next() {
  if (!next_ && !find_next()) return false;
  if (!is_due()) return false;
  codec::Publish publish = to_publish(*next_);
  const std::string topic = plan_.topic_prefix + next_->topic;
  publish.topic = topic;
  if (plan_.qos) publish.qos = *plan_.qos;
  if (plan_.retain) publish.retain = *plan_.retain;
  if (machine().options().version != codec::Version::v5) publish.properties = {};
  const auto sent = machine().publish(publish, now());
  if (!sent && sent.error().code == ErrorCode::would_block) return false;
  if (!sent) {
    fail(std::string("a message cannot be published: ") + sent.error().detail);
    return false;
  }
  next_.reset();
  ++published_;
  return true;
}

bool Replayer::is_due() {
  if (!first_time_) {
    first_time_ = next_->time;
    began_ = now();
  }
  if (plan_.speed <= 0) return true;
  const auto distance = static_cast<double>((next_->time - *first_time_).count()) / plan_.speed;
  const Instant due = began_ + Duration(static_cast<std::int64_t>(distance));
  if (due <= now()) return true;
  is_waiting_ = true;
  runtime().set_alarm(due, [this] {
    is_waiting_ = false;
    pump();
  });
  return false;
}

bool Replayer::find_next() {
  while (!is_ending() && !is_file_over_) {
    auto message = reader_.next();
    if (!message) {
      fail(std::string(message.error().detail) + ", behind message " +
           std::to_string(reader_.count()));
      return false;
    }
    if (*message) {
      next_ = std::move(*message);
      return true;
    }
    if (is_read_)
      end_round();
    else
      read_more();
  }
  return false;
}

void Replayer::read_more() {
  if (!file_) {
    auto file = open_(plan_.file);
    if (!file) return fail(os::describe(file.error()));
    file_.emplace(std::move(*file));
  }
  std::array<std::uint8_t, read_bytes> buffer{};
  const auto got = file_->read(buffer);
  if (!got) return fail(os::describe(got.error()));
  if (*got > 0) return reader_.feed(ByteView(buffer).first(*got));
  reader_.end();
  is_read_ = true;
}

void Replayer::end_round() {
  ++rounds_;
  is_file_over_ = plan_.rounds > 0 && rounds_ >= plan_.rounds;
  if (reader_.count() == 0) is_file_over_ = true;
  is_read_ = false;
  file_.reset();
  reader_ = RecordingReader();
  first_time_.reset();
}

}  // namespace sluice::cli
