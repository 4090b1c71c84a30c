// SPDX-License-Identifier: Apache-2.0
#include "core/connection/handshake.h"

#include "codec/byte_reader.h"
#include "core/connection/connack.h"
#include "core/connection/decode_limits.h"
#include "core/message/forwarded_properties.h"
#include "core/topic/mount.h"

#include <array>
#include <vector>

namespace sluice::core {
namespace {

using codec::PropertyId;
using codec::ReasonCode;
using codec::Version;

// As operators know it from mosquitto: 1 for MQTT 3.1, 2 for 3.1.1, 5 for 5.0.
unsigned log_version(Version version) {
  return version == Version::v5 ? 5 : version == Version::v3_1 ? 1 : 2;
}

// Where the protocol level of a CONNECT stands, behind its fixed header and the name "MQTT".
constexpr std::size_t level_offset = 6;

std::string text_of(const codec::ConnectResult& result) {
  switch (result.fault) {
    case codec::ConnectFault::unknown_protocol_name:
      return "unknown protocol name";
    case codec::ConnectFault::unsupported_level:
      return "unsupported protocol level " + std::to_string(result.level);
    default:
      return result.error.detail;
  }
}

// What its CONNACK waits for.
Durability until_of(const Connection& connection) {
  return connection.durability == Durability::os ? Durability::os : Durability::fsync;
}

}  // namespace

codec::DecodeLimits Handshake::limits() const {
  return decode_limits(c_.options, c_.options.mqtt.packet_bytes_max_before_connect);
}

ShardIndex Handshake::home_of(ByteView packet) const {
  if (c_.is_alone()) return c_.setup.index;
  const codec::ConnectResult result = codec::decode_connect(packet, limits());
  if (result.fault != codec::ConnectFault::none || result.connect.client_id.empty())
    return c_.setup.index;
  return c_.home_of(result.connect.client_id);
}

void Handshake::refuse(Connection& connection, ReasonCode code, std::string_view reason,
                       std::string_view client) {
  closing_.send_refusal(connection, code, reason);
  closing_.refuse(connection, {.reason = reason, .client = client});
}

// What the bytes of the CONNECT alone decide.
bool Handshake::is_refused(Connection& connection, const codec::ConnectResult& result) {
  using Fault = codec::ConnectFault;
  if (result.fault == Fault::none) return false;
  connection.version = result.version.value_or(Version::v3_1_1);
  auto& metrics = c_.metrics;
  count_limit(metrics, result.error);
  const auto reason = static_cast<ReasonCode>(result.error.reason);
  switch (result.fault) {
    case Fault::unsupported_level:
      // [MQTT3-3.1.2-2] [MQTT5-3.1.2-2]
      ++metrics.connects_refused_unsupported_protocol_version;
      refuse(connection, ReasonCode::unsupported_protocol_version, text_of(result));
      return true;
    case Fault::client_id_refused:
      // [MQTT3-3.1.3-8] [MQTT3-3.1.3-9] [MQTT5-3.1.3-8]
      ++metrics.connects_refused_client_identifier_not_valid;
      note_client_limits(connection, result.connect);
      refuse(connection, ReasonCode::client_identifier_not_valid, text_of(result));
      return true;
    default:
      ++metrics.connects_refused_malformed_packet;
      // [MQTT3-3.1.4-1] [MQTT5-3.1.4-1]: 3.x has no CONNACK for it.
      if (connection.version == Version::v5 && result.fault != Fault::unknown_protocol_name)
        refuse(connection, result.error.reason != 0 ? reason : ReasonCode::malformed_packet,
               text_of(result));
      else
        closing_.refuse(connection, {.reason = text_of(result)});
      return true;
  }
}

bool Handshake::is_version_known(ByteView bytes) const {
  const auto frame = codec::peek_frame(bytes, Version::v3_1);
  return frame.header_bytes != 0 && bytes.size() > frame.header_bytes + level_offset;
}

void Handshake::on_too_large(Connection& connection, ByteView bytes) {
  ++c_.metrics.limits_hit_packet_bytes_max_before_connect;
  ++c_.metrics.connects_refused_packet_too_large;
  constexpr const char* text = "larger than mqtt.packet_bytes_max_before_connect";
  const auto frame = codec::peek_frame(bytes, Version::v3_1);
  const ByteView body = bytes.subspan(frame.header_bytes);
  const bool is_v5 = as_text(body.first(level_offset)).ends_with("MQTT") && body[level_offset] == 5;
  if (!is_v5) {
    closing_.refuse(connection, {.reason = text});
    return;
  }
  connection.version = Version::v5;
  refuse(connection, ReasonCode::packet_too_large, text);
}

// An identifier that nobody has, and that lives on this shard. [MQTT3-3.1.3-6] [MQTT5-3.1.3-6]
// [MQTT5-3.2.2-16]
std::string Handshake::draw_client_id() {
  static constexpr std::string_view letters =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  while (true) {
    std::string id = "auto";
    for (int i = 0; i < 19; ++i) id += letters[c_.rng.below(letters.size())];
    if (c_.home_of(id) == c_.setup.index && c_.state.sessions.find(id) == nullptr) return id;
  }
}

// [MQTT3-3.1.4-2] [MQTT5-3.1.4-3]
void Handshake::take_over(const codec::Connect& connect, Session& old) {
  Connection* connection = c_.connections.find(old.conn);
  if (connection == nullptr) return;
  ++c_.metrics.sessions_taken_over;
  // A will that has a delay waits for this very client, and it is here; unless it starts anew,
  // which ends the session.
  const bool is_will_kept = connection->version == Version::v5 && old.will &&
                            old.will->delay > Duration{} && !connect.clean_start &&
                            connection->session_expiry_s > 0;
  if (is_will_kept) closing_.clear_will(old);
  c_.log.info("client_taken_over",
              {{"client", old.client_id()}, {"peer", sluice::to_string(connection->peer)}});
  closing_.close(*connection, CloseCause::session_taken_over, ReasonCode::session_taken_over,
                 "the client connected again");
}

void Handshake::set_will(Session& session, const codec::Connect& connect) {
  if (!connect.will) {
    closing_.clear_will(session);  // of the connection before
    return;
  }
  // [MQTT5-3.1.2-7]
  const codec::Will& will = *connect.will;
  const Connection& connection = c_.connections.at(session.conn);
  const std::string topic = mounted_topic(mount_of(connection), will.topic);
  std::vector<std::uint8_t> place;
  const codec::Properties properties =
      mounted_properties(mount_of(connection), will.properties, MountWay::in, place);
  ForwardedProperties forwarded(properties);
  // [MQTT3-3.1.2-16] [MQTT3-3.1.2-17] [MQTT5-3.1.2-14] [MQTT5-3.1.2-15] [MQTT5-3.1.3-10]
  const MessageRef message = c_.state.messages.make({.topic = topic,
                                                     .properties = forwarded.bytes(),
                                                     .payload = will.payload,
                                                     .qos = will.qos,
                                                     .retain = will.retain,
                                                     .expiry_s = forwarded.expiry_s(),
                                                     .received = c_.now,
                                                     .body = {}});
  const std::uint32_t delay_s = will.properties.number(PropertyId::will_delay_interval).value_or(0);
  c_.commit(record::WillSet{session.slot, message, Duration(std::chrono::seconds(delay_s))}, true);
}

void Handshake::note_client_limits(Connection& connection, const codec::Connect& connect) {
  connection.version = connect.version;
  connection.is_clean = connect.clean_start;
  if (c_.setup.has_log) connection.durability = c_.access.entrance(connection.entrance).durability;
  const std::string& mount = c_.access.entrance(connection.entrance).mount_point;
  connection.has_topic_work = connect.version == Version::v5 || !mount.empty();
  connection.topic_changes.reset();
  if (!mount.empty())
    connection.topic_changes = std::make_unique<TopicChanges>(mount, OutboundAliases(0));
  if (connect.version != Version::v5) return;
  const codec::Properties& p = connect.properties;
  connection.receive_maximum =
      static_cast<std::uint16_t>(p.number(PropertyId::receive_maximum).value_or(65535));
  connection.packet_bytes_max = p.number(PropertyId::maximum_packet_size).value_or(0xffffffffU);
  connection.wants_problem_information = p.flag(PropertyId::request_problem_information, true);
  const auto aliases =
      std::min<std::uint64_t>(p.number(PropertyId::topic_alias_maximum).value_or(0),
                              c_.options.mqtt.topic_alias_maximum_outbound);
  // [MQTT5-3.1.2-26] [MQTT5-3.1.2-27] [MQTT5-3.3.2-11]
  if (aliases > 0)
    connection.topic_changes =
        std::make_unique<TopicChanges>(mount, OutboundAliases(static_cast<std::uint16_t>(aliases)));
}

Session& Handshake::attach(Connection& connection, const codec::Connect& connect,
                           Granted& granted) {
  const std::string_view id = granted.assigned_id.empty() ? connect.client_id : granted.assigned_id;
  Session* const old = c_.state.sessions.find(id);
  const bool had_session = old != nullptr;
  // Its place is kept although the old one may end before the new one begins.
  if (had_session) c_.census.add(Counted::sessions, 1);
  if (had_session) take_over(connect, *old);
  // [MQTT3-3.1.3-2] [MQTT5-3.1.3-2]
  Session* session = c_.state.sessions.find(id);
  // One that had ended with its connection, and waits after a restart for its will to be due: here
  // is the client, in time.
  const bool is_over = session != nullptr && !session->is_durable();
  if (is_over) closing_.clear_will(*session);
  // [MQTT3-3.1.2-6] [MQTT5-3.1.2-4] [MQTT3-3.1.4-3] [MQTT5-3.1.4-4] [MQTT3-3.2.2-1]
  if (session != nullptr && (connect.clean_start || is_over)) {
    closing_.end_session(*session);
    session = nullptr;
  }
  granted.is_present =
      session != nullptr;  // [MQTT3-3.2.2-2] [MQTT3-3.2.2-3] [MQTT5-3.2.2-2] [MQTT5-3.2.2-3]
  const bool is_durable = granted.session_expiry_s > 0;
  if (session == nullptr) {
    // A session that ends with its connection is known to the log for its will.
    const bool is_logged = is_durable || connect.will.has_value();
    const std::uint64_t number = is_logged ? c_.state.sessions.next_log_number() : 0;
    // [MQTT5-3.1.2-6] [MQTT3-3.1.2-4] [MQTT5-3.1.2-5]
    session = &c_.commit(record::SessionCreated{id, number}, is_logged);
    session->is_interest_kept = is_durable;
    ++c_.metrics.sessions_created;
  } else {
    if (had_session) c_.census.add(Counted::sessions, -1);
    ++c_.metrics.sessions_resumed;
  }
  c_.commit(record::SessionAttached{session->slot, connect.version, granted.session_expiry_s},
            session->is_logged());
  session->conn = connection.id;
  session->generation = c_.state.sessions.next_generation();
  session->drop_was_logged = false;
  connection.session = session->slot;
  connection.session_expiry_s = granted.session_expiry_s;
  set_will(*session, connect);
  return *session;
}

// [MQTT3-3.1.4-4] [MQTT5-3.1.4-5] [MQTT5-3.2.0-2] [MQTT5-4.12.0-6]
void Handshake::send_connack(Connection& connection, bool is_present,
                             const codec::Properties& properties) {
  // MQTT 3.1 has no such flag: its byte is reserved.
  // [RULE31-session-present]
  const codec::Connack connack{.session_present = is_present && connection.version != Version::v3_1,
                               .code = 0,
                               .properties = properties};
  std::vector<std::uint8_t> bytes(codec::encoded_size(connack, connection.version));
  const auto size = codec::encode(connack, connection.version, bytes);
  SLUICE_ASSERT(size.has_value());
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::connack)];
  connection.state = ConnectionState::awaiting_log;
  --c_.handshakes;
  c_.journal.hold({.ticket = c_.journal.ticket(),
                   .conn = connection.id,
                   .session = connection.session,
                   .kind = Held::Kind::connack,
                   .until = until_of(connection),
                   .bytes = std::move(bytes)});
}

