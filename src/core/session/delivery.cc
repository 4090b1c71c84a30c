// SPDX-License-Identifier: Apache-2.0
#include "core/session/delivery.h"

#include "core/output/publish_writer.h"
#include "core/topic/mount.h"

#include <cstring>
#include <limits>

namespace sluice::core {
namespace {

constexpr std::size_t window_span_max =
    65000;  // packet identifiers from the first of the window on

// What is left of the Message Expiry Interval, in whole seconds, at least 1 for what has not
// expired yet.
std::uint32_t expiry_left(std::uint32_t expiry_s, Instant received, Instant now) {
  // [MQTT5-3.3.2-6]
  if (expiry_s == MessageFields::no_expiry) return expiry_s;
  const auto waited = std::chrono::duration_cast<std::chrono::seconds>(now - received).count();
  return waited >= expiry_s ? 1U : expiry_s - static_cast<std::uint32_t>(waited);
}

codec::Qos lower(codec::Qos a, codec::Qos b) { return a < b ? a : b; }

// Topics shorter than an alias saves are sent as they are.
constexpr std::size_t alias_topic_bytes_min = 6;

// From this size on what several subscribers get alike is referred to where the first one's bytes
// lie.
constexpr std::size_t body_by_reference_min = 128;

// `size`: of the packet without an alias. A new alias makes it larger, once.
void choose_alias(OutgoingPublish& publish, Connection& connection, std::size_t size) {
  constexpr std::size_t alias_bytes_max = 6;  // the property, and lengths that grow by it
  if (!connection.topic_changes || publish.topic.size() < alias_topic_bytes_min) return;
  if (size + alias_bytes_max > connection.packet_bytes_max) return;
  const auto choice = connection.topic_changes->aliases.choose(publish.topic);
  publish.alias = choice.alias;
  if (choice.is_known) publish.topic = {};
}

// The identifiers live as long as `target`.
std::span<const std::uint32_t> ids_of(const Target& target) {
  if (!target.more_ids.empty()) return target.more_ids;
  return {&target.subscription_id, target.subscription_id != 0 ? 1U : 0U};
}

}  // namespace

// The connection of the session, once its CONNACK is out.
Connection* Delivering::find_ready(const Session& session) {
  Connection* connection = c_.connections.find(session.conn);
  return connection != nullptr && connection->state == ConnectionState::connected ? connection
                                                                                  : nullptr;
}

bool Delivering::has_free_window(const Session& session) {
  const Connection* connection = find_ready(session);
  if (connection == nullptr) return false;
  const Outbound* outbound = session.find_outbound();
  return outbound == nullptr || has_room(*connection, *outbound);
}

// [MQTT5-3.3.4-9] [MQTT5-4.9.0-2]
bool Delivering::has_room(const Connection& connection, const Outbound& outbound) const {
  const auto& limits = c_.options.session;
  // [MQTT5-4.9.0-1]
  const auto messages_max =
      std::min<std::uint64_t>(limits.inflight_messages_max, connection.receive_maximum);
  if (outbound.unsent > 0 || connection.in_flight >= messages_max) return false;
  if (outbound.window.size() + outbound.skipped >= window_span_max) return false;
  if (outbound.unacknowledged > 0 &&
      outbound.window_bytes >= static_cast<std::size_t>(limits.inflight_bytes_max))
    return false;
  return c_.effects.output.backlog_bytes(connection.id) <
         static_cast<std::size_t>(c_.options.limits.write_buffer_bytes_max);
}

// By client.deliveries_per_s; if not, its timer pumps the queue later.
bool Delivering::has_turn(Connection& connection) {
  if (rates_.may_deliver(connection)) return true;
  rates_.wake_for_delivery(connection);
  return false;
}

bool Delivering::can_take(const Session& session, std::size_t bytes) const {
  const Outbound* outbound = session.find_outbound();
  if (outbound == nullptr || outbound->queue.empty()) return true;
  const QueueLimits limits = queue_limits(Kept::log);
  return outbound->queue.size() < limits.messages && outbound->queue_bytes + bytes <= limits.bytes;
}

// What of the queue is on the disk takes no room from it.
bool Delivering::can_take_volatile(const Session& session, std::size_t bytes) const {
  const Outbound* outbound = session.find_outbound();
  if (outbound == nullptr || outbound->queue.empty()) return true;
  const QueueLimits limits = queue_limits(Kept::memory);
  const Queue& queue = outbound->queue;
  return queue.size() - queue.away_messages() < limits.messages &&
         outbound->queue_bytes - queue.away_bytes() + bytes <= limits.bytes;
}

// What is acknowledged is promised where there is a log: a queue there is bounded by bytes alone.
Delivering::QueueLimits Delivering::queue_limits(Kept kept) const {
  const auto& limits = c_.options.session;
  const bool has_log = c_.setup.has_log && kept == Kept::log;
  QueueLimits chosen{static_cast<std::uint64_t>(limits.queue_messages_max),
                     static_cast<std::uint64_t>(limits.queue_bytes_max)};
  if (chosen.messages == 0)
    chosen.messages = has_log ? std::numeric_limits<std::uint64_t>::max() : 100'000;
  if (chosen.bytes == 0) chosen.bytes = std::uint64_t{has_log ? 1024U : 16U} << 20;
  return chosen;
}

void Delivering::drop(Session& session, std::uint64_t& counter, const char* limit) {
  ++counter;
  ++session.drops;
  if (session.drop_was_logged) return;
  session.drop_was_logged = true;
  c_.log.warn("message_dropped", {{"client", session.client_id()}, {"limit", limit}});
}

Delivering::Outcome Delivering::deliver(Routed& routed, const Target& target) {
  Session& session = c_.state.sessions.at(target.session);
  ++c_.turn_deliveries;
  if (!guard_.can_receive(session, routed.topic)) {
    ++c_.metrics.messages_dropped_not_authorized;
    return Outcome::absent;
  }
  // [MQTT3-3.8.4-6] [MQTT5-3.8.4-8]
  const codec::Qos qos = lower(routed.qos, target.qos);
  if (qos == codec::Qos::at_most_once) {
    Connection* connection = find_ready(session);
    if (connection == nullptr) return Outcome::absent;
    send_qos_0(routed, target, *connection);
    return Outcome::sent;
  }
  const std::size_t bytes = routed.topic.size() + routed.properties.size() + routed.payload.size();
  const Outbound* outbound = session.find_outbound();
  Connection* ready = find_ready(session);
  const bool is_direct =
      ready != nullptr &&
      (outbound == nullptr || (outbound->queue.empty() && has_room(*ready, *outbound))) &&
      has_turn(*ready);
  if (!is_direct && !session.is_connected() && !session.is_durable()) return Outcome::absent;
  if (!is_direct &&
      !(routed.is_volatile() ? can_take_volatile(session, bytes) : can_take(session, bytes))) {
    const QueueLimits limits = queue_limits(routed.is_volatile() ? Kept::memory : Kept::log);
    if (outbound->queue.size() >= limits.messages)
      drop(session, c_.metrics.messages_dropped_queue_messages_max, "session.queue_messages_max");
    else
      drop(session, c_.metrics.messages_dropped_queue_bytes_max, "session.queue_bytes_max");
    return Outcome::dropped;
  }
  if (!is_direct && !quotas_.take(session.account.get(), Quota::queue_bytes, bytes)) {
    drop(session, c_.metrics.messages_dropped_quota_queue_bytes_max, "quota.queue_bytes_max");
    return Outcome::dropped;
  }
  if (outbound == nullptr || (outbound->queue.empty() && outbound->window.empty()))
    guard_.note_checked(session);
  if (is_direct) {
    begin_now(*ready, routed, target, qos);
    return Outcome::sent;
  }
  // [MQTT3-3.1.2-5] [MQTT3-4.5.0-1] [MQTT5-4.5.0-1]
  c_.commit(record::Queued{session.slot, routed.ensure_message(c_.state.messages),
                           c_.state.sessions.store_ids(ids_of(target)), qos, target.retain,
                           target.is_shared},
            session.is_durable() && !routed.is_volatile());
  spilling_.after_push(session);
  return Outcome::queued;
}

// [MQTT3-4.3.1-1] [MQTT5-4.3.1-1] [MQTT5-3.3.4-10]
void Delivering::send_qos_0(Routed& routed, const Target& target, Connection& connection) {
  Output& output = c_.effects.output;
  if (output.backlog_bytes(connection.id) >=
      static_cast<std::size_t>(c_.options.limits.write_buffer_bytes_max)) {
    drop(c_.state.sessions.at(target.session), c_.metrics.messages_dropped_write_buffer_full,
         "limits.write_buffer_bytes_max");
    return;
  }
  if (!rates_.may_deliver(connection)) {
    drop(c_.state.sessions.at(target.session), c_.metrics.messages_dropped_deliveries_per_s,
         "client.deliveries_per_s");
    return;
  }
  rates_.note_delivery(connection);
  const bool is_v5 = connection.version == codec::Version::v5;
  ++c_.metrics.messages_sent[0];
  c_.metrics.payload_bytes_sent += routed.payload.size();
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::publish)];
  const bool is_plain =
      target.subscription_id == 0 && target.more_ids.empty() && !connection.topic_changes;
  ByteView& cached = routed.encoded[is_v5 ? 1 : 0][target.retain ? 1 : 0];
  if (is_plain && !cached.empty() && cached.size() <= connection.packet_bytes_max) {
    output.send(connection.id, cached);
    return;
  }
  OutgoingPublish publish{.topic = routed.topic,
                          .properties = routed.properties,
                          .payload = routed.payload,
                          .retain = target.retain,
                          .expiry_s = expiry_left(routed.expiry_s, routed.received, c_.now)};
  publish.subscription_ids = ids_of(target);
  if (connection.topic_changes) unmount(connection, publish);
  const std::size_t size = publish_bytes(publish, connection.version);
  // [MQTT5-3.1.2-24] [RULE5-maximum-packet-size-counts-all]
  if (size == 0 || size > connection.packet_bytes_max) {
    ++c_.metrics.messages_dropped_maximum_packet_size;
    return;
  }
  if (is_v5) choose_alias(publish, connection, size);
  if (routed.payload.size() >= payload_by_reference_min) {
    output.send(connection.id, write_publish_header(publish, connection.version, output));
    const MessageRef& message = routed.ensure_message(c_.state.messages);
    output.send_payload(connection.id, message, message->payload());
    return;
  }
  const ByteView encoded = write_publish(publish, connection.version, output);
  if (is_plain) cached = encoded;
  output.send(connection.id, encoded);
}

