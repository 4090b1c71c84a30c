// SPDX-License-Identifier: Apache-2.0
#include "core/connection/publishing.h"

#include "core/connection/decode_limits.h"
#include "core/message/forwarded_properties.h"
#include "core/topic/mount.h"
#include "core/topic/sys_topic.h"

namespace sluice::core {
namespace {

using codec::PropertyId;
using codec::Qos;
using codec::ReasonCode;
using codec::Version;

}  // namespace

bool Publishing::resolve_alias(Connection& connection, codec::Publish& publish) {
  if (!publish.properties.has(PropertyId::topic_alias)) return true;
  const std::uint32_t alias = *publish.properties.number(PropertyId::topic_alias);
  const auto maximum = c_.options.mqtt.topic_alias_maximum;
  // [MQTT5-3.3.2-9] [MQTT5-3.2.2-17] [MQTT5-3.2.2-18]
  if (alias > maximum) {
    ++c_.metrics.limits_hit_topic_alias_maximum;
    closing_.close(connection, CloseCause::protocol_error, ReasonCode::topic_alias_invalid,
                   "the topic alias is above the Topic Alias Maximum");
    return false;
  }
  if (!connection.inbound_aliases) connection.inbound_aliases = std::make_unique<InboundAliases>();
  if (!publish.topic.empty()) {
    connection.inbound_aliases->set(static_cast<std::uint16_t>(alias),
                                    publish.topic);  // [MQTT5-3.3.2-12]
    return true;
  }
  publish.topic = connection.inbound_aliases->find(static_cast<std::uint16_t>(alias));
  if (!publish.topic.empty()) return true;
  // [RULE5-alias-never-set]
  closing_.close(connection, CloseCause::protocol_error, ReasonCode::protocol_error,
                 "the topic alias was never set");
  return false;
}

// The topic that it is routed by. False if the connection is gone.
bool Publishing::resolve_topic(Connection& connection, PacketBytes& packet,
                               codec::Publish& publish) {
  if (connection.version == Version::v5 && !resolve_alias(connection, publish)) return false;
  const std::string_view mount = mount_of(connection);
  if (mount.empty()) return true;
  mounted_topic_ = mounted_topic(mount, publish.topic);
  publish.topic = mounted_topic_;
  publish.properties =
      mounted_properties(mount, publish.properties, MountWay::in, mounted_properties_);
  packet.is_stable = false;  // its bytes are not those that subscribers get
  if (publish.topic.size() <= mounted_topic_bytes_max) return true;
  closing_.close(connection, CloseCause::limit, ReasonCode::topic_name_invalid,
                 "the topic is too long behind its listener's mount point");
  return false;
}

// What CONNACK said is not to be had.
bool Publishing::is_supported(Connection& connection, const codec::Publish& publish) {
  const auto& mqtt = c_.options.mqtt;
  if (static_cast<std::uint64_t>(publish.qos) > mqtt.maximum_qos) {  // [MQTT5-3.2.2-11]
    closing_.close(connection, CloseCause::protocol_error, ReasonCode::qos_not_supported,
                   "the QoS is above the Maximum QoS");
    return false;
  }
  if (publish.retain && !mqtt.retain_available) {  // [MQTT5-3.2.2-14]
    closing_.close(connection, CloseCause::protocol_error, ReasonCode::retain_not_supported,
                   "retained messages are not available");
    return false;
  }
  return true;
}

bool Publishing::on_publish(Connection& connection, PacketBytes& packet,
                            const codec::DecodeLimits& limits) {
  codec::Publish publish;
  if (const auto decoded =
          codec::decode_publish(packet.all[0], packet.body, connection.version, limits, publish);
      !decoded) {
    const Error& error = decoded.error();
    count_limit(c_.metrics, error);
    // [MQTT3-4.8.0-2]
    closing_.close(
        connection, close_cause_of(error),
        error.reason != 0 ? static_cast<ReasonCode>(error.reason) : ReasonCode::malformed_packet,
        error.detail);
    return false;
  }
  ++c_.metrics.messages_received[static_cast<std::size_t>(publish.qos)];
  c_.metrics.payload_bytes_received += publish.payload.size();
  if (connection.has_topic_work && !resolve_topic(connection, packet, publish)) return false;
  if (!is_supported(connection, publish)) return false;
  if (publish.qos == Qos::at_most_once)
    return is_kept(connection, route(connection, publish, packet));
  const std::uint64_t changes = c_.journal.changes();
  durability_ = connection.durability;
  Session& session = c_.state.sessions.at(connection.session);
  if (publish.qos == Qos::exactly_once) {
    // [MQTT3-4.3.3-2] [MQTT5-4.3.3-10]: taken already, its PUBREL has not come.
    if (session.received.contains(publish.packet_id))
      return acknowledge(connection, publish, ReasonCode::success, changes);
  }
  // [MQTT5-3.3.4-7]
  if (connection.version == Version::v5 &&
      connection.unreleased >= c_.options.mqtt.receive_maximum) {
    ++c_.metrics.limits_hit_receive_maximum;
    closing_.close(connection, CloseCause::protocol_error, ReasonCode::receive_maximum_exceeded,
                   "more unacknowledged messages than the Receive Maximum");
    return false;
  }
  if (c_.is_log_full && is_to_be_kept(connection, publish)) {
    ++c_.metrics.messages_dropped_store_full;
    return refuse(connection, publish, "the disk is full");
  }
  // Others wait: Inbound holds them. This one owes what would make room.
  if (c_.is_memory_full) {
    ++c_.metrics.messages_dropped_memory_bytes_max;
    return refuse(connection, publish, "limits.memory_bytes_max is reached");
  }
  ReasonCode reason = route(connection, publish, packet);
  if (!is_kept(connection, reason)) return false;
  // 3.x has no way to refuse: what was dropped, and counted, is acknowledged.
  if (connection.version != Version::v5) reason = ReasonCode::success;
  // [MQTT5-4.3.3-9]
  if (publish.qos == Qos::exactly_once && !codec::is_failure(reason)) {
    note_received(session, publish.packet_id);
    ++connection.unreleased;
  }
  // [MQTT3-3.3.5-2]
  return acknowledge(connection, publish, reason, changes);
}

// Of a message that the log does not get, this may be lost with it.
void Publishing::note_received(const Session& session, codec::PacketId packet_id) {
  const record::PacketIdReceived received{session.slot, packet_id};
  if (durability_ == Durability::memory && session.is_durable())
    c_.commit_in_passing(received);
  else
    c_.commit(received, session.is_durable());
}

// Whether the connection outlives a publish with that outcome.
bool Publishing::is_kept(Connection& connection, ReasonCode reason) {
  using Answer = CoreOptions::Access::RefusedPublish;
  if (reason != ReasonCode::not_authorized || connection.version == Version::v5 ||
      c_.options.access.refused_publish == Answer::drop)
    return true;
  closing_.close(connection, CloseCause::not_authorized, reason, "no rule allows the publish");
  return false;
}

bool Publishing::is_refused(Connection& connection, const codec::Publish& publish) {
  const bool is_ours = is_reserved_topic(publish.topic);
  if (!is_ours && guard_.is_open()) return false;
  Session& session = c_.state.sessions.at(connection.session);
  if (!is_ours && guard_.can_publish(session, {publish.topic, publish.qos, publish.retain}))
    return false;
  ++c_.metrics.messages_dropped_not_authorized;
  c_.log.info("publish_refused",
              {{"client", session.client_id()},
               {"topic", publish.topic},
               {"reason", is_ours ? "$SYS is the broker's own" : "no rule allows it"}});
  return true;
}

bool Publishing::is_to_be_kept(const Connection& connection, const codec::Publish& publish) {
  if (router_.durability_of(publish.topic, connection.durability) == Durability::memory)
    return false;
  const Session& session = c_.state.sessions.at(connection.session);
  const bool is_id_kept = publish.qos == Qos::exactly_once && session.is_durable();
  return publish.retain || is_id_kept || router_.may_be_kept(publish.topic);
}

// There is no room to keep it. [MQTT5-3.4.2-1] [MQTT5-3.5.2-1]
bool Publishing::refuse(Connection& connection, const codec::Publish& publish, const char* why) {
  if (connection.version == Version::v5)
    return acknowledge(connection, publish, ReasonCode::quota_exceeded, c_.journal.changes());
  // No acknowledgement could say so: it keeps the message and comes again.
  closing_.close(connection, CloseCause::limit, ReasonCode::quota_exceeded, why);
  return false;
}

ReasonCode Publishing::route(Connection& connection, const codec::Publish& publish,
                             const PacketBytes& packet) {
  if (is_refused(connection, publish)) return ReasonCode::not_authorized;
  const ForwardedProperties forwarded(publish.properties);
  // [MQTT3-3.3.2-3] [MQTT5-3.3.2-3] [MQTT5-3.3.2-4] [MQTT5-3.3.2-15] [MQTT5-3.3.2-16]
  // [MQTT5-3.3.2-17] [MQTT5-3.3.2-18] [MQTT5-3.3.2-20]
  Routed routed{.topic = publish.topic,
                .properties = forwarded.bytes(),
                .payload = publish.payload,
                .qos = publish.qos,
                .retain = publish.retain,
                .expiry_s = forwarded.expiry_s(),
                .received = c_.now,
                .publisher = connection.session,
                .durability = connection.durability,
                .body = packet.owner};
  // A QoS 0 packet that came is, byte for byte, the packet that goes to subscribers of the same
  // version.
  if (packet.is_stable && publish.qos == Qos::at_most_once && forwarded.is_unchanged() &&
      !publish.dup)
    routed.encoded[connection.version == Version::v5 ? 1 : 0][publish.retain ? 1 : 0] = packet.all;
  const Router::Outcome outcome = router_.publish(routed);
  durability_ = routed.durability;
  // [RULE5-no-matching-subscribers]
  if (!outcome.is_matched()) return ReasonCode::no_matching_subscribers;
  const bool is_lost =
      outcome.is_dropped() && !outcome.is_taken() && publish.qos > Qos::at_most_once;
  return is_lost ? ReasonCode::quota_exceeded : ReasonCode::success;
}

// [MQTT3-3.3.4-1] [MQTT5-3.3.4-1] [MQTT3-2.3.1-6] [MQTT5-2.2.1-5]
bool Publishing::acknowledge(Connection& connection, const codec::Publish& publish,
                             ReasonCode reason, std::uint64_t changes) {
  // [MQTT3-4.3.2-2] [MQTT5-4.3.2-4] [MQTT5-4.3.2-5] [MQTT3-4.6.0-2] [MQTT5-4.6.0-2]
  if (publish.qos == Qos::at_least_once)
    return acks_.send(connection, codec::Puback{publish.packet_id, reason, {}}, changes,
                      durability_);
  // [MQTT5-4.3.3-8]
  return acks_.send(connection, codec::Pubrec{publish.packet_id, reason, {}}, changes, durability_);
}

// Whether a message goes by that identifier now, so that an answer which does not move it on is
// another than its QoS and phase allow.
bool Publishing::is_in_flight(Session& session, codec::PacketId packet_id) const {
  const Delivery* delivery = c_.state.find_delivery(session, packet_id);
  return delivery != nullptr && (delivery->state == DeliveryState::published ||
                                 delivery->state == DeliveryState::released);
}

// [RULE3-answer-of-another-qos] [RULE5-answer-of-another-qos]
bool Publishing::refuse_answer(Connection& connection) {
  closing_.close(connection, CloseCause::protocol_error, ReasonCode::protocol_error,
                 "the answer is not the one that the message's QoS has at this point");
  return false;
}

// [MQTT5-4.8.2-6]
bool Publishing::on_puback(Connection& connection, const codec::Puback& puback) {
  Session& session = c_.state.sessions.at(connection.session);
  // One that nobody waits for is of an exchange that has ended: MQTT names no error for it.
  if (!delivering_.on_acknowledged(session, puback.packet_id, record::AckKind::puback) &&
      is_in_flight(session, puback.packet_id))
    return refuse_answer(connection);
  retained_.on_room(session);
  return true;
}

bool Publishing::on_pubrec(Connection& connection, const codec::Pubrec& pubrec) {
  Session& session = c_.state.sessions.at(connection.session);
  const std::uint64_t changes = c_.journal.changes();
  if (codec::is_failure(pubrec.reason)) {
    // [MQTT5-4.4.0-2]
    if (!delivering_.on_acknowledged(session, pubrec.packet_id, record::AckKind::pubrec_failed) &&
        is_in_flight(session, pubrec.packet_id))
      return refuse_answer(connection);
    retained_.on_room(session);
    return true;
  }
  ReasonCode reason = ReasonCode::success;
  if (!delivering_.on_acknowledged(session, pubrec.packet_id, record::AckKind::pubrec)) {
    const Delivery* delivery = c_.state.find_delivery(session, pubrec.packet_id);
    const bool is_again = delivery != nullptr && delivery->state == DeliveryState::released;
    if (!is_again && is_in_flight(session, pubrec.packet_id)) return refuse_answer(connection);
    // [RULE5-packet-identifier-not-found]
    if (!is_again) reason = ReasonCode::packet_identifier_not_found;
  }
  // [MQTT3-4.3.3-1] [MQTT5-4.3.3-4]
  return acks_.send(
      connection,
      codec::Pubrel{
          pubrec.packet_id, connection.version == Version::v5 ? reason : ReasonCode::success, {}},
      changes, connection.durability);
}

// [MQTT5-4.3.3-13]
bool Publishing::on_pubrel(Connection& connection, const codec::Pubrel& pubrel) {
  Session& session = c_.state.sessions.at(connection.session);
  const std::uint64_t changes = c_.journal.changes();
  // [MQTT5-4.3.3-12]
  const bool was_there =
      c_.commit(record::PacketIdReleased{session.slot, pubrel.packet_id}, session.is_durable());
  if (was_there && connection.unreleased > 0) --connection.unreleased;
  const ReasonCode reason = was_there || connection.version != Version::v5
                                ? ReasonCode::success
                                : ReasonCode::packet_identifier_not_found;
  // [MQTT5-4.3.3-11]
  return acks_.send(connection, codec::Pubcomp{pubrel.packet_id, reason, {}}, changes,
                    connection.durability);
}

bool Publishing::on_pubcomp(Connection& connection, const codec::Pubcomp& pubcomp) {
  Session& session = c_.state.sessions.at(connection.session);
  if (!delivering_.on_acknowledged(session, pubcomp.packet_id, record::AckKind::pubcomp) &&
      is_in_flight(session, pubcomp.packet_id))
    return refuse_answer(connection);
  retained_.on_room(session);
  return true;
}

}  // namespace sluice::core
