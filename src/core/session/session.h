// SPDX-License-Identifier: Apache-2.0
//
// A Session is what the broker remembers of one client id: messages in flight and queued, packet
// identifiers of incoming QoS 2 messages, the will; its subscriptions stand in the SubscriptionTree
// under its slot. It outlives connections: `conn` is the one it has now, if any.
//
// Owner:   Sessions (exactly one).      Thread: its shard's.
// Never:   I/O, clock, randomness.
// Limits:  session.inflight_messages_max, session.inflight_bytes_max, session.queue_messages_max,
//          session.queue_bytes_max.
// Spec:    MQTT 5.0 §4.1, §4.3, §4.4.
#pragma once

#include "base/ring_buffer.h"
#include "base/short_text.h"
#include "base/time.h"
#include "codec/types.h"
#include "core/access/access.h"
#include "core/ids.h"
#include "core/session/packet_id_set.h"
#include "core/session/queue.h"

#include <cstdint>
#include <memory>
#include <string_view>

namespace sluice::core {

/// Messages on their way to the client: the window of those with a packet identifier, and the queue
/// behind it.
struct Outbound {
  RingBuffer<Delivery> window;  ///< packet identifiers in their order, oldest first
  Queue queue;
  std::uint32_t unacknowledged = 0;  ///< of the window, not done
  std::uint32_t unsent = 0;          ///< the last of the window, not sent yet on this connection
  std::uint32_t skipped = 0;  ///< identifiers between those of the window that none of it has
  std::size_t window_bytes = 0;
  std::size_t queue_bytes = 0;  ///< wherever they are
};

struct SessionWill {
  MessageRef message;
  Duration delay{};
};

/// What stands for a member of a shared subscription that lives on another shard.
struct RemoteMember {
  ShardIndex shard{};
  SessionSlot session = no_session;
  std::uint32_t number = 0;
  bool is_connected = false;
  bool is_durable = false;
};

class Session {
 public:
  Session(std::string_view id, SessionSlot at) : slot(at), client_id_(id) {}

  std::string_view client_id() const { return client_id_.view(); }
  bool is_connected() const { return !conn.is_none(); }
  bool is_stand_in() const { return remote != nullptr; }
  /// Whether the session outlives its connection, so that its state must be kept safe.
  bool is_durable() const { return expiry_s > 0; }
  /// Whether the log knows of it: for its own sake, or for its will's.
  bool is_logged() const { return log_number != 0; }
  Outbound& outbound() {
    if (!outbound_) outbound_ = std::make_unique<Outbound>();
    return *outbound_;
  }
  Outbound* find_outbound() { return outbound_.get(); }
  const Outbound* find_outbound() const { return outbound_.get(); }
  void drop_outbound() { outbound_.reset(); }
  /// Memory of this session beyond sizeof(Session), messages not counted.
  std::size_t extra_bytes() const {
    return (outbound_ ? sizeof(Outbound) + outbound_->window.bytes() + outbound_->queue.bytes()
                      : 0) +
           received.bytes() + client_id_.heap_bytes();
  }

  static constexpr std::uint32_t never_expires = 0xffffffffU;

  SessionSlot slot;
  ConnId conn;
  std::uint32_t expiry_s = 0;    ///< Session Expiry Interval; 0: ends with the connection
  std::uint32_t number = 0;      ///< differs between sessions that use one slot in turn
  std::uint32_t generation = 0;  ///< grows with every connection, for late timers
  Instant disconnected_at{};     ///< never: a connection has it
  std::uint64_t log_number = 0;  ///< its name in the log; 0: the log does not know it
  PacketIdSet received;          ///< incoming QoS 2, PUBREL awaited
  std::unique_ptr<SessionWill> will;
  std::unique_ptr<RemoteMember> remote;  ///< of stand-ins only
  codec::PacketId next_packet_id = 1;
  std::uint16_t untold_ids = 0;  ///< packet identifiers given that the log has not heard of
  codec::Version version = codec::Version::v3_1_1;
  std::uint32_t match_stamp = 0;          ///< of the last publish that matched, and its place among
  std::uint32_t match_index = 0;          ///< that publish's targets
  std::uint32_t rules_checked = 0;        ///< the rules under which its messages were taken
  std::unique_ptr<SessionAccess> access;  ///< null: nobody has asked who its client is
  AccountHold account;                    ///< its user's; null: nothing is counted
  bool is_shared_member =
      false;  ///< has or had shared subscriptions: presence is told to other shards
  bool drop_was_logged = false;
  bool is_interest_kept = false;  ///< it was durable when it began
  std::uint32_t drops = 0;

 private:
  ShortText client_id_;
  std::unique_ptr<Outbound> outbound_;
};

/// How many packet identifiers between that delivery of the window and the next have none.
inline std::uint32_t gap_behind(const Session& session, const Outbound& outbound, std::size_t at) {
  const codec::PacketId id = outbound.window[at].packet_id;
  const codec::PacketId next =
      at + 1 < outbound.window.size() ? outbound.window[at + 1].packet_id : session.next_packet_id;
  return (next > id ? std::uint32_t{next} - id : 65535U - id + next) - 1;
}

}  // namespace sluice::core
