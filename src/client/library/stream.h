// SPDX-License-Identifier: Apache-2.0
//
// A Stream is the library's side of a v1::subscription: messages between the loop, which puts them
// in, and users, who take them out.
//
// Owner:   Refs of the user's handle and of Subscriptions.
// Thread:  any; push(), end() and what is marked so the loop's.
// Limits:  SubscribeOptions::queue; full: on_full. QoS 0 messages that come in one read may exceed
//          it where that is backpressure.
#pragma once

#include "client/library/operation.h"
#include "client/machine/events.h"
#include "os/counter.h"

#include <sluice/message.hpp>
#include <sluice/options.hpp>
#include <sluice/subscription.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace sluice::client {

class Stream;

/// What a stream needs of its client. Any thread.
class StreamOwner : public LoopMember {
 public:
  virtual void acknowledge_later(DeliveryId delivery) = 0;
  virtual void stream_has_room() = 0;
  virtual v1::operation<void> unsubscribe(os::Ref<Stream> stream) = 0;
  /// The user has let go of it.
  virtual void forget(os::Ref<Stream> stream) = 0;
};

class Stream : public os::Shared {
 public:
  using Handler = std::function<void(const v1::message&)>;
  enum class Pressure : std::uint8_t { none, full };

  Stream(os::Ref<StreamOwner> owner, os::Ref<HandlerGuard> guard, std::string filter,
         const v1::subscribe_options& options, Handler handler);

  // The user's.
  v1::operation<std::optional<v1::message>> next();
  std::optional<v1::message> try_next();
  void acknowledge(const v1::message& message);
  v1::operation<void> unsubscribe() { return owner_->unsubscribe(os::Ref<Stream>::share(*this)); }
  void let_go() { owner_->forget(os::Ref<Stream>::share(*this)); }
  const std::string& filter() const { return filter_; }
  /// `user_properties` is a view of the stream's own.
  const v1::subscribe_options& options() const { return options_; }
  v1::qos granted() const { return static_cast<v1::qos>(granted_.value()); }
  std::size_t waiting() const;
  std::uint64_t dropped() const { return dropped_.value(); }

  // The loop's.
  /// `delivery` is the machine's, none at QoS 0; it is acknowledged in due time. `must_drop`: there
  /// is no other way to keep within the limit.
  enum class WhenFull : std::uint8_t { keep, drop };
  Pressure push(v1::message message, DeliveryId delivery, WhenFull when_full);
  void set_granted(v1::qos qos) { granted_.set(static_cast<std::uint64_t>(qos)); }
  bool is_full() const;
  /// The connection is gone: the server will send again what was not acknowledged.
  void on_connection_lost();
  /// It is there again. If the session was kept, what waits unacknowledged comes again.
  enum class Session : std::uint8_t { resumed, lost };
  void on_connected(Session session);
  /// What has come can still be taken; then there is no more.
  void end();

 private:
  struct Item {
    v1::message message;
    DeliveryId delivery = DeliveryId::none;
    bool is_stale = false;  ///< of an earlier connection
  };
  std::optional<v1::message> pop(DeliveryId& acknowledged, bool& has_made_room)
      SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  struct Outcome {
    Pressure pressure = Pressure::none;
    DeliveryId acknowledged = DeliveryId::none;  ///< of what was dropped
  };
  /// The first who waits, or null: then the message stands in line, or was dropped.
  OperationRef<std::optional<v1::message>> waiter_or_line(v1::message& message, DeliveryId delivery,
                                                          WhenFull when_full, Outcome& out);
  bool is_acknowledged_by_caller() const {
    return options_.acknowledge == v1::acknowledge::by_caller;
  }

  const os::Ref<StreamOwner> owner_;
  const os::Ref<HandlerGuard> guard_;
  const std::string filter_;
  const v1::user_properties user_properties_;
  v1::subscribe_options options_;
  const Handler handler_;
  os::Counter granted_;
  os::Counter dropped_;

  mutable os::Mutex mutex_;
  std::deque<Item> items_ SLUICE_GUARDED_BY(mutex_);
  std::deque<OperationRef<std::optional<v1::message>>> waiters_ SLUICE_GUARDED_BY(mutex_);
  bool is_ended_ SLUICE_GUARDED_BY(mutex_) = false;
};

}  // namespace sluice::client

namespace sluice {

class v1::subscription::body final : public ::sluice::client::Stream {
 public:
  using Stream::Stream;
};

}  // namespace sluice