void Handshake::on_connect(Connection& connection, ByteView packet) {
  const codec::ConnectResult result = codec::decode_connect(packet, limits());
  if (is_refused(connection, result)) return;
  const codec::Connect& connect = result.connect;
  note_client_limits(connection, connect);
  if (is_refused_by_policy(connection, connect) || is_will_refused(connection, connect)) return;
  if (auth_.is_asked_for(connect))
    auth_.ask(connection, connect, packet);
  else
    accept(connection, connect, {});
}

void Handshake::refuse_by_answer(Connection& connection, const codec::Connect& connect,
                                 const AuthAnswer& answer) {
  auto& metrics = c_.metrics;
  switch (answer.code) {
    case ReasonCode::bad_user_name_or_password:
      ++metrics.connects_refused_bad_user_name_or_password;
      break;
    case ReasonCode::server_unavailable:
      ++metrics.connects_refused_server_unavailable;
      break;
    case ReasonCode::server_busy:
      ++metrics.connects_refused_server_busy;
      break;
    case ReasonCode::banned:
      ++metrics.connects_refused_banned;
      break;
    case ReasonCode::bad_authentication_method:
      ++metrics.connects_refused_bad_authentication_method;
      break;
    default:
      ++metrics.connects_refused_not_authorized;
      break;
  }
  // The client learns no more than the standard's words; the operator learns why.
  closing_.send_refusal(connection, answer.code, codec::to_string(answer.code));
  closing_.refuse(connection, {.reason = answer.reason,
                               .client = connect.client_id,
                               .user = connect.user_name.value_or(std::string_view())});
}

