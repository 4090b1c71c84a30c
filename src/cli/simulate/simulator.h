// SPDX-License-Identifier: Apache-2.0
//
// A Simulator publishes what the devices of a Scene measure, each stream in its interval, spread
// over it. If the broker is slower than the scene it waits and says at the end how late it was.
//
// Owner:   run_simulate().
// Limits:  the in-flight window at QoS 1 and 2, 256 KiB unsent at QoS 0.
#pragma once

#include "base/rng.h"
#include "cli/mqtt/mqtt_session.h"
#include "cli/simulate/scene.h"

#include <queue>
#include <string>
#include <vector>

namespace sluice::cli {

struct SimulatePlan {
  Scene scene;
  std::uint64_t seed = 0;
  std::uint64_t count = 0;  ///< messages before the end; 0: no end
  Duration timeout{};       ///< zero: none
  double speed = 1;         ///< 2: each interval is half as long
  std::string topic_prefix;
  std::optional<codec::Qos> qos;
};

/// What is published when, without any clock.
class SceneSource {
 public:
  SceneSource(const Scene& scene, std::uint64_t seed);
  struct Message {
    Duration due{};  ///< since the beginning
    std::string topic;
    std::string payload;
    codec::Qos qos = codec::Qos::at_most_once;
    bool retain = false;
  };
  Duration next_due() const { return queue_.top().due; }
  Message next();

 private:
  struct Sensor {
    const Stream* stream;
    std::string topic;
    std::vector<Signal> signals;
  };
  struct Entry {
    Duration due{};
    std::size_t sensor = 0;
    bool operator>(const Entry& other) const {
      return due != other.due ? due > other.due : sensor > other.sensor;
    }
  };

  Rng rng_;
  std::vector<Sensor> sensors_;
  std::priority_queue<Entry, std::vector<Entry>, std::greater<>> queue_;
};

class Simulator final : public MqttSession {
 public:
  Simulator(ConnectionSettings settings, SimulatePlan plan);

 private:
  void on_start() override;
  void on_ready(const client::Connected& connected) override;
  void on_published(const client::Published& published) override;
  void after_step() override;
  void before_end() override;

  void pump();
  bool publish_next();
  bool is_over() const;
  Instant due() const;
  void set_alarm();

  SimulatePlan plan_;
  SceneSource source_;
  std::optional<SceneSource::Message> held_;  ///< taken from the source, not yet published
  Instant began_ = Instant::never();
  Instant ends_at_ = Instant::never();
  std::uint64_t published_ = 0;
  Duration latest_{};  ///< how late a message was at most
};

}  // namespace sluice::cli