// Taken under other rules, or for another client, and no longer allowed.
bool Delivering::is_revoked(Session& session, const Message& message) {
  return guard_.is_recheck_due(session) && !guard_.can_receive(session, message.topic());
}

// What was sent and not acknowledged is not sent again either.
void Delivering::drop_revoked(Session& session, Outbound& outbound) {
  if (!guard_.is_recheck_due(session)) return;
  std::vector<std::pair<codec::PacketId, record::AckKind>> gone;
  for (std::size_t i = 0; i < outbound.window.size(); ++i) {
    const Delivery& delivery = outbound.window[i];
    if (delivery.state != DeliveryState::published || !is_revoked(session, *delivery.message))
      continue;
    gone.emplace_back(delivery.packet_id, delivery.qos == codec::Qos::exactly_once
                                              ? record::AckKind::pubrec_failed
                                              : record::AckKind::puback);
  }
  for (const auto& [packet_id, kind] : gone) {
    ++c_.metrics.messages_dropped_not_authorized;
    c_.commit(record::DeliveryAcknowledged{session.slot, packet_id, kind},
              is_logged(session, packet_id));
  }
}

// [MQTT3-4.6.0-5] [MQTT3-4.6.0-6] [MQTT5-4.6.0-5] [MQTT5-4.6.0-6]
void Delivering::pump(Session& session) {
  Outbound* outbound = session.find_outbound();
  if (outbound == nullptr || (outbound->queue.empty() && outbound->unsent == 0)) return;
  Connection* connection = find_ready(session);
  if (connection == nullptr) return;
  if (outbound->unsent > 0) send_again(session, *connection, *outbound);
  while (outbound->queue.has_front() && has_room(*connection, *outbound) && has_turn(*connection))
    begin_first(session, *connection, *outbound);
  if (outbound->queue.has_chunks()) [[unlikely]]
    spilling_.look_ahead(session);
  outbound->queue.shrink_if_empty(1024);
}