void Handshake::on_auth_late(Connection& connection) {
  AuthAnswer answer;
  answer.code = ReasonCode::server_unavailable;
  answer.reason = "credentials were not checked in time";
  connection.auth->is_asked = true;
  on_auth_answer(connection, std::move(answer));
}

void Handshake::on_auth_answer(Connection& connection, AuthAnswer answer) {
  if (!connection.auth || !connection.auth->is_asked) return;
  connection.auth->is_asked = false;
  if (answer.code == ReasonCode::continue_authentication) {
    auth_.challenge(connection, answer);
    return;
  }
  if (!is_handshake(connection.state)) {
    auth_.on_again(connection, answer);
    return;
  }
  const Secret packet = std::move(connection.auth->connect);
  connection.state = ConnectionState::awaiting_connect;
  // The limits may have changed since it was first read.
  const codec::ConnectResult result = codec::decode_connect(packet.view(), limits());
  if (is_refused(connection, result)) return;
  const codec::Connect& connect = result.connect;
  if (answer.code != ReasonCode::success) {
    refuse_by_answer(connection, connect, answer);
    return;
  }
  if (connection.auth->method.empty()) connection.auth.reset();
  if (!is_refused_by_policy(connection, connect)) accept(connection, connect, std::move(answer));
}

// Who has proved a name to the transport, and no other to us, is the user of that name.
Principal Handshake::known_as(const Connection& connection, Principal principal) const {
  principal.listener = c_.access.entrance(connection.entrance).name;
  if (!connection.identity) return principal;
  principal.identity = *connection.identity;
  if (principal.user.empty()) principal.user = principal.identity;
  return principal;
}

