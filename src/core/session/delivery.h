// SPDX-License-Identifier: Apache-2.0
//
// Delivery of messages to one session: encodes PUBLISH packets, fills the window of unacknowledged
// ones from the queue behind it, takes acknowledgements, and sends again what a resumed session had
// not acknowledged.
//
// Owner:   Shard.      Thread: its shard's.
// Never:   allocation for QoS 0 once warm.
// Limits:  session.inflight_*, session.queue_*; limits.write_buffer_bytes; the client's Receive
//          Maximum and Maximum Packet Size.
// Spec:    MQTT 5.0 §3.3, §4.3, §4.4, §4.9.
#pragma once

#include "codec/codec.h"
#include "core/access/guard.h"
#include "core/access/quotas.h"
#include "core/connection/rate_guard.h"
#include "core/output/publish_writer.h"
#include "core/session/spilling.h"
#include "core/shard/context.h"
#include "core/shard/routed.h"

#include <cstdint>
#include <span>
#include <vector>

namespace sluice::core {

/// How a message goes to one session: what its matching subscriptions say together.
struct Target {
  SessionSlot session = no_session;
  codec::Qos qos = codec::Qos::at_most_once;  ///< granted; the message's own may be lower
  bool retain = false;
  bool is_shared = false;                     ///< chosen from a group
  std::uint32_t subscription_id = 0;          ///< the first, 0 if none
  std::span<const std::uint32_t> more_ids{};  ///< all of them, if there are several
};

class Delivering {
 public:
  explicit Delivering(Context& context)
      : c_(context), guard_(context), quotas_(context), rates_(context), spilling_(context) {}

  enum class Outcome : std::uint8_t {
    sent,
    queued,
    absent,   ///< the client is not there, and nothing of that QoS is kept for it
    dropped,  ///< a limit is reached
  };
  Outcome deliver(Routed& routed, const Target& target);
  /// Whether the client may have messages of that topic.
  bool is_allowed(Session& session, std::string_view topic) {
    return guard_.can_receive(session, topic);
  }
  /// True if deliver() would not drop a message of that size at QoS 1 or 2.
  bool can_take(const Session& session, std::size_t bytes) const;
  /// True if a QoS 1 or 2 message would be sent at once.
  bool has_free_window(const Session& session);
  /// Sends from the queue what the window has room for.
  void pump(Session& session);
  /// After CONNACK with a session present: what was sent and not acknowledged, in its order.
  void resend(Session& session);
  /// PUBACK, PUBREC, PUBCOMP from the client. False if there is no such delivery.
  bool on_acknowledged(Session& session, codec::PacketId packet_id, record::AckKind kind);
  /// A delivery that waited for the log may go.
  void on_durable(const Held& held);
  void send_pubrel(Session& session, codec::PacketId packet_id, codec::ReasonCode reason);
  /// The answer to the effect `chunk`.
  void on_chunk(const ChunkAnswer& answer);

 private:
  struct QueueLimits {
    std::uint64_t messages;
    std::uint64_t bytes;
  };
  /// Where a message is kept: in the log too, or in memory alone.
  enum class Kept : std::uint8_t { log, memory };
  QueueLimits queue_limits(Kept kept) const;
  bool can_take_volatile(const Session& session, std::size_t bytes) const;
  bool is_logged(Session& session, codec::PacketId packet_id);
  void tell_packet_id(const Session& session);
  Connection* find_ready(const Session& session);
  bool is_revoked(Session& session, const Message& message);
  void drop_revoked(Session& session, Outbound& outbound);
  bool has_room(const Connection& connection, const Outbound& outbound) const;
  bool has_turn(Connection& connection);
  void begin_now(Connection& connection, Routed& routed, const Target& target, codec::Qos qos);
  const Delivery* begin(Connection& connection, const MessageRef& message, const Target& target,
                        codec::Qos qos);
  bool can_send(const Connection& connection, const Message& message,
                const OutgoingPublish& publish);
  void begin_first(Session& session, Connection& connection, Outbound& outbound);
  bool hold(const Session& session, const Connection& connection, Delivery& delivery);
  void send_same(Connection& connection, const SentPublish& sent, const Delivery& delivery);
  /// Its views live until the next call.
  OutgoingPublish outgoing(const Connection& connection, const Message& message, codec::Qos qos,
                           bool retain);
  OutgoingPublish outgoing(const Connection& connection, const Delivery& delivery);
  void unmount(const Connection& connection, OutgoingPublish& publish);
  void send_again(Session& session, Connection& connection, Outbound& outbound);
  void send(Connection& connection, const Delivery& delivery);
  ByteView send(Connection& connection, const MessageRef& message, OutgoingPublish& publish);
  void send_qos_0(Routed& routed, const Target& target, Connection& connection);
  void drop(Session& session, std::uint64_t& counter, const char* limit);

  Context& c_;
  Guard guard_;
  Quotas quotas_;
  RateGuard rates_;
  Spilling spilling_;
  std::vector<std::uint8_t> unmounted_properties_;  // of the PUBLISH under way
};

}  // namespace sluice::core
