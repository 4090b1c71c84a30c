// SPDX-License-Identifier: Apache-2.0
//
// An MqttSession runs one client command from connect to exit code: it owns the Runtime, reports
// failures, reconnects once a connection had been made, and ends on signals. pub, sub and their
// like derive from it and say what to do when connected.
//
// Owner:   the command's run function.
#pragma once

#include "cli/exit_code.h"
#include "cli/mqtt/connection_settings.h"
#include "cli/mqtt/packet_trace.h"
#include "client/runtime.h"
#include "os/process/signal_queue.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace sluice::cli {

class MqttSession : public client::NoClientEvents, public client::LinkEvents {
 public:
  explicit MqttSession(ConnectionSettings settings);

  /// Returns the exit code.
  int run();

 protected:
  /// What the command answers to the shell.
  struct ExitCodes {
    int native = exit_success;
    int mosquitto = exit_success;
  };

  /// Connected, also again after a loss. Calls that need the machine belong here.
  virtual void on_ready(const client::Connected& connected) = 0;
  /// After each turn of the loop: the output may have drained.
  virtual void after_step() {}
  /// What a signal makes of the command: an end like any other, unless work was left undone.
  virtual ExitCodes interrupted() const { return {exit_success, exit_success}; }
  /// Before DISCONNECT: the last chance to send something.
  virtual void before_end() {}
  /// Before connecting.
  virtual void on_start() {}

  client::Runtime& runtime() { return *runtime_; }
  client::ClientMachine& machine() { return runtime_->machine(); }
  const client::ClientMachine& machine() const { return runtime_->machine(); }
  Instant now() const { return runtime_->now(); }
  const ConnectionSettings& settings() const { return settings_; }
  bool is_mosquitto() const { return settings_.personality == Personality::mosquitto; }
  bool is_ending() const { return exit_.has_value(); }

  /// One SUBSCRIBE for all filters, with the properties that the flags gave. Where it cannot be
  /// sent the command ends.
  void subscribe_all(std::span<const std::string> filters,
                     const codec::SubscriptionOptions& options);
  /// Those of the options that the version of the protocol has; the others are reported.
  codec::SubscriptionOptions known_options(const codec::SubscriptionOptions& options) const;
  /// Reports each filter that the broker refused, and says how many those are.
  std::size_t report_refused(const codec::Suback& ack, std::span<const std::string> filters) const;

  /// Ends in good order: DISCONNECT behind all that was sent. The first call counts.
  void finish(ExitCodes codes);
  /// A line on standard error, unless --quiet.
  virtual void report(std::string_view text) const;

 private:
  void on_connected(const client::Connected& connected) final;
  void on_refused(const codec::Connack& connack) final;
  void on_ended(const client::Ending& ending) final;
  void on_unreachable(const client::Endpoint& endpoint, const Error& error) final;
  void on_referred(const client::Endpoint& endpoint) final;
  void on_retry(Duration retry_in) final;
  void on_signal();
  void end_with(ExitCodes codes);
  bool is_final(const client::Ending& ending) const;

  ConnectionSettings settings_;
  std::unique_ptr<os::SignalQueue> signals_;
  std::optional<PacketTrace> trace_;
  std::unique_ptr<client::Runtime> runtime_;
  std::optional<ExitCodes> exit_;
  bool was_connected_ = false;
};

}  // namespace sluice::cli
