// SPDX-License-Identifier: Apache-2.0
//
// A Subscriber subscribes, prints what comes, and ends by count, time, signal, or when nobody reads
// its output any more.
//
// Owner:   run_sub().
// Limits:  64 KiB of output are gathered within a turn.
#pragma once

#include "cli/commands/message_printer.h"
#include "cli/mqtt/mqtt_session.h"
#include "cli/output/rate_meter.h"
#include "cli/output/watch_table.h"

#include <deque>
#include <string>
#include <vector>

namespace sluice::cli {

/// Which retained messages are shown.
enum class RetainedChoice : std::uint8_t { shown, hidden, only };

/// What is shown of what comes.
enum class ShownAs : std::uint8_t { messages, table, rates, counts };

struct SubscribePlan {
  std::vector<std::string> filters;
  std::vector<std::string> unsubscribes;
  std::vector<std::string> hidden;  ///< filters of messages that are ignored
  codec::SubscriptionOptions options;
  RetainedChoice retained = RetainedChoice::shown;
  bool removes_retained = false;
  bool ends_when_subscribed = false;
  std::uint64_t count = 0;  ///< messages to show before the end; 0: no end
  Duration timeout{};       ///< zero: none
  double shown_share = 1;   ///< the part of the messages that is shown
  PrintOptions print;
  ShownAs shown_as = ShownAs::messages;
};

class Subscriber final : public MqttSession {
 public:
  Subscriber(ConnectionSettings settings, SubscribePlan plan);

 private:
  void on_start() override;
  void on_ready(const client::Connected& connected) override;
  void on_message(const client::Message& message) override;
  void on_subscribed(const codec::Suback& ack) override;
  void on_published(const client::Published& published) override;
  void after_step() override;
  void before_end() override;

  void subscribe();
  /// Those that the version in use can say.
  void unsubscribe();
  void take(const codec::Publish& publish);
  void show(const codec::Publish& publish);
  bool is_hidden(std::string_view topic) const;
  void remove_retained();
  void set_alarm();
  void on_alarm();
  bool is_counting() const {
    return plan_.shown_as == ShownAs::rates || plan_.shown_as == ShownAs::counts;
  }
  /// Appends the table or the rates to the output.
  void tick();
  /// Prints what is gathered and acknowledges it.
  void settle();

  SubscribePlan plan_;
  MessagePrinter printer_;
  WatchTable table_;
  RateMeter rates_;
  Instant timeout_at_ = Instant::never();
  Instant tick_at_ = Instant::never();
  Rng rng_;
  std::deque<std::string> to_remove_;
  std::vector<client::DeliveryId> to_acknowledge_;  ///< printed, or not to be shown
  std::uint64_t shown_ = 0;
  std::optional<ExitCodes> planned_end_;
};

}  // namespace sluice::cli
