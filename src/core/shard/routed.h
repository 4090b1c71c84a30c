// SPDX-License-Identifier: Apache-2.0
//
// Routed is one application message on its way through a shard, from whoever published it to the
// lanes and queues of those who get it. Bytes that are the same for several subscribers are encoded
// once and remembered here; the Message for queues and windows is made once, when the first of them
// wants it.
//
// Owner:   the call that routes it.      Thread: its shard's.
// Never:   outlives the turn: it is made of views.
// Spec:    MQTT 5.0 §3.3.
#pragma once

#include "base/bytes.h"
#include "base/shared_bytes.h"
#include "base/time.h"
#include "codec/types.h"
#include "core/ids.h"
#include "core/message/durability.h"
#include "core/message/message_pool.h"

#include <array>
#include <cstdint>
#include <string_view>

namespace sluice::core {

/// A QoS 1 or 2 packet as one subscriber got it: others get the same bytes but for the identifier.
struct SentPublish {
  ByteView packet{};        ///< in the arena of the turn; empty if there is none yet
  std::size_t body_at = 0;  ///< what stands behind the packet identifier
  codec::Version version = codec::Version::v3_1_1;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
};

struct Routed {
  std::string_view topic;
  ByteView properties;  ///< to forward: without alias, expiry, subscription identifier
  ByteView payload;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  std::uint32_t expiry_s = MessageFields::no_expiry;
  Instant received{};
  SessionSlot publisher = no_session;
  /// As its publisher's listener says, until a rule for the topic says otherwise.
  Durability durability = Durability::fsync;
  SharedBytes body{};    ///< holds the payload, if set
  MessageRef message{};  ///< made by ensure_message()
  /// QoS 0 packets as encoded in this turn, by version (3.x, 5) and RETAIN; empty if not yet.
  std::array<std::array<ByteView, 2>, 2> encoded{};
  bool is_for_many = false;  ///< so that keeping `sent` pays
  SentPublish sent{};

  const MessageRef& ensure_message(MessagePool& pool) {
    if (!message)
      message = pool.make({.topic = topic,
                           .properties = properties,
                           .payload = payload,
                           .qos = qos,
                           .retain = retain,
                           .expiry_s = expiry_s,
                           .received = received,
                           .body = body,
                           .is_volatile = is_volatile()});
    return message;
  }
  bool is_volatile() const { return durability == Durability::memory; }
  static Routed of(const MessageRef& message) {
    return {.topic = message->topic(),
            .properties = message->properties(),
            .payload = message->payload(),
            .qos = message->qos(),
            .retain = message->retain(),
            .expiry_s = message->expiry_s(),
            .received = message->received(),
            .publisher = no_session,
            .durability = message->is_volatile() ? Durability::memory : Durability::fsync,
            .body = message->body(),
            .message = message};
  }
};

}  // namespace sluice::core
