// SPDX-License-Identifier: Apache-2.0
#include "core/connection/closing.h"

#include "codec/codec.h"
#include "codec/topic.h"

#include <array>
#include <vector>

namespace sluice::core {
namespace {

// What a fault means may have no code in the packet that tells of it.
codec::ReasonCode tellable(codec::ReasonCode reason, codec::PacketType type) {
  return codec::is_allowed(reason, type, codec::Direction::to_client)
             ? reason
             : codec::ReasonCode::protocol_error;
}

// The byte of a CONNACK that refuses, in the version the client speaks.
std::uint8_t connack_code(codec::Version version, codec::ReasonCode code) {
  return version == codec::Version::v5
             ? static_cast<std::uint8_t>(tellable(code, codec::PacketType::connack))
             : static_cast<std::uint8_t>(codec::to_return_code(code));
}

}  // namespace

void Closing::count(CloseCause cause) {
  auto& counters = c_.metrics;
  switch (cause) {
    case CloseCause::client:
    case CloseCause::client_with_will:
      ++counters.disconnects_client;
      return;
    case CloseCause::connection_lost:
      ++counters.disconnects_connection_lost;
      return;
    case CloseCause::connect_timeout:
      ++counters.disconnects_connect_timeout;
      return;
    case CloseCause::keep_alive_timeout:
      ++counters.disconnects_keep_alive_timeout;
      return;
    case CloseCause::write_timeout:
      ++counters.disconnects_write_timeout;
      return;
    case CloseCause::malformed_packet:
      ++counters.disconnects_malformed_packet;
      return;
    case CloseCause::protocol_error:
      ++counters.disconnects_protocol_error;
      return;
    case CloseCause::packet_too_large:
      ++counters.disconnects_packet_too_large;
      return;
    case CloseCause::limit:
      ++counters.disconnects_limit;
      return;
    case CloseCause::session_taken_over:
      ++counters.disconnects_session_taken_over;
      return;
    case CloseCause::not_authorized:
      ++counters.disconnects_not_authorized;
      return;
    case CloseCause::administrative_action:
      ++counters.disconnects_administrative_action;
      return;
    case CloseCause::server_shutting_down:
      ++counters.disconnects_server_shutting_down;
      return;
    case CloseCause::refused:
      return;  // counted by its reason
  }
}

void Closing::log(const Connection& connection, CloseCause cause, std::string_view detail) {
  const Session* session = c_.state.sessions.find(connection.session);
  const std::string peer = sluice::to_string(connection.peer);
  const std::string_view client = session != nullptr ? session->client_id() : std::string_view();
  if (session == nullptr) {
    c_.log.info("connection_closed",
                {{"peer", peer}, {"cause", to_string(cause)}, {"detail", detail}});
  } else if (cause == CloseCause::client || cause == CloseCause::client_with_will) {
    c_.log.info("client_disconnected", {{"client", client}, {"peer", peer}});
  } else {
    c_.log.info(
        "client_closed",
        {{"client", client}, {"peer", peer}, {"cause", to_string(cause)}, {"detail", detail}});
  }
}

void Closing::send_disconnect(const Connection& connection, codec::ReasonCode reason,
                              std::string_view detail) {
  // [MQTT5-3.14.0-1]: none before a CONNACK.
  if (connection.version != codec::Version::v5 || connection.state != ConnectionState::connected)
    return;
  std::array<std::uint8_t, 512> properties;
  codec::PropertyWriter writer(properties);
  // [RULE5-request-problem-information] [MQTT5-3.14.2-4]
  if (connection.wants_problem_information && !detail.empty() && detail.size() < 400)
    writer.text(codec::PropertyId::reason_string, detail);
  codec::Disconnect packet{tellable(reason, codec::PacketType::disconnect), {}};
  if (const auto written = writer.finish()) packet.properties = *written;
  // [MQTT5-3.14.2-3]
  if (codec::encoded_size(packet, connection.version) > connection.packet_bytes_max)
    packet.properties = {};
  if (codec::encoded_size(packet, connection.version) > connection.packet_bytes_max) return;
  Output& output = c_.effects.output;
  const std::size_t size = codec::encoded_size(packet, connection.version);
  const auto encoded = codec::encode(packet, connection.version, output.reserve(size));
  SLUICE_ASSERT(encoded.has_value());
  output.send(connection.id, output.commit(*encoded));
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::disconnect)];
}

