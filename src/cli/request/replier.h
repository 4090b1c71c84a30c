// SPDX-License-Identifier: Apache-2.0
//
// A Replier answers requests: it publishes to the response topic of each, with the correlation data
// that came along. The answer is given, the request itself, or what a command prints.
//
// Owner:   run_reply().
// Limits:  one command runs at a time; 1,000 requests wait (Receive Maximum for QoS 1 and 2, the
//          newest is dropped and reported at QoS 0); an answer of at most 16 MiB; a command's time.
// Spec:    MQTT 5.0 §4.10.
#pragma once

#include "cli/commands/message_printer.h"
#include "cli/mqtt/mqtt_session.h"
#include "os/process/child_process.h"

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::cli {

enum class AnswerSource : std::uint8_t { given, echo, command };

struct ReplyPlan {
  std::vector<std::string> filters;
  AnswerSource source = AnswerSource::given;
  std::string payload;         ///< with AnswerSource::given
  std::string command;         ///< with AnswerSource::command
  std::string response_topic;  ///< for requests that name none; empty: they are not answered
  codec::Qos qos = codec::Qos::at_most_once;
  std::uint64_t count = 0;  ///< answers before the end; 0: no end
  Duration timeout{};       ///< zero: none
  Duration command_timeout{};
  std::optional<PrintOptions> print;  ///< requests are printed
};

class Replier final : public MqttSession {
 public:
  Replier(ConnectionSettings settings, ReplyPlan plan);

 private:
  struct Request {
    std::string topic;
    std::string response_topic;
    std::string payload;
    std::optional<std::string> correlation;
    codec::Qos qos = codec::Qos::at_most_once;
    client::DeliveryId delivery = client::DeliveryId::none;
  };

  void on_start() override;
  void on_ready(const client::Connected& connected) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_published(const client::Published& published) override;
  void on_message(const client::Message& message) override;
  void after_step() override;

  void take(const client::Message& message);
  void work();
  void start_command();
  void end_command();
  void set_alarm();
  /// False if the window is full: try again later.
  bool answer(const Request& request, std::string_view payload);
  void settle(const Request& request);

  ReplyPlan plan_;
  std::optional<MessagePrinter> printer_;
  std::deque<Request> requests_;
  std::unique_ptr<os::ChildProcess> child_;    ///< answers the first request
  std::optional<std::string> command_answer_;  ///< of the first request, not yet published
  Instant ends_at_ = Instant::never();
  Instant command_ends_at_ = Instant::never();
  std::uint64_t answers_ = 0;
};

}  // namespace sluice::cli
