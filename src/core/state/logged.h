// SPDX-License-Identifier: Apache-2.0
//
// Logged records: the records of state as the log keeps them. They name a session by its number in
// the log, which outlives the process, and a message by its place among the messages of the batch,
// so that a body is written once however many sessions wait for it. Each kind names its fields
// once, in fields(); writing, reading and printing follow.
//
// A batch begins with BatchBegun. Times are told as so long before it.
//
// A checkpoint is what the state was, spread over batches between the records of everything else
// (core/state/checkpoint.h): replay that begins with the batch of a CheckpointBegun finds all that
// it needs. Replay that began earlier passes over it.
// Views are those of the bytes that were read.
// Formats: the numbers of Kind are never used again for anything else.
#pragma once

#include "base/bytes.h"
#include "base/time.h"
#include "codec/types.h"
#include "core/message/message.h"
#include "core/session/session.h"
#include "core/state/records.h"

#include <cstdint>
#include <span>
#include <string_view>
#include <variant>

namespace sluice::core::logged {

enum class Kind : std::uint8_t {
  batch_begun = 1,
  run_started = 2,
  message = 3,
  session_created = 10,
  session_attached = 11,
  session_detached = 12,
  session_ended = 13,
  will_set = 14,
  subscribed = 15,
  unsubscribed = 16,
  queued = 17,
  delivery_begun = 18,
  queue_front_dropped = 19,
  delivery_acknowledged = 20,
  packet_id_received = 21,
  packet_id_released = 22,
  retained_set = 23,
  retained_cleared = 24,
  outbox_sent = 30,
  outbox_applied = 31,
  outbox_confirmed = 32,
  checkpoint_begun = 40,
  message_kept = 41,
  session_imaged = 42,
  delivery_imaged = 43,
  session_image_ended = 44,
  outbox_imaged = 45,
  outbox_image_ended = 46,
  checkpoint_ended = 47,
  packet_ids_skipped = 48,
  chunk_imaged = 49,
  packet_id_told = 50,
  shared_turn_taken = 51,
};

/// A session's number in its log, from 1.
using SessionNumber = std::uint64_t;
/// A message of the batch, counted from 1; 0: none.
using MessageNumber = std::uint32_t;
/// A message of the checkpoint, counted from 1 in the order of MessageKept; 0: none.
using KeptNumber = std::uint32_t;
/// How long before its batch something was.
struct Ago {
  Duration value{};
  bool operator==(const Ago&) const = default;
};

struct BatchBegun {
  static constexpr Kind kind = Kind::batch_begun;
  WallTime at{};
};
/// A broker begins to write here: what was connected is not any more.
struct RunStarted {
  static constexpr Kind kind = Kind::run_started;
};
struct Message {
  static constexpr Kind kind = Kind::message;
  std::string_view topic;
  ByteView properties;
  ByteView payload;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  std::uint32_t expiry_s = MessageFields::no_expiry;
  Ago received{};
};
struct SessionCreated {
  static constexpr Kind kind = Kind::session_created;
  SessionNumber session = 0;
  std::string_view client_id;
};
struct SessionAttached {
  static constexpr Kind kind = Kind::session_attached;
  SessionNumber session = 0;
  codec::Version version = codec::Version::v3_1_1;
  std::uint32_t expiry_s = 0;
};
struct SessionDetached {
  static constexpr Kind kind = Kind::session_detached;
  SessionNumber session = 0;
  std::uint32_t expiry_s = 0;
  Ago at{};
};
struct SessionEnded {
  static constexpr Kind kind = Kind::session_ended;
  SessionNumber session = 0;
};
struct WillSet {
  static constexpr Kind kind = Kind::will_set;
  SessionNumber session = 0;
  MessageNumber message = 0;
  std::uint32_t delay_s = 0;
};
struct Subscribed {
  static constexpr Kind kind = Kind::subscribed;
  SessionNumber session = 0;
  std::string_view filter;
  codec::SubscriptionOptions options;
  std::uint32_t subscription_id = 0;
};
struct Unsubscribed {
  static constexpr Kind kind = Kind::unsubscribed;
  SessionNumber session = 0;
  std::string_view filter;
};
struct Queued {
  static constexpr Kind kind = Kind::queued;
  SessionNumber session = 0;
  MessageNumber message = 0;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  bool is_shared = false;
  std::span<const std::uint32_t> subscription_ids{};
};
struct DeliveryBegun {
  static constexpr Kind kind = Kind::delivery_begun;
  SessionNumber session = 0;
};
struct QueueFrontDropped {
  static constexpr Kind kind = Kind::queue_front_dropped;
  SessionNumber session = 0;
};
struct DeliveryAcknowledged {
  static constexpr Kind kind = Kind::delivery_acknowledged;
  SessionNumber session = 0;
  codec::PacketId packet_id = 0;
  record::AckKind ack = record::AckKind::puback;
};
struct PacketIdReceived {
  static constexpr Kind kind = Kind::packet_id_received;
  SessionNumber session = 0;
  codec::PacketId packet_id = 0;
};
struct PacketIdReleased {
  static constexpr Kind kind = Kind::packet_id_released;
  SessionNumber session = 0;
  codec::PacketId packet_id = 0;
};
struct RetainedSet {
  static constexpr Kind kind = Kind::retained_set;
  MessageNumber message = 0;
};
struct RetainedCleared {
  static constexpr Kind kind = Kind::retained_cleared;
  std::string_view topic;
};
struct OutboxSent {
  static constexpr Kind kind = Kind::outbox_sent;
  std::uint16_t target = 0;
  std::uint64_t sequence = 0;
  MessageNumber message = 0;
  std::string_view shared;
  bool is_for_subscribers = false;
  bool is_to_retain = false;
};
struct OutboxApplied {
  static constexpr Kind kind = Kind::outbox_applied;
  std::uint16_t source = 0;
  std::uint64_t sequence = 0;
};
struct OutboxConfirmed {
  static constexpr Kind kind = Kind::outbox_confirmed;
  std::uint16_t target = 0;
  std::uint64_t sequence = 0;
};

struct CheckpointBegun {
  static constexpr Kind kind = Kind::checkpoint_begun;
  SessionNumber last_session = 0;  ///< that was ever given
};
/// The message of this batch will be named again in this checkpoint, by the next KeptNumber.
struct MessageKept {
  static constexpr Kind kind = Kind::message_kept;
  MessageNumber message = 0;
};
/// A session without its deliveries. Its subscriptions, received identifiers and will follow as
/// records like any other, then its deliveries, the last of them maybe in later batches.
struct SessionImaged {
  static constexpr Kind kind = Kind::session_imaged;
  SessionNumber session = 0;
  std::string_view client_id;
  codec::Version version = codec::Version::v3_1_1;
  std::uint32_t expiry_s = 0;
  bool is_connected = false;
  Ago disconnected{};
  codec::PacketId packet_id = 1;  ///< of the first delivery in the window, or the next one
};
/// The next delivery of the session's window, then of its queue.
struct DeliveryImaged {
  static constexpr Kind kind = Kind::delivery_imaged;
  SessionNumber session = 0;
  MessageNumber message = 0;
  KeptNumber kept = 0;  ///< if `message` is 0
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  bool is_shared = false;
  bool is_retry = false;
  DeliveryState state = DeliveryState::queued;
  std::span<const std::uint32_t> subscription_ids{};
};
/// The next deliveries of the session's queue: they stand outside the log, under that number
/// (core/state/chunk_codec.h).
struct ChunkImaged {
  static constexpr Kind kind = Kind::chunk_imaged;
  SessionNumber session = 0;
  std::uint64_t chunk = 0;
  std::uint32_t checksum = 0;
  std::uint32_t messages = 0;
  std::uint64_t bytes = 0;
  bool are_retries = false;
};
/// So many packet identifiers of the session, from the next one on, are given to no delivery.
struct PacketIdsSkipped {
  static constexpr Kind kind = Kind::packet_ids_skipped;
  SessionNumber session = 0;
  std::uint32_t count = 0;
};
/// The next delivery of the session gets that packet identifier: some before it went to deliveries
/// that are not in the log.
struct PacketIdTold {
  static constexpr Kind kind = Kind::packet_id_told;
  SessionNumber session = 0;
  codec::PacketId packet_id = 1;
};
/// What was queued since SessionImaged stands behind what was imaged.
struct SessionImageEnded {
  static constexpr Kind kind = Kind::session_image_ended;
  SessionNumber session = 0;
};
/// An entry of a lane; all of them come before what was sent since CheckpointBegun.
struct OutboxImaged {
  static constexpr Kind kind = Kind::outbox_imaged;
  std::uint16_t target = 0;
  std::uint64_t sequence = 0;
  MessageNumber message = 0;
  KeptNumber kept = 0;  ///< if `message` is 0
  std::string_view shared;
  bool is_for_subscribers = false;
  bool is_to_retain = false;
};
struct OutboxImageEnded {
  static constexpr Kind kind = Kind::outbox_image_ended;
  std::uint16_t target = 0;
  std::uint64_t last_sequence = 0;
  std::uint64_t applied = 0;
};
/// The session was the last of its shard's members of that group to get a message. Beside it, each
/// Queued that came by a shared subscription says so.
struct SharedTurnTaken {
  static constexpr Kind kind = Kind::shared_turn_taken;
  SessionNumber session = 0;
  std::string_view filter;
  Ago at{};
};
struct CheckpointEnded {
  static constexpr Kind kind = Kind::checkpoint_ended;
};

using Record =
    std::variant<BatchBegun, RunStarted, Message, SessionCreated, SessionAttached, SessionDetached,
                 SessionEnded, WillSet, Subscribed, Unsubscribed, Queued, DeliveryBegun,
                 QueueFrontDropped, DeliveryAcknowledged, PacketIdReceived, PacketIdReleased,
                 RetainedSet, RetainedCleared, OutboxSent, OutboxApplied, OutboxConfirmed,
                 CheckpointBegun, MessageKept, SessionImaged, DeliveryImaged, SessionImageEnded,
                 OutboxImaged, OutboxImageEnded, CheckpointEnded, PacketIdsSkipped, ChunkImaged,
                 PacketIdTold, SharedTurnTaken>;

template <class Archive>
void fields(Archive& a, BatchBegun& r) {
  a("at", r.at);
}
template <class Archive>
void fields(Archive&, RunStarted&) {}
template <class Archive>
void fields(Archive& a, Message& r) {
  a("topic", r.topic), a("properties", r.properties), a("payload", r.payload), a("qos", r.qos);
  a("retain", r.retain), a("expiry_s", r.expiry_s), a("received", r.received);
}
template <class Archive>
void fields(Archive& a, SessionCreated& r) {
  a("session", r.session), a("client_id", r.client_id);
}
template <class Archive>
void fields(Archive& a, SessionAttached& r) {
  a("session", r.session), a("version", r.version), a("expiry_s", r.expiry_s);
}
template <class Archive>
void fields(Archive& a, SessionDetached& r) {
  a("session", r.session), a("expiry_s", r.expiry_s), a("at", r.at);
}
template <class Archive>
void fields(Archive& a, SessionEnded& r) {
  a("session", r.session);
}
template <class Archive>
void fields(Archive& a, WillSet& r) {
  a("session", r.session), a("message", r.message), a("delay_s", r.delay_s);
}
template <class Archive>
void fields(Archive& a, Subscribed& r) {
  a("session", r.session), a("filter", r.filter), a("options", r.options);
  a("subscription_id", r.subscription_id);
}
template <class Archive>
void fields(Archive& a, Unsubscribed& r) {
  a("session", r.session), a("filter", r.filter);
}
template <class Archive>
void fields(Archive& a, Queued& r) {
  a("session", r.session), a("message", r.message), a("qos", r.qos), a("retain", r.retain);
  a("is_shared", r.is_shared), a("subscription_ids", r.subscription_ids);
}
template <class Archive>
void fields(Archive& a, DeliveryBegun& r) {
  a("session", r.session);
}
template <class Archive>
void fields(Archive& a, QueueFrontDropped& r) {
  a("session", r.session);
}
template <class Archive>
void fields(Archive& a, DeliveryAcknowledged& r) {
  a("session", r.session), a("packet_id", r.packet_id), a("ack", r.ack);
}
template <class Archive>
void fields(Archive& a, PacketIdReceived& r) {
  a("session", r.session), a("packet_id", r.packet_id);
}
template <class Archive>
void fields(Archive& a, PacketIdReleased& r) {
  a("session", r.session), a("packet_id", r.packet_id);
}
template <class Archive>
void fields(Archive& a, RetainedSet& r) {
  a("message", r.message);
}
template <class Archive>
void fields(Archive& a, RetainedCleared& r) {
  a("topic", r.topic);
}
template <class Archive>
void fields(Archive& a, OutboxSent& r) {
  a("target", r.target), a("sequence", r.sequence), a("message", r.message), a("shared", r.shared);
  a("is_for_subscribers", r.is_for_subscribers), a("is_to_retain", r.is_to_retain);
}
template <class Archive>
void fields(Archive& a, OutboxApplied& r) {
  a("source", r.source), a("sequence", r.sequence);
}
template <class Archive>
void fields(Archive& a, OutboxConfirmed& r) {
  a("target", r.target), a("sequence", r.sequence);
}

template <class Archive>
void fields(Archive& a, CheckpointBegun& r) {
  a("last_session", r.last_session);
}
template <class Archive>
void fields(Archive& a, MessageKept& r) {
  a("message", r.message);
}
template <class Archive>
void fields(Archive& a, SessionImaged& r) {
  a("session", r.session), a("client_id", r.client_id), a("version", r.version);
  a("expiry_s", r.expiry_s), a("is_connected", r.is_connected);
  a("disconnected", r.disconnected), a("packet_id", r.packet_id);
}
template <class Archive>
void fields(Archive& a, DeliveryImaged& r) {
  a("session", r.session), a("message", r.message), a("kept", r.kept), a("qos", r.qos);
  a("retain", r.retain), a("is_shared", r.is_shared), a("is_retry", r.is_retry);
  a("state", r.state), a("subscription_ids", r.subscription_ids);
}
template <class Archive>
void fields(Archive& a, ChunkImaged& r) {
  a("session", r.session), a("chunk", r.chunk), a("checksum", r.checksum);
  a("messages", r.messages), a("bytes", r.bytes), a("are_retries", r.are_retries);
}
template <class Archive>
void fields(Archive& a, PacketIdsSkipped& r) {
  a("session", r.session), a("count", r.count);
}
template <class Archive>
void fields(Archive& a, PacketIdTold& r) {
  a("session", r.session), a("packet_id", r.packet_id);
}
template <class Archive>
void fields(Archive& a, SessionImageEnded& r) {
  a("session", r.session);
}
template <class Archive>
void fields(Archive& a, OutboxImaged& r) {
  a("target", r.target), a("sequence", r.sequence), a("message", r.message), a("kept", r.kept);
  a("shared", r.shared), a("is_for_subscribers", r.is_for_subscribers);
  a("is_to_retain", r.is_to_retain);
}
template <class Archive>
void fields(Archive& a, OutboxImageEnded& r) {
  a("target", r.target), a("last_sequence", r.last_sequence), a("applied", r.applied);
}
template <class Archive>
void fields(Archive& a, SharedTurnTaken& r) {
  a("session", r.session), a("filter", r.filter), a("at", r.at);
}
template <class Archive>
void fields(Archive&, CheckpointEnded&) {}

/// The name of the kind in snake_case, for printing; static.
const char* name_of(Kind kind) noexcept;

}  // namespace sluice::core::logged
