// SPDX-License-Identifier: Apache-2.0
//
// A DoctorSession is the MQTT part of a diagnosis: it connects as any command does, says what the
// broker granted, subscribes, publishes to itself at QoS 1, and measures how long that takes.
//
// Owner:   run_doctor().
#pragma once

#include "cli/mqtt/mqtt_session.h"

#include <string>
#include <vector>

namespace sluice::cli {

struct DoctorFinding {
  bool is_good = true;
  std::string part;  ///< "DNS", "TCP", "MQTT", …
  std::string text;
};

class DoctorSession final : public MqttSession {
 public:
  DoctorSession(ConnectionSettings settings, std::string topic, Duration patience);

  const std::vector<DoctorFinding>& findings() const { return findings_; }
  /// The broker answered with MQTT, be it a refusal.
  bool is_mqtt() const { return is_mqtt_; }

 private:
  void on_start() override;
  void on_open(const net::Transport& transport) override;
  void on_ready(const client::Connected& connected) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_published(const client::Published& published) override;
  void on_message(const client::Message& message) override;
  void report(std::string_view text) const override;

  void add(bool is_good, std::string part, std::string text);

  std::string topic_;
  Duration patience_;
  /// report() tells what MqttSession finds, and is const there.
  mutable std::vector<DoctorFinding> findings_;
  Instant sent_at_;
  std::string stage_ = "MQTT";
  bool is_mqtt_ = false;
};

}  // namespace sluice::cli
