// SPDX-License-Identifier: Apache-2.0
#include "client/machine/keep_alive.h"

#include <algorithm>

namespace sluice::client {

void KeepAlive::start(Duration interval, Duration timeout, Instant now) {
  interval_ = interval;
  timeout_ = timeout;
  is_running_ = true;
  is_ping_open_ = false;
  last_sent_ = last_received_ = now;
}

void KeepAlive::stop() {
  is_running_ = false;
  is_ping_open_ = false;
}

void KeepAlive::on_received(Instant now) {
  last_received_ = now;
  is_ping_open_ = false;
}

void KeepAlive::on_ping_sent(Instant now) {
  last_sent_ = now;
  if (!is_ping_open_) ping_sent_ = now;
  is_ping_open_ = true;
}

// A tenth early: the interval is the longest time that may pass, and timers are late.
Instant KeepAlive::ping_at() const {
  // [MQTT5-3.1.2-20] [MQTT3-3.1.2-23]
  if (interval_ == Duration::zero()) return Instant::never();
  return std::min(last_sent_, last_received_) + (interval_ - interval_ / 10);
}

Instant KeepAlive::dead_at() const { return ping_sent_ + timeout_; }

Instant KeepAlive::deadline() const {
  if (!is_running_) return Instant::never();
  if (!is_ping_open_) return ping_at();
  // While one ping is open, another is only due for the server's sake.
  if (interval_ == Duration::zero()) return dead_at();
  return std::min(dead_at(), last_sent_ + (interval_ - interval_ / 10));
}

KeepAlive::Due KeepAlive::due(Instant now) const {
  if (!is_running_) return Due::nothing;
  if (is_ping_open_ && now >= dead_at()) return Due::dead;
  return now >= deadline() ? Due::ping : Due::nothing;
}

}  // namespace sluice::client
