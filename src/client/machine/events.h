// SPDX-License-Identifier: Apache-2.0
//
// ClientEvents is what a ClientMachine tells its user. Views in the arguments live until the call
// returns. Every operation of the machine may be called from within an event.
//
// Owner:   the machine's user; it outlives the machine.
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "codec/packets.h"

#include <cstdint>

namespace sluice::client {

/// Names one delivery of a QoS 1 or 2 message for acknowledge(); 0 if there is nothing to do.
/// Never reused.
enum class DeliveryId : std::uint64_t { none = 0 };

struct Message {
  const codec::Publish& publish;  ///< the topic stands in it even if an alias came
  DeliveryId delivery = DeliveryId::none;
};

struct Connected {
  const codec::Connack& connack;
  bool is_resumed = false;  ///< the server kept the session, and so did we
};

struct Published {
  codec::PacketId packet_id = 0;
  codec::ReasonCode reason = codec::ReasonCode::success;
  codec::Properties properties{};
};

enum class EndCause : std::uint8_t {
  by_user,          ///< disconnect() was called
  by_server,        ///< the server sent DISCONNECT; `reason` and `properties` are its words
  refused,          ///< CONNACK refused; on_refused() came before
  protocol,         ///< the server broke the protocol or a limit; `error` says how
  connect_timeout,  ///< no CONNACK in time
  ping_timeout,     ///< the server stopped answering
  transport,        ///< the connection was lost; `error` is the transport's
};

/// How a connection ended.
struct Ending {
  EndCause cause = EndCause::by_user;
  codec::ReasonCode reason = codec::ReasonCode::success;
  codec::Properties properties{};
  Error error{};
};

class ClientEvents {
 public:
  virtual ~ClientEvents() = default;

  virtual void on_connected(const Connected&) = 0;
  /// The server answered with a code other than 0; on_ended() follows.
  virtual void on_refused(const codec::Connack&) = 0;
  virtual void on_message(const Message&) = 0;
  /// A QoS 1 or 2 publish is complete, or refused if `reason` is a failure.
  virtual void on_published(const Published&) = 0;
  /// The server has taken over a QoS 2 publish; on_published() follows.
  virtual void on_received(codec::PacketId) {}
  virtual void on_subscribed(const codec::Suback&) = 0;
  virtual void on_unsubscribed(const codec::Unsuback&) = 0;
  /// The answer to this operation will never come: the session or the connection that knew it is
  /// gone.
  virtual void on_lost(codec::PacketId) = 0;
  /// A step of enhanced authentication; answer it with auth().
  virtual void on_auth(const codec::Auth&) = 0;
  virtual void on_pong() = 0;
  /// Once for each on_opened(). The driver closes the transport when the output is drained.
  virtual void on_ended(const Ending&) = 0;
};

/// Does nothing; for users who want a few of the events.
class NoClientEvents : public ClientEvents {
 public:
  void on_connected(const Connected&) override {}
  void on_refused(const codec::Connack&) override {}
  void on_message(const Message&) override {}
  void on_published(const Published&) override {}
  void on_subscribed(const codec::Suback&) override {}
  void on_unsubscribed(const codec::Unsuback&) override {}
  void on_lost(codec::PacketId) override {}
  void on_auth(const codec::Auth&) override {}
  void on_pong() override {}
  void on_ended(const Ending&) override {}
};

}  // namespace sluice::client