void Closing::send_refusal(Connection& connection, codec::ReasonCode code,
                           std::string_view reason) {
  std::array<std::uint8_t, 512> properties;
  codec::PropertyWriter writer(properties);
  codec::Connack connack{
      .session_present = false, .code = connack_code(connection.version, code), .properties = {}};
  if (connection.version == codec::Version::v5 && connection.wants_problem_information &&
      reason.size() < 400)
    writer.text(codec::PropertyId::reason_string, reason);
  if (const auto written = writer.finish()) connack.properties = *written;
  // [MQTT5-3.2.2-19] [MQTT5-3.2.2-20]
  if (codec::encoded_size(connack, connection.version) > connection.packet_bytes_max)
    connack.properties = {};
  if (codec::encoded_size(connack, connection.version) > connection.packet_bytes_max) return;
  Output& output = c_.effects.output;
  const auto size = codec::encode(connack, connection.version,
                                  output.reserve(codec::encoded_size(connack, connection.version)));
  SLUICE_ASSERT(size.has_value());
  // [MQTT5-3.1.4-2] [MQTT5-4.12.0-4]
  output.send(connection.id, output.commit(*size));
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::connack)];
}

// [MQTT5-4.13.2-1] [RULE5-answer-arrives]
void Closing::close(Connection& connection, CloseCause cause, codec::ReasonCode reason,
                    std::string_view detail) {
  send_disconnect(connection, reason, detail);
  c_.effects.add(EffectKind::close_gently, connection.id);
  count(cause);
  log(connection, cause, detail);
  detach(connection, cause);
  forget(connection);
}

// [MQTT3-3.2.2-5] [MQTT3-3.2.2-6] [MQTT3-3.1.4-5] [MQTT5-3.1.4-6] [MQTT5-3.2.2-7]
void Closing::refuse(Connection& connection, const Refusal& refusal) {
  c_.effects.add(EffectKind::close_gently, connection.id);
  c_.log.info("connect_refused", {{"peer", sluice::to_string(connection.peer)},
                                  {"client", refusal.client},
                                  {"user", refusal.user},
                                  {"reason", refusal.reason}});
  forget(connection);
}

void Closing::on_disconnect(Connection& connection, CloseCause cause) {
  c_.effects.add(EffectKind::close, connection.id);
  count(cause);
  log(connection, cause, {});
  detach(connection, cause);
  forget(connection);
}

void Closing::on_lost(Connection& connection, CloseCause cause) {
  count(cause);
  log(connection, cause, {});
  detach(connection, cause);
  forget(connection);
}

void Closing::forget(Connection& connection) {
  c_.timers.cancel(connection.timer);
  if (is_handshake(connection.state)) --c_.handshakes;
  --c_.metrics.connections_open;
  if (connection.is_counted) c_.census.add(Counted::connections, -1);
  c_.connections.close(connection.id);
}

void Closing::clear_will(Session& session) {
  if (session.will) c_.commit(record::WillSet{session.slot, {}, {}}, true);
}

// What the connection's end means for its session.
void Closing::detach(Connection& connection, CloseCause cause) {
  Session* session = c_.state.sessions.find(connection.session);
  if (session == nullptr || session->conn != connection.id) return;
  retained_.cancel(*session);
  session->conn = {};
  if (session->account) session->account->add(Quota::connections, -1);
  const std::uint32_t generation = session->generation = c_.state.sessions.next_generation();
  session->received.shrink();
  // [MQTT3-3.1.2-10] [MQTT3-3.14.4-3] [MQTT5-3.1.2-10] [MQTT5-3.14.4-3]
  if (cause == CloseCause::client) clear_will(*session);
  // At a stop sessions and wills stay as they are: the log knows them, and a restart decides.
  if (cause == CloseCause::server_shutting_down) return;
  const std::uint32_t expiry_s = connection.session_expiry_s;
  // [MQTT3-4.1.0-1] [MQTT3-4.1.0-2] [MQTT5-4.1.0-1] [MQTT5-3.1.2-23]
  if (expiry_s == 0) {
    end_session(*session);  // [MQTT3-3.1.2-6]
    return;
  }
  c_.commit(record::SessionDetached{session->slot, expiry_s, c_.now}, true);
  members_.on_presence(*session);
  if (expiry_s != Session::never_expires)
    c_.timers.add(c_.now + Duration(std::chrono::seconds(expiry_s)), timer_session_expiry,
                  pack(session->slot, generation));
  start_will(*session);
}