void Delivering::on_chunk(const ChunkAnswer& answer) {
  if (answer.kind == ChunkRequest::Kind::write) return spilling_.on_written(answer);
  if (spilling_.on_read(answer)) pump(c_.state.sessions.at(answer.session));
}

// What has just come leaves at once, past the queue. Its bytes are those of the subscriber before,
// if they may be.
void Delivering::begin_now(Connection& connection, Routed& routed, const Target& target,
                           codec::Qos qos) {
  const SentPublish& sent = routed.sent;
  const bool is_plain = ids_of(target).empty() && !connection.topic_changes;
  const MessageRef& message = routed.ensure_message(c_.state.messages);
  if (is_plain && !sent.packet.empty() && sent.version == connection.version && sent.qos == qos &&
      sent.retain == target.retain && sent.packet.size() <= connection.packet_bytes_max) {
    const Delivery* delivery = begin(connection, message, target, qos);
    if (delivery != nullptr) send_same(connection, sent, *delivery);
    return;
  }
  OutgoingPublish publish = outgoing(connection, *message, qos, target.retain);
  publish.subscription_ids = ids_of(target);
  if (!can_send(connection, *message, publish)) return;
  const Delivery* delivery = begin(connection, message, target, qos);
  if (delivery == nullptr) return;
  publish.packet_id = delivery->packet_id;
  const ByteView packet = send(connection, delivery->message, publish);
  if (!routed.is_for_many || !is_plain || packet.empty()) return;
  std::size_t topic_at = 2;  // behind the Remaining Length, which goes on while its top bit is set
  while (packet[topic_at - 1] >= 0x80) ++topic_at;
  routed.sent = {packet, topic_at + 2 + routed.topic.size() + 2, connection.version, qos,
                 target.retain};
}

