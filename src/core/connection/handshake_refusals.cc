// SPDX-License-Identifier: Apache-2.0
// Why a CONNECT that is well formed is refused: what the broker has not or gives nobody, what the
// listener takes, who is banned, what rules and limits say.
#include "core/connection/handshake.h"
#include "core/topic/mount.h"
#include "core/topic/sys_topic.h"

namespace sluice::core {
namespace {

using codec::PropertyId;
using codec::ReasonCode;

constexpr std::size_t method_bytes_max = 256;

}  // namespace

// What a server of these options has not, or gives nobody.
bool Handshake::is_will_refused(Connection& connection, const codec::Connect& connect) {
  if (!connect.will) return false;
  const auto& mqtt = c_.options.mqtt;
  auto& metrics = c_.metrics;
  if (static_cast<std::uint64_t>(connect.will->qos) > mqtt.maximum_qos) {  // [MQTT5-3.2.2-12]
    ++metrics.connects_refused_qos_not_supported;
    refuse(connection, ReasonCode::qos_not_supported, "the will's QoS is above the Maximum QoS",
           connect.client_id);
    return true;
  }
  if (connect.will->retain && !mqtt.retain_available) {  // [MQTT5-3.2.2-13]
    ++metrics.connects_refused_retain_not_supported;
    refuse(connection, ReasonCode::retain_not_supported, "retained messages are not available",
           connect.client_id);
    return true;
  }
  if (mount_of(connection).size() + connect.will->topic.size() > mounted_topic_bytes_max) {
    ++metrics.connects_refused_malformed_packet;
    refuse(connection, ReasonCode::topic_name_invalid, "the will's topic is too long",
           connect.client_id);
    return true;
  }
  if (is_reserved_topic(connect.will->topic)) {
    ++metrics.connects_refused_not_authorized;
    refuse(connection, ReasonCode::not_authorized, "the will is for a topic of the broker's own",
           connect.client_id);
    return true;
  }
  return false;
}

bool Handshake::is_refused_by_policy(Connection& connection, const codec::Connect& connect) {
  auto& metrics = c_.metrics;
  const std::string_view client = connect.client_id;
  const auto method = connect.properties.text(PropertyId::authentication_method);
  // [MQTT5-4.12.0-1]
  if (method && (!c_.access.is_authenticating || method->size() > method_bytes_max)) {
    ++metrics.connects_refused_bad_authentication_method;
    refuse(connection, ReasonCode::bad_authentication_method, "no such authentication method",
           client);
    return true;
  }
  const Entrance& entrance = c_.access.entrance(connection.entrance);
  if ((entrance.versions & bit_of(connect.version)) == 0) {
    ++metrics.connects_refused_unsupported_protocol_version;
    refuse(connection, ReasonCode::unsupported_protocol_version,
           "this listener does not speak that version", client);
    return true;
  }
  if (!entrance.is_anonymous_allowed && !connection.identity && !auth_.is_asked_for(connect)) {
    ++metrics.connects_refused_not_authorized;
    refuse(connection, ReasonCode::not_authorized,
           "this listener takes no clients without credentials that it can check", client);
    return true;
  }
  if (is_banned(connection, client)) {
    ++metrics.connects_refused_banned;
    refuse(connection, ReasonCode::banned, "its client identifier connected too often (flapping.*)",
           client);
    return true;
  }
  // Who has a session may come: it takes what waits for it, or ends it.
  if (c_.is_memory_full && c_.state.sessions.find(connect.client_id) == nullptr) {
    ++metrics.connects_refused_quota_exceeded;
    ++metrics.limits_hit_memory_bytes_max;
    refuse(connection, ReasonCode::quota_exceeded, "limits.memory_bytes_max is reached", client);
    return true;
  }
  return false;
}

bool Handshake::is_banned(const Connection& connection, std::string_view client) const {
  if (!flapping_.has_bans() || client.empty()) return false;
  if (connection.peer.is_local() && !c_.options.flapping.ban_local) return false;
  return flapping_.is_banned(siphash_2_4(c_.setup.table_key, as_bytes(client)), c_.now);
}

// Of who was let in: nobody else can have an identifier banned.
void Handshake::note_connect(const Connection& connection, std::string_view client) {
  const auto& options = c_.options.flapping;
  const std::uint64_t key = siphash_2_4(c_.setup.table_key, as_bytes(client));
  if (flapping_.on_connect(key, options, c_.now) == Flapping::Verdict::calm) return;
  const auto seconds = [](Duration d) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(d).count());
  };
  const bool is_exempt = connection.peer.is_local() && !options.ban_local;
  const bool is_banned =
      options.ban_time > Duration{} && !is_exempt && flapping_.ban(key, options, c_.now);
  ++c_.metrics.clients_flapping;
  c_.log.warn("client_flapped", {{"client", client},
                                 {"peer", sluice::to_string(connection.peer)},
                                 {"connects", options.connects_max + 1},
                                 {"seconds", seconds(options.time)},
                                 {"banned_s", is_banned ? seconds(options.ban_time) : ""}});
}

