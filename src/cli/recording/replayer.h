// SPDX-License-Identifier: Apache-2.0
//
// A Replayer publishes the messages of a recording, with the time between them that it had, or a
// part of it, or as fast as the broker takes them; and ends when all are delivered.
//
// Owner:   run_replay(), `sluice retained import`.
// Limits:  256 KiB unsent at QoS 0; the in-flight window at QoS 1 and 2; a message of the file
//          ahead.
#pragma once

#include "cli/mqtt/mqtt_session.h"
#include "cli/recording/recording_format.h"
#include "os/stream_file.h"

#include <optional>
#include <string>

namespace sluice::cli {

struct ReplayPlan {
  std::string file;               ///< its name, for reports
  double speed = 1;               ///< 0: without waiting
  std::string topic_prefix;       ///< stands in front of each topic
  std::optional<codec::Qos> qos;  ///< instead of the messages' own
  std::optional<bool> retain;     ///< likewise
  std::uint64_t rounds = 1;       ///< how often; 0: without end
  bool is_quiet_at_end = false;
};

class Replayer final : public MqttSession {
 public:
  /// `open` is called for each round with plan.file.
  using Open = Result<os::StreamFile> (*)(const std::string& name);
  Replayer(ConnectionSettings settings, ReplayPlan plan, Open open);

  std::uint64_t published() const { return published_; }

 private:
  void on_ready(const client::Connected& connected) override;
  void on_published(const client::Published& published) override;
  void after_step() override;
  ExitCodes interrupted() const override { return {exit_interrupted, exit_interrupted}; }

  void pump();
  bool has_room();
  /// False if there is nothing to do now.
  bool publish_next();
  /// The next message is in next_, or the file is over.
  bool find_next();
  void read_more();
  bool is_due();
  void end_round();
  void fail(const std::string& text);

  ReplayPlan plan_;
  Open open_;
  std::optional<os::StreamFile> file_;
  RecordingReader reader_;
  std::optional<RecordedMessage> next_;
  bool is_read_ = false;                ///< the file is at its end
  bool is_file_over_ = false;           ///< and so is the last round
  std::optional<WallTime> first_time_;  ///< of the round's first message
  Instant began_;                       ///< when that was published
  bool is_waiting_ = false;
  std::uint64_t rounds_ = 0;
  std::uint64_t published_ = 0;
  ExitCodes outcome_;
};

}  // namespace sluice::cli