// Into the window. Null if the log has to have it before it may be sent.
const Delivery* Delivering::begin(Connection& connection, const MessageRef& message,
                                  const Target& target, codec::Qos qos) {
  const Session& session = c_.state.sessions.at(target.session);
  const bool is_volatile = message->is_volatile();
  if (is_volatile) [[unlikely]]
    tell_packet_id(session);
  Delivery& delivery = c_.commit(
      record::QueuedAndBegun{session.slot, message, c_.state.sessions.store_ids(ids_of(target)),
                             qos, target.retain, target.is_shared},
      session.is_durable() && !is_volatile);
  ++connection.in_flight;
  rates_.note_delivery(connection);
  return hold(session, connection, delivery) ? nullptr : &delivery;
}

// Counts what hinders it, if anything does.
bool Delivering::can_send(const Connection& connection, const Message& message,
                          const OutgoingPublish& publish) {
  if (message.is_expired(c_.now)) {  // [MQTT5-3.3.2-5]
    ++c_.metrics.messages_dropped_expired;
    return false;
  }
  const std::size_t size = publish_bytes(publish, connection.version);
  // [MQTT5-3.1.2-25]
  if (size != 0 && size <= connection.packet_bytes_max) return true;
  ++c_.metrics.messages_dropped_maximum_packet_size;
  return false;
}

void Delivering::send_same(Connection& connection, const SentPublish& sent,
                           const Delivery& delivery) {
  ++c_.metrics.messages_sent[static_cast<std::size_t>(delivery.qos)];
  c_.metrics.payload_bytes_sent += delivery.message->payload().size();
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::publish)];
  Output& output = c_.effects.output;
  const std::size_t rest = sent.packet.size() - sent.body_at;
  const bool is_copied = rest < body_by_reference_min;
  const std::size_t size = is_copied ? sent.packet.size() : sent.body_at;
  std::uint8_t* out = output.reserve(size).data();
  std::memcpy(out, sent.packet.data(), size);
  out[sent.body_at - 2] = static_cast<std::uint8_t>(delivery.packet_id >> 8);
  out[sent.body_at - 1] = static_cast<std::uint8_t>(delivery.packet_id);
  output.send(connection.id, output.commit(size));
  if (!is_copied) output.send(connection.id, sent.packet.subspan(sent.body_at));
}

