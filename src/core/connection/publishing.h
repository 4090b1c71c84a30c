// SPDX-License-Identifier: Apache-2.0
//
// Publishing handles what concerns messages on a connection, both ways: PUBLISH and PUBREL from the
// client with their answers, and the client's PUBACK, PUBREC, PUBCOMP for what it was sent.
//
// Owner:   Shard.      Thread: its shard's.
// Never:   allocation for a warm QoS 0 or 1 publish.
// Limits:  mqtt.receive_maximum, mqtt.topic_alias_maximum, mqtt.topic_*.
// Spec:    MQTT 5.0 §3.3 to §3.7, §4.3, §4.9.
#pragma once

#include "codec/codec.h"
#include "core/access/guard.h"
#include "core/connection/acknowledging.h"
#include "core/connection/closing.h"
#include "core/retained/retained_delivery.h"
#include "core/session/delivery.h"
#include "core/shard/context.h"
#include "core/shard/router.h"

namespace sluice::core {

/// The bytes of one packet, and what may be done with them.
struct PacketBytes {
  ByteView all;  ///< fixed header included
  ByteView body;
  SharedBytes owner{};     ///< holds the bytes, if set
  bool is_stable = false;  ///< they stay where they are until the turn ends
};

class Publishing {
 public:
  Publishing(Context& context, Router& router, Closing& closing, Delivering& delivering,
             RetainedDelivery& retained, Acknowledging& acks)
      : c_(context),
        router_(router),
        closing_(closing),
        delivering_(delivering),
        retained_(retained),
        acks_(acks),
        guard_(context) {}

  /// False if the connection is gone. So for all of them.
  bool on_publish(Connection& connection, PacketBytes& packet, const codec::DecodeLimits& limits);
  bool on_puback(Connection& connection, const codec::Puback& puback);
  bool on_pubrec(Connection& connection, const codec::Pubrec& pubrec);
  bool on_pubrel(Connection& connection, const codec::Pubrel& pubrel);
  bool on_pubcomp(Connection& connection, const codec::Pubcomp& pubcomp);

 private:
  bool resolve_alias(Connection& connection, codec::Publish& publish);
  bool resolve_topic(Connection& connection, PacketBytes& packet, codec::Publish& publish);
  bool is_supported(Connection& connection, const codec::Publish& publish);
  codec::ReasonCode route(Connection& connection, const codec::Publish& publish,
                          const PacketBytes& packet);
  bool is_kept(Connection& connection, codec::ReasonCode reason);
  bool is_refused(Connection& connection, const codec::Publish& publish);

  /// Whether the log would have to take the message.
  bool is_to_be_kept(const Connection& connection, const codec::Publish& publish);
  bool refuse(Connection& connection, const codec::Publish& publish, const char* why);
  bool acknowledge(Connection& connection, const codec::Publish& publish, codec::ReasonCode reason,
                   std::uint64_t changes);
  bool is_in_flight(Session& session, codec::PacketId packet_id) const;
  bool refuse_answer(Connection& connection);
  void note_received(const Session& session, codec::PacketId packet_id);

  Context& c_;
  Router& router_;
  Closing& closing_;
  Delivering& delivering_;
  RetainedDelivery& retained_;
  Acknowledging& acks_;
  Guard guard_;
  Durability durability_ = Durability::fsync;  // of the PUBLISH under way
  std::string mounted_topic_;                  // of the PUBLISH under way, and its properties
  std::vector<std::uint8_t> mounted_properties_;
};

}  // namespace sluice::core
