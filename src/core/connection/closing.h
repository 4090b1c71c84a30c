// SPDX-License-Identifier: Apache-2.0
//
// Closing ends connections and sessions: the last packet if the protocol has one for the cause, the
// will or its delay, the session's own end or the clock that ends it.
//
// Owner:   Shard.      Thread: its shard's.
// Spec:    MQTT 5.0 §3.1.2.5, §3.14, §4.1, §4.13.
#pragma once

#include "codec/reason_code.h"
#include "core/access/guard.h"
#include "core/retained/retained_delivery.h"
#include "core/shard/context.h"
#include "core/shard/interest.h"
#include "core/shard/router.h"
#include "core/shard/shared_members.h"

namespace sluice::core {

class Closing {
 public:
  Closing(Context& context, Router& router, Interest& interest, SharedMembers& members,
          RetainedDelivery& retained)
      : c_(context),
        router_(router),
        interest_(interest),
        members_(members),
        retained_(retained),
        guard_(context) {}

  /// We end it: an MQTT 5 client is told why by DISCONNECT with `reason`. `detail` goes to log and
  /// Reason String.
  void close(Connection& connection, CloseCause cause, codec::ReasonCode reason,
             std::string_view detail);
  /// CONNECT is refused: the CONNACK is written already, or there is none to give.
  struct Refusal {
    std::string_view reason;
    std::string_view client{};
    std::string_view user{};
  };
  void refuse(Connection& connection, const Refusal& refusal);
  /// The CONNACK that says so.
  void send_refusal(Connection& connection, codec::ReasonCode code, std::string_view reason);
  /// The client said DISCONNECT.
  void on_disconnect(Connection& connection, CloseCause cause);
  /// The transport is gone.
  void on_lost(Connection& connection, CloseCause cause);

  /// Removes the session with all that is its own; a will that waited is published now.
  void end_session(Session& session);
  void on_session_expired(SessionSlot slot, std::uint32_t generation);
  void on_will_due(SessionSlot slot, std::uint32_t generation);
  void publish_will(Session& session);
  void clear_will(Session& session);

 private:
  void send_disconnect(const Connection& connection, codec::ReasonCode reason,
                       std::string_view detail);
  void detach(Connection& connection, CloseCause cause);
  void start_will(Session& session);
  void count(CloseCause cause);
  void log(const Connection& connection, CloseCause cause, std::string_view detail);
  void forget(Connection& connection);

  Context& c_;
  Router& router_;
  Interest& interest_;
  SharedMembers& members_;
  RetainedDelivery& retained_;
  Guard guard_;
};

}  // namespace sluice::core
