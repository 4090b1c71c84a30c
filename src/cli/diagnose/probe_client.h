// SPDX-License-Identifier: Apache-2.0
//
// A ProbeClient is one connection of a test of a broker: each call waits for what the broker
// answers, at most as long as its patience, and remembers what came.
//
// Owner:   a check.      Thread: its owner's; blocks.
#pragma once

#include "cli/mqtt/property_arguments.h"
#include "client/runtime.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// A message in owned bytes.
struct ProbeMessage {
  std::string topic;
  std::string payload;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  PropertyList properties{};
};

class ProbeClient final : public client::NoClientEvents, public client::LinkEvents {
 public:
  /// Connects; is_connected() says whether the broker took it.
  ProbeClient(const client::LinkOptions& options, Duration patience);
  ProbeClient(const ProbeClient&) = delete;
  ProbeClient& operator=(const ProbeClient&) = delete;

  bool is_connected() const { return runtime_ != nullptr && connected_; }
  /// The broker's CONNACK code, if it refused.
  std::optional<std::uint8_t> refusal() const { return refusal_; }
  /// Why there is no connection, in words; empty if there is one.
  const std::string& problem() const { return problem_; }
  bool is_session_present() const { return is_session_present_; }
  /// The properties of CONNACK.
  codec::Properties connack() const { return connack_.view(); }
  const std::string& client_id() { return runtime_->machine().client_id(); }

  /// The broker's code for the filter; 0xFF if it did not answer.
  std::uint8_t subscribe(std::string_view filter, codec::SubscriptionOptions options,
                         std::uint32_t identifier = 0);
  std::uint8_t unsubscribe(std::string_view filter);
  /// 0 at QoS 0; the reason code of the acknowledgement; 0xFF if none came.
  std::uint8_t publish(const ProbeMessage& message);
  bool ping();
  /// DISCONNECT, and waits for the end.
  void leave();
  /// Ends the connection without DISCONNECT.
  void drop();
  /// Waits until the broker ends the connection; the reason of its DISCONNECT, 0 without one.
  std::optional<codec::ReasonCode> wait_for_end();
  /// False if fewer messages than `count` have come in time.
  bool wait_for_messages(std::size_t count);
  const std::vector<ProbeMessage>& messages() const { return messages_; }
  void forget_messages() { messages_.clear(); }

 private:
  void on_connected(const client::Connected& connected) override;
  void on_refused(const codec::Connack& connack) override;
  void on_message(const client::Message& message) override;
  void on_published(const client::Published& published) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_unsubscribed(const codec::Unsuback& ack) override;
  void on_pong() override { is_answered_ = true; }
  void on_ended(const client::Ending& ending) override;
  void on_unreachable(const client::Endpoint& endpoint, const Error& error) override;
  void on_retry(Duration) override {}

  template <class Condition>
  bool wait(Condition condition);
  std::uint8_t answer();

  Duration patience_;
  std::unique_ptr<client::Runtime> runtime_;
  std::string problem_;
  PropertyList connack_;
  std::vector<ProbeMessage> messages_;
  std::optional<std::uint8_t> refusal_;
  std::optional<codec::ReasonCode> end_;
  std::uint8_t code_ = 0xFF;  ///< of the answer that came last
  bool is_answered_ = false;
  bool connected_ = false;
  bool is_session_present_ = false;
};

}  // namespace sluice::cli