// The last thing that may refuse a CONNECT: what it takes is given back when the connection goes,
// and when the session does.
bool Handshake::is_refused_by_number(Connection& connection, std::string_view client,
                                     Account* account) {
  auto& metrics = c_.metrics;
  const auto& limits = c_.options.limits;
  const Session* session = c_.state.sessions.find(client);
  Connection* old = session != nullptr ? c_.connections.find(session->conn) : nullptr;
  if (old != nullptr && old->is_counted) {
    old->is_counted = false;  // it leaves its place to this one
  } else if (!c_.census.take(Counted::connections, limits.connections_max > 0
                                                       ? limits.connections_max
                                                       : std::uint64_t{0xffffffff})) {
    ++metrics.connects_refused_quota_exceeded;
    ++metrics.limits_hit_connections_max;
    refuse(connection, ReasonCode::quota_exceeded, "limits.connections_max is reached", client);
    return true;
  }
  connection.is_counted = true;
  if (session == nullptr && !c_.census.take(Counted::sessions, limits.sessions_max)) {
    ++metrics.connects_refused_quota_exceeded;
    ++metrics.limits_hit_sessions_max;
    refuse(connection, ReasonCode::quota_exceeded, "limits.sessions_max is reached", client);
    return true;
  }
  // The connection that it takes over is its user's too, and leaves its place to it.
  if (account != nullptr && old != nullptr && session->account.get() == account) {
    account->add(Quota::connections, 1);
  } else if (!quotas_.take(account, Quota::connections, 1)) {
    if (session == nullptr) c_.census.add(Counted::sessions, -1);
    ++metrics.connects_refused_quota_exceeded;
    refuse(connection, ReasonCode::quota_exceeded, "quota.connections_max is reached", client);
    return true;
  }
  return false;
}

// A session is its user's: nobody else may push its client out, or get what was kept for it.
bool Handshake::is_of_another_user(Connection& connection, const codec::Connect& connect,
                                   const SessionAccess* access) {
  Session* session = c_.state.sessions.find(connect.client_id);
  if (session == nullptr || session->access == nullptr) return false;
  const std::string_view user = access != nullptr ? access->principal.user : std::string_view();
  if (session->access->principal.user == user) return false;
  if (!session->is_connected()) {
    closing_.end_session(*session);
    return false;
  }
  ++c_.metrics.connects_refused_client_identifier_not_valid;
  refuse(connection, ReasonCode::client_identifier_not_valid,
         "another user is connected by this client identifier", connect.client_id);
  return true;
}

bool Handshake::is_refused_by_rules(Connection& connection, const codec::Connect& connect,
                                    SessionAccess* access) {
  if (is_of_another_user(connection, connect, access)) return true;
  if (access == nullptr || access->permit == nullptr || !connect.will) return false;
  const codec::Will& will = *connect.will;
  const std::string topic = mounted_topic(mount_of(connection), will.topic);
  if (access->permit->can_publish({topic, will.qos, will.retain})) return false;
  ++c_.metrics.connects_refused_not_authorized;
  refuse(connection, ReasonCode::not_authorized, "no rule allows its will", connect.client_id);
  return true;
}

}  // namespace sluice::core
