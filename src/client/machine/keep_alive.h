// SPDX-License-Identifier: Apache-2.0
//
// KeepAlive says when a PINGREQ is due and when the server counts as gone. A ping is due before the
// interval ends without anything sent, and also when nothing was received for an interval, so that
// a client that only publishes notices a dead connection.
//
// Owner:   ClientMachine.      Thread: its owner's.      Never: reads a clock.
// Spec:    MQTT 5.0 §3.1.2.10; MQTT 3.1.1 §3.1.2.10.
#pragma once

#include "base/time.h"

namespace sluice::client {

class KeepAlive {
 public:
  enum class Due : std::uint8_t { nothing, ping, dead };

  /// An interval of zero sends no pings of its own.
  void start(Duration interval, Duration timeout, Instant now);
  void stop();
  void on_sent(Instant now) { last_sent_ = now; }
  void on_received(Instant now);
  void on_ping_sent(Instant now);

  Duration interval() const { return interval_; }
  Instant deadline() const;
  Due due(Instant now) const;

 private:
  Instant ping_at() const;
  Instant dead_at() const;

  Duration interval_{};
  Duration timeout_{};
  bool is_running_ = false;
  bool is_ping_open_ = false;  ///< a PINGREQ is out and nothing has come since
  Instant last_sent_;
  Instant last_received_;
  Instant ping_sent_;
};

}  // namespace sluice::client