// A QoS 2 delivery of a session that is kept may only be seen once its identifier is safe.
bool Delivering::hold(const Session& session, const Connection& connection, Delivery& delivery) {
  if (delivery.qos != codec::Qos::exactly_once || !session.is_durable() || !c_.setup.has_log ||
      delivery.is_volatile)
    return false;
  delivery.state = DeliveryState::held;
  c_.journal.hold({.ticket = c_.journal.ticket(),
                   .conn = connection.id,
                   .session = session.slot,
                   .packet_id = delivery.packet_id,
                   .kind = Held::Kind::delivery,
                   .bytes = {}});
  return true;
}

// The first of the queue leaves it: into the window and to the client, or dropped.
void Delivering::begin_first(Session& session, Connection& connection, Outbound& outbound) {
  const Delivery& first = outbound.queue.front();
  if (!first.message) [[unlikely]] {
    ++c_.metrics.messages_dropped_unreadable;
    c_.commit(record::QueueFrontDropped{session.slot}, session.is_durable());
    return;
  }
  const bool is_gone = is_revoked(session, *first.message);
  if (is_gone) ++c_.metrics.messages_dropped_not_authorized;
  const bool is_logged = session.is_durable() && !first.is_volatile;
  if (first.is_volatile && session.is_durable()) [[unlikely]] {
    tell_packet_id(session);
    c_.records.note_pop(session.slot);
  }
  if (is_gone || !can_send(connection, *first.message, outgoing(connection, first))) {
    c_.commit(record::QueueFrontDropped{session.slot}, is_logged);
    return;
  }
  Delivery& delivery = c_.commit(record::DeliveryBegun{session.slot}, is_logged);
  ++connection.in_flight;
  rates_.note_delivery(connection);
  if (!hold(session, connection, delivery)) send(connection, delivery);
}

void Delivering::on_durable(const Held& held) {
  // On another connection, or for another session in its place, it has been sent again or never
  // existed.
  Session* session = c_.state.sessions.find(held.session);
  if (session == nullptr || session->conn != held.conn || find_ready(*session) == nullptr) return;
  Delivery* delivery = c_.state.find_delivery(*session, held.packet_id);
  if (delivery == nullptr || delivery->state != DeliveryState::held) return;
  delivery->state = DeliveryState::published;
  send(c_.connections.at(session->conn), *delivery);
}

// To the topics that the client knows.
void Delivering::unmount(const Connection& connection, OutgoingPublish& publish) {
  const std::string_view mount = mount_of(connection);
  if (mount.empty()) return;
  publish.topic = unmounted_topic(mount, publish.topic);
  publish.properties = mounted_properties(mount, codec::Properties::of_checked(publish.properties),
                                          MountWay::out, unmounted_properties_)
                           .raw;
}

OutgoingPublish Delivering::outgoing(const Connection& connection, const Message& message,
                                     codec::Qos qos, bool retain) {
  OutgoingPublish publish{.topic = message.topic(),
                          .properties = message.properties(),
                          .payload = message.payload(),
                          .qos = qos,
                          .retain = retain,
                          .expiry_s = expiry_left(message.expiry_s(), message.received(), c_.now)};
  if (connection.topic_changes) unmount(connection, publish);
  return publish;
}

OutgoingPublish Delivering::outgoing(const Connection& connection, const Delivery& delivery) {
  OutgoingPublish publish = outgoing(connection, *delivery.message, delivery.qos, delivery.retain);
  // [MQTT3-3.3.1-1] [MQTT5-3.3.1-1] [MQTT5-4.3.2-2] [MQTT5-4.3.3-2] [MQTT3-3.3.1-3] [MQTT5-3.3.1-3]
  publish.dup = delivery.is_retry;
  publish.packet_id = delivery.packet_id;
  if (delivery.subscription_ids != 0)
    publish.subscription_ids = c_.state.sessions.ids(delivery.subscription_ids);
  return publish;
}

void Delivering::send(Connection& connection, const Delivery& delivery) {
  OutgoingPublish publish = outgoing(connection, delivery);
  send(connection, delivery.message, publish);
}

