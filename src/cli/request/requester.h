// SPDX-License-Identifier: Apache-2.0
//
// A Requester publishes one request and prints the answers to it: it subscribes to the response
// topic first, so that no answer can come too early. In MQTT 5 the request carries the response
// topic and correlation data; what comes back with other correlation data is not an answer.
//
// Owner:   run_request().
// Spec:    MQTT 5.0 §4.10.
#pragma once

#include "cli/commands/message_printer.h"
#include "cli/mqtt/mqtt_session.h"

#include <string>

namespace sluice::cli {

struct RequestPlan {
  std::string topic;
  std::string response_topic;
  std::string payload;
  std::string correlation;               ///< empty: none is sent but what -D says
  codec::SubscriptionOptions options{};  ///< for the answers; the request has its QoS
  bool hides_retained = false;
  bool shows_latency = false;
  std::uint64_t count = 1;  ///< answers to wait for
  Duration timeout{};       ///< zero: none
  PrintOptions print;
};

class Requester final : public MqttSession {
 public:
  Requester(ConnectionSettings settings, RequestPlan plan);

 private:
  void on_start() override;
  void on_ready(const client::Connected& connected) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_published(const client::Published& published) override;
  void on_message(const client::Message& message) override;
  void after_step() override;

  void send_request();
  bool is_answer(const codec::Publish& publish) const;

  RequestPlan plan_;
  PropertyList properties_;  ///< of the request
  std::string correlation_;  ///< as it was sent; empty if there is none to compare
  MessagePrinter printer_;
  std::uint64_t answers_ = 0;
  Instant asked_at_{};
};

}  // namespace sluice::cli
