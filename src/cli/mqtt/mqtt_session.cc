// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/mqtt_session.h"

#include "cli/mqtt/failure_text.h"
#include "os/system_error.h"

#include <cstdio>
#include <vector>

namespace sluice::cli {

using client::EndCause;

MqttSession::MqttSession(ConnectionSettings settings) : settings_(std::move(settings)) {
  if (!settings_.is_debugging) return;
  trace_.emplace(is_mosquitto() ? stdout : stderr, settings_.link.machine.client_id);
}

int MqttSession::run() {
  auto signals = os::SignalQueue::create();
  auto runtime = client::Runtime::create(
      settings_.link,
      {.events = *this, .link_events = *this, .observer = trace_ ? &*trace_ : nullptr});
  if (!signals || !runtime) {
    report("cannot start: " + os::describe(!signals ? signals.error() : runtime.error()));
    return exit_failure;
  }
  signals_ = std::move(*signals);
  runtime_ = std::move(*runtime);
  if (const auto watched = runtime_->watch(signals_->fd(), [this] { on_signal(); }); !watched) {
    report("cannot start: " + os::describe(watched.error()));
    return exit_failure;
  }
  on_start();
  runtime_->start();
  while (!runtime_->link().is_over()) {
    runtime_->step();
    after_step();
    runtime_->link().flush(runtime_->now());
  }
  const ExitCodes codes = exit_.value_or(ExitCodes{exit_failure, exit_failure});
  return is_mosquitto() ? codes.mosquitto : codes.native;
}

codec::SubscriptionOptions MqttSession::known_options(
    const codec::SubscriptionOptions& options) const {
  const codec::SubscriptionOptions only_qos{.qos = options.qos};
  if (machine().options().version == codec::Version::v5) return options;
  if (options != only_qos && !is_mosquitto()) {
    report("MQTT 3.x has no --retain-as-published and no --retain-handling: they have no effect");
  }
  return only_qos;
}

void MqttSession::subscribe_all(std::span<const std::string> filters,
                                const codec::SubscriptionOptions& options) {
  constexpr std::size_t bytes_beside_filter = 3;
  std::size_t bytes = 0;
  for (const std::string& filter : filters) bytes += filter.size() + bytes_beside_filter;
  std::vector<std::uint8_t> buffer(bytes);
  codec::SubscribeFilterWriter writer(buffer);
  for (const std::string& filter : filters) writer.add(filter, options);
  codec::Subscribe subscribe;
  subscribe.properties = settings_.properties.subscribe.view();
  subscribe.filters = *writer.finish();
  const auto sent = machine().subscribe(subscribe, now());
  if (sent) return;
  report(std::string("cannot subscribe: ") + sent.error().detail);
  finish({exit_rejected, exit_failure});
}

std::size_t MqttSession::report_refused(const codec::Suback& ack,
                                        std::span<const std::string> filters) const {
  std::size_t refused = 0;
  for (std::size_t at = 0; at < ack.codes.size() && at < filters.size(); ++at) {
    const auto reason = static_cast<codec::ReasonCode>(ack.codes[at]);
    if (!codec::is_failure(reason)) continue;
    ++refused;
    report("the broker refused the subscription to '" + filters[at] +
           "': " + reason_text(reason, ack.properties));
  }
  return refused;
}

void MqttSession::finish(ExitCodes codes) {
  if (is_ending()) return;
  end_with(codes);
  before_end();
  codec::Disconnect disconnect;
  if (machine().options().version == codec::Version::v5) {
    disconnect.properties = settings_.properties.disconnect.view();
  }
  if (machine().is_connected() && machine().disconnect(disconnect, now())) return;
  runtime_->link().stop(now());
}

void MqttSession::end_with(ExitCodes codes) {
  if (!exit_) exit_ = codes;
  runtime_->link().set_reconnect(client::Reconnect::never);
}

void MqttSession::report(std::string_view text) const {
  if (settings_.is_quiet) return;
  std::fprintf(stderr, "%s: %.*s\n", settings_.program.c_str(), static_cast<int>(text.size()),
               text.data());
}

void MqttSession::on_connected(const client::Connected& connected) {
  if (was_connected_) report("connected again");
  was_connected_ = true;
  runtime_->link().set_reconnect(client::Reconnect::always);
  on_ready(connected);
}

void MqttSession::on_refused(const codec::Connack& connack) {
  report(refused_text(connack));
  if (runtime_->link().is_referred()) return;
  end_with({exit_refused, connack.code});
}

bool MqttSession::is_final(const client::Ending& ending) const {
  const bool is_ours = ending.cause == EndCause::by_user || ending.cause == EndCause::refused ||
                       ending.cause == EndCause::protocol;
  return is_ours || !was_connected_ || ending.reason == codec::ReasonCode::session_taken_over;
}

void MqttSession::on_ended(const client::Ending& ending) {
  if (is_ending()) return;
  const std::string text =
      was_connected_ ? ending_text(ending) : unconnected_text(ending, runtime_->link().endpoint());
  if (!text.empty()) report(text);
  const bool is_silence =
      ending.cause == EndCause::connect_timeout || ending.cause == EndCause::transport;
  if (is_silence && runtime_->link().tries_another()) return;
  if (runtime_->link().is_referred() || !is_final(ending)) return;
  const bool was_never_there = !was_connected_ && ending.cause != EndCause::protocol;
  end_with({was_never_there ? exit_unreachable : exit_failure, exit_failure});
}

void MqttSession::on_unreachable(const client::Endpoint& endpoint, const Error& error) {
  if (is_ending()) return;
  if (!was_connected_) {
    report(unreachable_text(endpoint, error));
    end_with({exit_unreachable, exit_failure});
  }
}

void MqttSession::on_referred(const client::Endpoint& endpoint) {
  if (!is_ending()) report("going to " + to_string(endpoint));
}

void MqttSession::on_retry(Duration) {}

void MqttSession::on_signal() {
  while (signals_->next()) {
    if (is_ending()) return runtime_->link().stop(now());
    finish(interrupted());
  }
}

}  // namespace sluice::cli
