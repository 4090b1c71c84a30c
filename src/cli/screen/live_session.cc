// SPDX-License-Identifier: Apache-2.0
#include "cli/screen/live_session.h"

#include "cli/mqtt/failure_text.h"
#include "os/clock.h"
#include "os/process/standard_streams.h"

#include <array>
#include <cstdio>

namespace sluice::cli {
namespace {
constexpr int input = os::descriptor_of(os::StandardStream::input);
}  // namespace

LiveSession::LiveSession(ConnectionSettings settings, LiveOptions options)
    : MqttSession(std::move(settings)), options_(std::move(options)) {}

void LiveSession::on_start() { ticked_at_ = os::monotonic_now(); }

void LiveSession::on_ready(const client::Connected&) {
  trouble_.clear();
  if (options_.once_after == Duration::zero() && screen_ == nullptr) {
    auto screen = Screen::create();
    if (!screen || !runtime().watch(input, [this] { on_input(); })) {
      MqttSession::report("a terminal is needed; --once prints one picture without");
      return finish({exit_failure, exit_failure});
    }
    screen_ = std::move(*screen);
  }
  std::size_t bytes = 0;
  for (const std::string& filter : options_.filters) bytes += filter.size() + 3;
  std::vector<std::uint8_t> buffer(bytes);
  codec::SubscribeFilterWriter writer(buffer);
  for (const std::string& filter : options_.filters) writer.add(filter);
  codec::Subscribe subscribe;
  subscribe.filters = *writer.finish();
  static_cast<void>(machine().subscribe(subscribe, now()).has_value());
  runtime().set_alarm(now() + (screen_ ? Duration::zero() : options_.once_after),
                      [this] { tick(); });
}

void LiveSession::on_subscribed(const codec::Suback& ack) {
  for (std::size_t at = 0; at < ack.codes.size() && at < options_.filters.size(); ++at) {
    const auto reason = static_cast<codec::ReasonCode>(ack.codes[at]);
    if (codec::is_failure(reason)) {
      report("no subscription to '" + options_.filters[at] +
             "': " + reason_text(reason, ack.properties));
    }
  }
}

void LiveSession::tick() {
  if (is_ending()) return;
  on_tick(now() - ticked_at_);
  ticked_at_ = now();
  if (screen_ == nullptr) {
    std::string text;
    for (const std::string& line : frame({.columns = 100, .rows = 1'000})) text += line + "\n";
    static_cast<void>(!os::write_output(as_bytes(text)));
    return finish({exit_success, exit_success});
  }
  draw();
  runtime().set_alarm(now() + options_.refresh, [this] { tick(); });
}

void LiveSession::draw() {
  if (screen_ != nullptr) screen_->draw(frame(os::terminal_size()));
}

void LiveSession::on_input() {
  std::array<std::uint8_t, 1024> buffer{};
  const auto got = os::read_input(buffer);
  if (!got || *got == 0) return finish({exit_success, exit_success});
  bool is_changed = false;
  for (const KeyPress& key : keys_of(as_text(ByteView(buffer).first(*got)))) {
    if (key.key == Key::text && key.character == 'q') return finish({exit_success, exit_success});
    is_changed = on_key(key) || is_changed;
  }
  if (is_changed) draw();
}

void LiveSession::before_end() { screen_.reset(); }

void LiveSession::report(std::string_view text) const {
  trouble_ = text;
  if (screen_ == nullptr) MqttSession::report(text);
}

std::string LiveSession::status() const {
  return trouble_.empty() ? to_string(settings().link.connector.endpoints.front()) : trouble_;
}

}  // namespace sluice::cli