void Handshake::accept(Connection& connection, const codec::Connect& connect, AuthAnswer answer) {
  Granted granted;
  if (connect.client_id.empty()) granted.assigned_id = draw_client_id();
  const std::string_view client_id =
      granted.assigned_id.empty() ? connect.client_id : std::string_view(granted.assigned_id);
  auto access = guard_.access_of(known_as(connection, std::move(answer.principal)), client_id);
  if (is_refused_by_rules(connection, connect, access.get())) return;
  granted.auth_data = std::move(answer.data);
  if (connection.auth) granted.auth_method = connection.auth->method;
  grant(connection, connect, granted);
  std::array<std::uint8_t, 8192> scratch;
  codec::PropertyWriter writer(scratch);
  const codec::Properties properties = connack_properties(writer, c_.options, connect, granted);
  if (codec::encoded_size(codec::Connack{.properties = properties}, connection.version) >
      connection.packet_bytes_max) {
    ++c_.metrics.connects_refused_packet_too_large;
    refuse(connection, ReasonCode::packet_too_large,
           "the CONNACK is larger than the client's Maximum Packet Size", connect.client_id);
    return;
  }
  AccountHold account = quotas_.open(connection, access.get(), client_id);
  if (is_refused_by_number(connection, client_id, account.get())) return;

  const std::uint64_t changes = c_.journal.changes();
  Session& session = attach(connection, connect, granted);
  const bool is_same = session.access != nullptr && access != nullptr &&
                       session.access->principal == access->principal;
  if (!is_same) session.rules_checked = 0;
  quotas_.bind(session, std::move(account));
  session.access = std::move(access);
  connection.identity.reset();
  ++c_.metrics.connects_accepted;
  if (granted.assigned_id.empty()) note_connect(connection, session.client_id());
  const std::string_view user = session.access != nullptr
                                    ? std::string_view(session.access->principal.user)
                                    : connect.user_name.value_or(std::string_view());
  c_.log.info("client_connected", {{"client", session.client_id()},
                                   {"peer", sluice::to_string(connection.peer)},
                                   {"version", log_version(connect.version)},
                                   {"clean", connect.clean_start ? 1 : 0},
                                   {"keep_alive", connection.keep_alive_s},
                                   {"user", user}});
  send_connack(connection, granted.is_present, properties);
  // Nothing of it is kept, or need not be safe, and nothing earlier waits: it goes at once.
  if (c_.journal.changes() == changes || connection.durability == Durability::memory) {
    const Held held = c_.journal.take_last(until_of(connection));
    finish(connection, held.bytes);
  }
}

