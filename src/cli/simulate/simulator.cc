// SPDX-License-Identifier: Apache-2.0
#include "cli/simulate/simulator.h"

#include "cli/mqtt/failure_text.h"
#include "cli/output/json_text.h"
#include "os/clock.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t unsent_bytes_max = 256 * 1024;
constexpr Duration late_enough_to_say = 1s;

}  // namespace

SceneSource::SceneSource(const Scene& scene, std::uint64_t seed) : rng_(seed) {
  const std::size_t devices = scene.devices();
  for (const Stream& stream : scene.streams) {
    for (std::size_t device = 0; device < devices; ++device) {
      Sensor sensor{.stream = &stream, .topic = scene.topic(stream, device), .signals = {}};
      for (const auto& [name, options] : stream.values) sensor.signals.emplace_back(options, rng_);
      const auto part = static_cast<std::int64_t>(device) * stream.interval.count() /
                        static_cast<std::int64_t>(devices);
      queue_.push({.due = Duration(part), .sensor = sensors_.size()});
      sensors_.push_back(std::move(sensor));
    }
  }
}

SceneSource::Message SceneSource::next() {
  const Entry entry = queue_.top();
  queue_.pop();
  Sensor& sensor = sensors_[entry.sensor];
  const Stream& stream = *sensor.stream;
  queue_.push({.due = entry.due + stream.interval, .sensor = entry.sensor});
  Message message{.due = entry.due,
                  .topic = sensor.topic,
                  .payload = {},
                  .qos = stream.qos,
                  .retain = stream.retain};
  if (stream.values.size() == 1 && stream.values.front().first.empty()) {
    message.payload = sensor.signals.front().next(entry.due, rng_);
    // A text that is the whole payload stands without quotes.
    if (message.payload.starts_with('"')) {
      message.payload = message.payload.substr(1, message.payload.size() - 2);
    }
    return message;
  }
  message.payload = "{";
  for (std::size_t at = 0; at < sensor.signals.size(); ++at) {
    if (at > 0) message.payload += ", ";
    append_json_string(stream.values[at].first, message.payload);
    message.payload += ": " + sensor.signals[at].next(entry.due, rng_);
  }
  message.payload += '}';
  return message;
}

Simulator::Simulator(ConnectionSettings settings, SimulatePlan plan)
    : MqttSession(std::move(settings)), plan_(std::move(plan)), source_(plan_.scene, plan_.seed) {}

void Simulator::on_start() {
  if (plan_.timeout != Duration::zero()) ends_at_ = os::monotonic_now() + plan_.timeout;
  set_alarm();
}

void Simulator::on_ready(const client::Connected&) {
  if (began_.is_never()) {
    began_ = now();
    report(std::to_string(plan_.scene.devices()) + " devices publish");
  }
  pump();
}

void Simulator::after_step() { pump(); }

void Simulator::on_published(const client::Published& published) {
  if (!codec::is_failure(published.reason)) return;
  report("the broker did not take a message: " +
         reason_text(published.reason, published.properties));
}

Instant Simulator::due() const {
  const Duration scene_time = held_ ? held_->due : source_.next_due();
  return began_ +
         Duration(static_cast<std::int64_t>(static_cast<double>(scene_time.count()) / plan_.speed));
}

bool Simulator::is_over() const { return plan_.count > 0 && published_ >= plan_.count; }

void Simulator::pump() {
  if (is_ending() || !machine().is_connected() || began_.is_never()) return;
  while (!is_ending() && !is_over() && machine().output().size() < unsent_bytes_max &&
         due() <= now() && publish_next()) {
  }
  if (is_ending()) return;
  if (is_over() && machine().waiting() == 0) return finish({exit_success, exit_success});
  set_alarm();
}

void Simulator::set_alarm() {
  // With a full window the next acknowledgement goes on, not the time.
  const bool is_blocked = held_.has_value();
  Instant at = ends_at_;
  if (!began_.is_never() && !is_blocked && !is_over()) at = std::min(at, due());
  if (at.is_never()) return;
  runtime().set_alarm(at, [this] {
    if (ends_at_ <= now()) return finish({exit_success, exit_success});
    pump();
  });
}

bool Simulator::publish_next() {
  if (!held_) held_ = source_.next();
  const std::string topic = plan_.topic_prefix + held_->topic;
  codec::Publish publish;
  publish.topic = topic;
  publish.qos = plan_.qos.value_or(held_->qos);
  publish.retain = held_->retain;
  publish.payload = as_bytes(held_->payload);
  const auto sent = machine().publish(publish, now());
  if (!sent && sent.error().code == ErrorCode::would_block) return false;
  if (!sent) {
    report(std::string("a message cannot be published: ") + sent.error().detail);
    finish({exit_failure, exit_failure});
    return false;
  }
  latest_ = std::max(latest_, now() - due());
  held_.reset();
  ++published_;
  return true;
}

void Simulator::before_end() {
  std::string text = std::to_string(published_) + " messages published";
  if (latest_ > late_enough_to_say) {
    text += ", up to " + std::to_string(latest_ / 1s) +
            " s late: the broker takes fewer than the "
            "scene makes";
  }
  report(text);
}

}  // namespace sluice::cli