void Closing::start_will(Session& session) {
  if (!session.will) return;
  if (session.will->delay == Duration{}) {
    publish_will(session);
    return;
  }
  c_.timers.add(c_.now + session.will->delay, timer_will, pack(session.slot, session.generation));
}

// [MQTT3-3.1.2-8] [MQTT5-3.1.2-8]
void Closing::publish_will(Session& session) {
  if (!session.will) return;
  const MessageRef message = session.will->message;
  c_.commit(record::WillSet{session.slot, {}, {}}, true);
  if (!guard_.can_publish(session, {message->topic(), message->qos(), message->retain()})) {
    ++c_.metrics.messages_dropped_not_authorized;
    c_.log.info("publish_refused", {{"client", session.client_id()},
                                    {"topic", message->topic()},
                                    {"reason", "no rule allows its will"}});
    return;
  }
  ++c_.metrics.wills_published;
  Routed routed = Routed::of(message);
  // Its expiry begins when it is published, not when it was handed in.
  routed.received = c_.now;
  routed.message = {};
  routed.publisher = session.slot;
  // Who waits for it shall hear of it all the same.
  if (routed.retain && !routed.payload.empty())
    routed.retain = Quotas(c_).retain(session.slot, routed.topic);
  router_.publish(routed);
}

// [MQTT3-3.1.2-7] [RULE5-will-at-the-earlier]
void Closing::end_session(Session& session) {
  publish_will(session);
  retained_.cancel(session);
  members_.on_session_ends(session);
  std::string text;
  std::vector<std::string> shared;
  c_.state.subscriptions.for_each_of_session(
      session.slot, text, [&](std::string_view filter, const Subscription&) {
        const auto split = codec::split_shared_filter(filter);
        if (split && split->is_shared())
          shared.emplace_back(filter);
        else
          interest_.remove(filter,
                           session.is_interest_kept ? Interest::Keeps::yes : Interest::Keeps::no);
      });
  // What a member of a shared subscription had not acknowledged goes to another: QoS 1 begun or
  // not, QoS 2 not begun.
  std::vector<MessageRef> orphans;
  if (const Outbound* outbound = session.find_outbound(); outbound != nullptr && !shared.empty()) {
    for (std::size_t i = 0; i < outbound->window.size(); ++i) {
      // [MQTT5-4.8.2-5]
      if (outbound->window[i].is_shared && outbound->window[i].message &&
          outbound->window[i].qos == codec::Qos::at_least_once)
        orphans.push_back(outbound->window[i].message);
    }
    // They never leave memory (core/session/spilling.h).
    outbound->queue.for_each_in_memory([&](const Delivery& delivery) {
      if (delivery.is_shared) orphans.push_back(delivery.message);
    });
  }
  c_.census.add(Counted::sessions, -1);
  if (session.account)
    session.account->add(Quota::subscriptions,
                         -static_cast<std::int64_t>(c_.state.subscriptions.count(session.slot)));
  c_.commit(record::SessionEnded{session.slot}, session.is_logged());
  for (const std::string& filter : shared) {
    const auto split = codec::split_shared_filter(filter);
    for (const MessageRef& message : orphans) {
      if (!codec::matches(split->filter, message->topic())) continue;
      Routed routed = Routed::of(message);
      router_.pass_on(routed, split->share_name, split->filter);
    }
  }
}

// [MQTT5-4.1.0-2]
void Closing::on_session_expired(SessionSlot slot, std::uint32_t generation) {
  Session* session = c_.state.sessions.find(slot);
  if (session == nullptr || session->generation != generation || session->is_connected()) return;
  ++c_.metrics.sessions_expired;
  c_.log.debug("session_expired", {{"client", session->client_id()}});
  end_session(*session);
}

void Closing::on_will_due(SessionSlot slot, std::uint32_t generation) {
  Session* session = c_.state.sessions.find(slot);
  // [MQTT5-3.1.3-9]
  if (session == nullptr || session->generation != generation || session->is_connected()) return;
  publish_will(*session);
  // After a restart a session that had ended with its connection has waited for this alone.
  if (!session->is_durable()) end_session(*session);
}

}  // namespace sluice::core
