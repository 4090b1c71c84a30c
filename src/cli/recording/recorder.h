// SPDX-License-Identifier: Apache-2.0
//
// A Recorder subscribes and writes each message to a file, with the time it came. A message of QoS
// 1 or 2 is acknowledged once it is written.
//
// Owner:   run_record().
// Limits:  64 KiB are gathered within a turn.
#pragma once

#include "cli/mqtt/mqtt_session.h"
#include "cli/recording/recording_format.h"
#include "os/stream_file.h"

#include <string>
#include <vector>

namespace sluice::cli {

struct RecordPlan {
  std::vector<std::string> filters;
  codec::Qos qos = codec::Qos::exactly_once;
  RecordingForm form = RecordingForm::binary;
  std::string file;  ///< its name, for reports; empty: standard output
  bool hides_retained = false;
  std::uint64_t count = 0;  ///< messages before the end; 0: no end
  Duration timeout{};       ///< zero: none
};

class Recorder final : public MqttSession {
 public:
  Recorder(ConnectionSettings settings, RecordPlan plan, os::StreamFile file);

 private:
  void on_start() override;
  void on_ready(const client::Connected& connected) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_message(const client::Message& message) override;
  void after_step() override;
  void before_end() override;

  void settle();

  RecordPlan plan_;
  os::StreamFile file_;
  std::string out_;
  std::vector<client::DeliveryId> to_acknowledge_;
  std::uint64_t count_ = 0;
};

}  // namespace sluice::cli
