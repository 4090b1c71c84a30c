// SPDX-License-Identifier: Apache-2.0
//
// Records: everything that changes the state a broker must keep. State::apply() of one of these is
// the only way that a session, a subscription, a queue, a retained message or a will changes, live
// and at replay; so a log of them is the state. What a record holds is all that its change depends
// on: no clock, no randomness, no option is asked.
//
// Views are read during apply() only.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "codec/types.h"
#include "core/ids.h"
#include "core/message/message.h"
#include "core/session/session.h"
#include "core/state/outbox_lane.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::core::record {

/// A broker begins to write the log: connections of an earlier run were lost at `at`, at the
/// latest.
struct RunStarted {
  Instant at;
};
/// A session begins. REQUIRES: none of that client id.
struct SessionCreated {
  std::string_view client_id;
  std::uint64_t log_number;  ///< its number in the log; 0: the log never hears of it
};
/// A connection takes the session: what CONNECT says of it.
struct SessionAttached {
  SessionSlot session;
  codec::Version version;
  std::uint32_t expiry_s;
};
/// The connection is gone at `at`; from then on the session expires after `expiry_s`.
struct SessionDetached {
  SessionSlot session;
  std::uint32_t expiry_s;
  Instant at;
};
/// The session ends, with subscriptions, messages and will.
struct SessionEnded {
  SessionSlot session;
};
/// The will of the session, or none if `message` is empty.
struct WillSet {
  SessionSlot session;
  MessageRef message;
  Duration delay;
};
struct Subscribed {
  SessionSlot session;
  std::string_view filter;  ///< as the client wrote it, $share/ included
  codec::SubscriptionOptions options;
  std::uint32_t subscription_id;  ///< 0: none
};
struct Unsubscribed {
  SessionSlot session;
  std::string_view filter;
};
/// The session got a message by its shared subscription at `at`; so the turn is behind it, if no
/// other member got one later.
struct SharedTurnTaken {
  SessionSlot session;
  std::string_view filter;  ///< as the client wrote it, $share/ included
  Instant at;
};
/// A message joins the session's queue.
struct Queued {
  SessionSlot session;
  MessageRef message;
  std::uint32_t subscription_ids;  ///< as in Delivery
  codec::Qos qos;
  bool retain;
  bool is_shared;  ///< it came by a shared subscription
};
/// Queued and DeliveryBegun of one message, in one step. REQUIRES: an empty queue.
struct QueuedAndBegun {
  SessionSlot session;
  const MessageRef& message;
  std::uint32_t subscription_ids;
  codec::Qos qos;
  bool retain;
  bool is_shared;
};
/// The first of the queue gets the next packet identifier and joins the window.
struct DeliveryBegun {
  SessionSlot session;
};
/// The first of the queue is dropped: expired, or too large for the client.
struct QueueFrontDropped {
  SessionSlot session;
};
enum class AckKind : std::uint8_t {
  puback,         ///< QoS 1 is done
  pubrec,         ///< QoS 2: the message is the client's, PUBREL follows
  pubrec_failed,  ///< QoS 2 is done, refused
  pubcomp,        ///< QoS 2 is done
};
struct DeliveryAcknowledged {
  SessionSlot session;
  codec::PacketId packet_id;
  AckKind kind;
};
/// An incoming QoS 2 message was taken; until its PUBREL the identifier is a duplicate.
struct PacketIdReceived {
  SessionSlot session;
  codec::PacketId packet_id;
};
struct PacketIdReleased {
  SessionSlot session;
  codec::PacketId packet_id;
};
/// The retained message of its topic, replacing what was there.
struct RetainedSet {
  MessageRef message;
};
struct RetainedCleared {
  std::string_view topic;
};
/// A message for another shard, which must get it though both be killed. REQUIRES: the sequence
/// behind the lane's last.
struct OutboxSent {
  ShardIndex target;
  const OutboxEntry& entry;
};
/// What another shard has sent is taken here, up to that sequence.
struct OutboxApplied {
  ShardIndex source;
  std::uint64_t sequence;
};
/// Another shard's log has what was sent to it, up to that sequence.
struct OutboxConfirmed {
  ShardIndex target;
  std::uint64_t sequence;
};

/// A session as a checkpoint tells it, its deliveries still to come. REQUIRES: none of that client
/// id.
struct SessionImaged {
  std::string_view client_id;
  std::uint64_t log_number;
  codec::Version version;
  std::uint32_t expiry_s;
  Instant disconnected_at;  ///< never: a connection has it
  codec::PacketId packet_id;
};
/// The next delivery of the session: into the window under the next packet identifier, or, if
/// `state` is queued, into the queue.
struct DeliveryImaged {
  SessionSlot session;
  MessageRef message;              ///< none: the client has it, or has it nearly
  std::uint32_t subscription_ids;  ///< as in Delivery
  codec::Qos qos;
  bool retain;
  bool is_shared;
  bool is_retry;
  DeliveryState state;
};
/// The next deliveries of the session's queue, which are kept elsewhere.
struct ChunkImaged {
  SessionSlot session;
  ChunkId id;
  std::uint32_t checksum;
  std::uint32_t messages;
  std::uint64_t bytes;  ///< as they count against limits
  bool are_retries;
};
/// The log is told which packet identifier is next: deliveries that it does not know had some.
struct PacketIdTold {
  SessionSlot session;
};
/// So many packet identifiers, from the next one on, are given to no delivery.
struct PacketIdsSkipped {
  SessionSlot session;
  std::uint32_t count;
};
/// What a lane has held before everything that was sent since.
struct OutboxImaged {
  ShardIndex other;
  std::vector<OutboxEntry>& entries;  ///< taken
  std::uint64_t last_sequence;
  std::uint64_t applied;
};

}  // namespace sluice::core::record
