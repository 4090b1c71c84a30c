// SPDX-License-Identifier: Apache-2.0
//
// A Publisher sends one payload some times, or each line of standard input, and ends when all of
// it is delivered: at QoS 0 when the bytes are with the broker's machine, at QoS 1 and 2 when the
// broker has acknowledged.
//
// Owner:   run_pub().
// Limits:  256 KiB unsent at QoS 0; the in-flight window at QoS 1 and 2; a line as long as a
// packet.
#pragma once

#include "cli/commands/line_reader.h"
#include "cli/mqtt/mqtt_session.h"

#include <string>

namespace sluice::cli {

enum class PayloadSource : std::uint8_t { given, lines };

struct PublishPlan {
  std::string topic;
  std::string payload;  ///< with PayloadSource::given
  PayloadSource source = PayloadSource::given;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  std::uint64_t count = 1;  ///< how often, with PayloadSource::given
  Duration delay{};         ///< between one being delivered and the next
};

class Publisher final : public MqttSession {
 public:
  Publisher(ConnectionSettings settings, PublishPlan plan);

 private:
  void on_ready(const client::Connected& connected) override;
  void on_published(const client::Published& published) override;
  void after_step() override;
  ExitCodes interrupted() const override { return {exit_interrupted, exit_interrupted}; }

  void pump();
  bool has_room();
  bool publish_one(std::string_view payload);
  bool publish_next();
  bool is_source_done() const;
  void read_lines();
  void watch_input();
  void unwatch_input();

  PublishPlan plan_;
  LineReader lines_;
  std::string held_line_;  ///< taken from the reader, not yet accepted by the machine
  bool has_held_line_ = false;
  std::uint64_t sent_ = 0;
  bool is_waiting_ = false;  ///< for the delay
  bool is_input_watched_ = false;
  bool is_input_file_ = false;  ///< cannot be watched: is always readable
  bool is_input_over_ = false;
  ExitCodes outcome_;
};

}  // namespace sluice::cli
