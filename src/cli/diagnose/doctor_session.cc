// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/doctor_session.h"

#include "cli/mqtt/failure_text.h"
#include "os/clock.h"

#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {

using codec::PropertyId;

std::string milliseconds(Duration duration) {
  std::array<char, 32> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.1f ms",
                                 static_cast<double>(duration.count()) / 1e6);
  return {text.data(), static_cast<std::size_t>(size)};
}

ConnectionSettings patient(ConnectionSettings settings, Duration patience) {
  settings.link.connector.open_timeout = patience;
  settings.link.machine.connect_timeout = patience;
  settings.link.reconnect = client::Reconnect::never;
  return settings;
}

/// What the broker limits, of what a user might run into.
std::string limits_text(const codec::Properties& properties) {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (const auto most = properties.number(PropertyId::maximum_packet_size)) {
    add("packets of at most " + std::to_string(*most) + " bytes");
  }
  if (const auto most = properties.number(PropertyId::maximum_qos)) {
    add("QoS of at most " + std::to_string(*most));
  }
  if (!properties.flag(PropertyId::retain_available, true)) add("no retained messages");
  if (!properties.flag(PropertyId::wildcard_subscription_available, true)) add("no wildcards");
  if (!properties.flag(PropertyId::shared_subscription_available, true)) {
    add("no shared subscriptions");
  }
  if (const auto seconds = properties.number(PropertyId::server_keep_alive)) {
    add("keep alive " + std::to_string(*seconds) + " s");
  }
  return text;
}

}  // namespace

DoctorSession::DoctorSession(ConnectionSettings settings, std::string topic, Duration patience)
    : MqttSession(patient(std::move(settings), patience)),
      topic_(std::move(topic)),
      patience_(patience) {
  const net::Scheme scheme = DoctorSession::settings().link.connector.endpoints.front().scheme;
  if (scheme == net::Scheme::tls || scheme == net::Scheme::wss) stage_ = "TLS";
}

void DoctorSession::add(bool is_good, std::string part, std::string text) {
  findings_.push_back({is_good, std::move(part), std::move(text)});
}

void DoctorSession::report(std::string_view text) const {
  findings_.push_back({false, stage_, std::string(text)});
}

void DoctorSession::on_start() {
  runtime().set_alarm(os::monotonic_now() + 2 * patience_, [this] {
    add(false, stage_, "no answer in time");
    finish({exit_timed_out, exit_timed_out});
  });
}

void DoctorSession::on_open(const net::Transport& transport) {
  const std::string security = transport.security();
  if (!security.empty()) add(true, "TLS", security);
  stage_ = "MQTT";
}

void DoctorSession::on_ready(const client::Connected& connected) {
  is_mqtt_ = true;
  const codec::Version version = machine().options().version;
  const std::string name = version == codec::Version::v5       ? "5.0"
                           : version == codec::Version::v3_1_1 ? "3.1.1"
                                                               : "3.1";
  add(true, "MQTT", "the broker speaks MQTT " + name);
  const auto& options = machine().options();
  add(true, "login",
      options.user_name ? "'" + *options.user_name + "' is let in" : "let in without a user name");
  const std::string limits = limits_text(connected.connack.properties);
  if (!limits.empty()) add(true, "limits", limits);
  stage_ = "subscribe";
  std::vector<std::uint8_t> buffer(topic_.size() + 3);
  codec::SubscribeFilterWriter writer(buffer);
  writer.add(topic_, {.qos = codec::Qos::at_least_once});
  codec::Subscribe subscribe;
  subscribe.filters = *writer.finish();
  if (const auto sent = machine().subscribe(subscribe, now()); !sent) {
    add(false, stage_, sent.error().detail);
    finish({exit_rejected, exit_rejected});
  }
}

void DoctorSession::on_subscribed(const codec::Suback& ack) {
  const auto reason = static_cast<codec::ReasonCode>(ack.codes.empty() ? 0x80 : ack.codes.front());
  if (codec::is_failure(reason)) {
    add(false, stage_,
        "to " + topic_ + ": " + reason_text(reason, ack.properties) +
            "; name a topic that you may use with -t, or ask for the right");
    return finish({exit_rejected, exit_rejected});
  }
  add(true, stage_, "to " + topic_);
  stage_ = "publish";
  sent_at_ = os::monotonic_now();
  codec::Publish publish;
  publish.topic = topic_;
  publish.qos = ack.codes.front() == 0 ? codec::Qos::at_most_once : codec::Qos::at_least_once;
  publish.payload = as_bytes("doctor");
  if (const auto sent = machine().publish(publish, now()); !sent) {
    add(false, stage_, sent.error().detail);
    finish({exit_rejected, exit_rejected});
  }
}

void DoctorSession::on_published(const client::Published& published) {
  if (!codec::is_failure(published.reason)) return;
  add(false, stage_,
      "to " + topic_ + ": " + reason_text(published.reason, published.properties) +
          "; name a topic that you may use with -t, or ask for the right");
  finish({exit_rejected, exit_rejected});
}

void DoctorSession::on_message(const client::Message& message) {
  if (is_ending() || as_text(message.publish.payload) != "doctor") return;
  add(true, stage_, "and back in " + milliseconds(os::monotonic_now() - sent_at_));
  finish({exit_success, exit_success});
}

}  // namespace sluice::cli