void Handshake::grant(Connection& connection, const codec::Connect& connect, Granted& granted) {
  const auto seconds = [](Duration d) {
    return std::chrono::duration_cast<std::chrono::seconds>(d).count();
  };
  if (connect.version == Version::v5) {
    const std::uint32_t asked =
        connect.properties.number(PropertyId::session_expiry_interval).value_or(0);
    granted.session_expiry_s = static_cast<std::uint32_t>(
        std::min<std::int64_t>(asked, seconds(c_.options.session.expiry_max)));
  } else if (!connect.clean_start) {
    granted.session_expiry_s = static_cast<std::uint32_t>(seconds(c_.options.session.expiry_v3));
  }
  granted.keep_alive_s = connect.keep_alive_s;
  const auto keep_alive_max = seconds(c_.options.mqtt.keep_alive_max);
  if (connect.version == Version::v5 && keep_alive_max < 65535 &&
      (connect.keep_alive_s == 0 || connect.keep_alive_s > keep_alive_max))
    granted.keep_alive_s = static_cast<std::uint16_t>(keep_alive_max);
  connection.keep_alive_s = granted.keep_alive_s;
  granted.packet_bytes_max = std::min<std::uint64_t>(
      c_.options.mqtt.packet_bytes_max, c_.access.entrance(connection.entrance).packet_bytes_max);
  connection.inbound_bytes_max = static_cast<std::uint32_t>(granted.packet_bytes_max);
}

void Handshake::on_durable(const Held& held) {
  Connection* connection = c_.connections.find(held.conn);
  if (connection != nullptr && connection->state == ConnectionState::awaiting_log)
    finish(*connection, held.bytes);
}

void Handshake::finish(Connection& connection, ByteView connack) {
  Output& output = c_.effects.output;
  std::ranges::copy(connack, output.reserve(connack.size()).begin());
  output.send(connection.id, output.commit(connack.size()));  // [MQTT3-3.2.0-1] [MQTT5-3.2.0-1]
  connection.state = ConnectionState::connected;
  connection.last_received = c_.now;
  Session& session = c_.state.sessions.at(connection.session);
  members_.on_presence(session);
  // [RULE5-connack-before-queue]
  delivering_.resend(session);
}

}  // namespace sluice::core