// The packet, if its bytes lie in one piece.
ByteView Delivering::send(Connection& connection, const MessageRef& message,
                          OutgoingPublish& publish) {
  Output& output = c_.effects.output;
  if (connection.topic_changes)
    choose_alias(publish, connection, publish_bytes(publish, connection.version));
  ++c_.metrics.messages_sent[static_cast<std::size_t>(publish.qos)];
  c_.metrics.payload_bytes_sent += publish.payload.size();
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::publish)];
  if (publish.payload.size() >= payload_by_reference_min) {
    output.send(connection.id, write_publish_header(publish, connection.version, output));
    output.send_payload(connection.id, message, publish.payload);
    return {};
  }
  const ByteView packet = write_publish(publish, connection.version, output);
  output.send(connection.id, packet);
  return packet;
}

void Delivering::send_pubrel(Session& session, codec::PacketId packet_id,
                             codec::ReasonCode reason) {
  const Connection& connection = c_.connections.at(session.conn);
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::pubrel)];
  const codec::Pubrel pubrel{
      packet_id,
      connection.version == codec::Version::v5 ? reason : codec::ReasonCode::success,
      {}};
  Output& output = c_.effects.output;
  const auto size = codec::encode(pubrel, connection.version, output.reserve_ack(8));
  SLUICE_ASSERT(size.has_value());
  output.send(connection.id, output.commit_ack(*size));
}

// [MQTT3-4.4.0-1] [MQTT5-4.4.0-1]
void Delivering::resend(Session& session) {
  Outbound* outbound = session.find_outbound();
  if (outbound == nullptr) return;
  drop_revoked(session, *outbound);
  outbound->unsent = static_cast<std::uint32_t>(outbound->window.size());
  pump(session);
}

// Goes on where the client's Receive Maximum stopped it: what is sent again counts like what is
// new.
void Delivering::send_again(Session& session, Connection& connection, Outbound& outbound) {
  const auto messages_max =
      std::min<std::uint64_t>(c_.options.session.inflight_messages_max, connection.receive_maximum);
  for (; outbound.unsent > 0; --outbound.unsent) {
    Delivery& delivery = outbound.window[outbound.window.size() - outbound.unsent];
    if (delivery.state == DeliveryState::done) continue;
    // [MQTT5-4.3.3-6]
    if (delivery.state == DeliveryState::released) {
      // It counts: its PUBCOMP will give back what it has taken.
      ++connection.in_flight;
      send_pubrel(session, delivery.packet_id, codec::ReasonCode::success);
      continue;
    }
    // [RULE5-receive-maximum-on-resume]
    if (connection.in_flight >= messages_max) return;
    // One that never left because the log had not answered is no retry.
    // [MQTT5-4.3.3-7] [MQTT5-4.8.2-4]
    delivery.is_retry = delivery.is_retry || delivery.state == DeliveryState::published;
    delivery.state = DeliveryState::published;
    ++connection.in_flight;
    ++c_.metrics.messages_redelivered;
    send(connection, delivery);
  }
}

// Whether what becomes of that delivery is for the log.
bool Delivering::is_logged(Session& session, codec::PacketId packet_id) {
  if (!c_.has_volatile || !session.is_durable()) return session.is_durable();
  const Delivery* delivery = c_.state.find_delivery(session, packet_id);
  return delivery == nullptr || !delivery->is_volatile;
}

// After a restart as many packet identifiers as a run may have given unheard are left out: the log
// must not be further behind.
void Delivering::tell_packet_id(const Session& session) {
  constexpr std::uint16_t untold_max = State::packet_ids_skipped_at_start / 2;
  if (session.untold_ids < untold_max || !session.is_durable()) return;
  c_.commit_in_passing(record::PacketIdTold{session.slot});
}

// [MQTT5-4.3.2-3] [MQTT5-4.3.3-3] [MQTT5-4.3.3-5]
bool Delivering::on_acknowledged(Session& session, codec::PacketId packet_id,
                                 record::AckKind kind) {
  if (!c_.commit(record::DeliveryAcknowledged{session.slot, packet_id, kind},
                 is_logged(session, packet_id)))
    return false;
  if (Connection* connection = c_.connections.find(session.conn);
      connection != nullptr && kind != record::AckKind::pubrec && connection->in_flight > 0)
    --connection->in_flight;
  pump(session);
  return true;
}

}  // namespace sluice::core
