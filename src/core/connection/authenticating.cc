// SPDX-License-Identifier: Apache-2.0
#include "core/connection/authenticating.h"

#include <array>

namespace sluice::core {
namespace {

using codec::PropertyId;
using codec::ReasonCode;

constexpr std::size_t data_bytes_max = 4096;  // of what a checker has for a client

}  // namespace

bool Authenticating::is_asked_for(const codec::Connect& connect) const {
  if (!c_.access.is_authenticating) return false;
  return connect.user_name || connect.password ||
         connect.properties.has(PropertyId::authentication_method);
}

void Authenticating::submit(Connection& connection, AuthRequest request) {
  connection.auth->is_asked = true;
  request.conn = connection.id;
  request.version = connection.version;
  request.peer = connection.peer;
  request.listener = c_.access.entrance(connection.entrance).name;
  if (connection.identity) request.identity = *connection.identity;
  c_.effects.auth_requests.push_back(std::move(request));
  c_.effects.add(EffectKind::authenticate, connection.id, c_.effects.auth_requests.size() - 1);
}

void Authenticating::ask(Connection& connection, const codec::Connect& connect, ByteView packet) {
  connection.auth = std::make_unique<PendingAuth>();
  connection.auth->connect = Secret(packet);
  connection.state = ConnectionState::awaiting_auth;
  AuthRequest request;
  request.client_id = connect.client_id;
  if (connect.user_name) request.user_name = std::string(*connect.user_name);
  if (connect.password) request.password = Secret(*connect.password);
  if (const auto method = connect.properties.text(PropertyId::authentication_method)) {
    request.method = connection.auth->method = *method;
    if (const auto data = connect.properties.binary(PropertyId::authentication_data))
      request.data = Secret(*data);
  }
  submit(connection, std::move(request));
}

bool Authenticating::fail(Connection& connection, ReasonCode code, const char* detail) {
  if (is_handshake(connection.state)) {
    ++c_.metrics.connects_refused_malformed_packet;
    closing_.send_refusal(connection, code, detail);
    closing_.refuse(connection, {.reason = detail});
  } else {
    closing_.close(connection, CloseCause::protocol_error, code, detail);
  }
  return false;
}

bool Authenticating::on_auth(Connection& connection, const codec::Auth& auth) {
  // [MQTT5-4.12.0-7]
  if (!connection.auth || connection.auth->method.empty())
    return fail(connection, ReasonCode::protocol_error,
                "AUTH on a connection without an authentication method");
  PendingAuth& pending = *connection.auth;
  // [MQTT5-4.12.0-5] [MQTT5-4.12.1-1]
  if (auth.properties.text(PropertyId::authentication_method).value_or("") != pending.method)
    return fail(connection, ReasonCode::protocol_error,
                "AUTH with another method than that of CONNECT");
  const bool is_connected = !is_handshake(connection.state);
  const bool is_new = auth.reason == ReasonCode::re_authenticate;
  if (pending.is_asked || is_new != (is_connected && !pending.exchange))
    return fail(connection, ReasonCode::protocol_error, "AUTH out of turn");
  AuthRequest request;
  request.step = is_new         ? AuthRequest::Step::again
                 : is_connected ? AuthRequest::Step::challenged
                                : AuthRequest::Step::go_on;
  request.method = pending.method;
  if (const auto data = auth.properties.binary(PropertyId::authentication_data))
    request.data = Secret(*data);
  request.exchange = std::move(pending.exchange);
  if (is_connected)
    request.client_id = c_.state.sessions.at(connection.session).client_id();
  else
    connection.state = ConnectionState::awaiting_auth;
  submit(connection, std::move(request));
  return true;
}

// [MQTT5-4.12.0-2] [MQTT5-4.12.0-3]
void Authenticating::challenge(Connection& connection, AuthAnswer& answer) {
  connection.auth->exchange = std::move(answer.exchange);
  if (is_handshake(connection.state)) connection.state = ConnectionState::awaiting_auth_packet;
  send_auth(connection, ReasonCode::continue_authentication, answer.data);
}

void Authenticating::on_again(Connection& connection, AuthAnswer& answer) {
  Session& session = c_.state.sessions.at(connection.session);
  const std::string_view user =
      session.access != nullptr ? session.access->principal.user : std::string_view();
  const bool is_same = answer.principal.user == user;
  if (answer.code != ReasonCode::success || !is_same) {
    // [MQTT5-4.12.1-2]
    closing_.close(connection, CloseCause::not_authorized, ReasonCode::not_authorized,
                   "the re-authentication has failed");
    return;
  }
  connection.auth->exchange.reset();
  answer.principal.listener = std::move(session.access->principal.listener);
  answer.principal.identity = std::move(session.access->principal.identity);
  session.access = guard_.access_of(std::move(answer.principal), session.client_id());
  send_auth(connection, ReasonCode::success, answer.data);
}

void Authenticating::send_auth(Connection& connection, ReasonCode code, ByteView data) {
  std::array<std::uint8_t, data_bytes_max + 512> properties;
  codec::PropertyWriter writer(properties);
  writer.text(PropertyId::authentication_method, connection.auth->method);
  if (!data.empty()) writer.binary(PropertyId::authentication_data, data);
  codec::Auth packet{code, {}};
  // Neither a Reason String nor a User Property: [MQTT5-3.15.2-2] [MQTT5-3.15.2-3]
  const auto written = writer.finish();
  if (!written) {
    fail(connection, ReasonCode::unspecified_error, "more authentication data than there may be");
    return;
  }
  packet.properties = *written;
  Output& output = c_.effects.output;
  const std::size_t bound = codec::encoded_size(packet, connection.version);
  const auto size = codec::encode(packet, connection.version, output.reserve(bound));
  SLUICE_ASSERT(size.has_value());
  output.send(connection.id, output.commit(*size));
  ++c_.metrics.packets_sent[static_cast<std::size_t>(codec::PacketType::auth)];
}

}  // namespace sluice::core
