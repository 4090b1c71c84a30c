// SPDX-License-Identifier: Apache-2.0
//
// Handshake takes CONNECT to CONNACK: who is it, may it, what session does it get, what do both
// sides promise. Where the session is one that is kept, CONNACK waits for the log, and so does all
// that the client sent behind its CONNECT.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  mqtt.*, session.*, limits.connections_max, limits.sessions_max.
// Spec:    MQTT 5.0 §3.1, §3.2; MQTT 3.1.1 §3.1, §3.2.
#pragma once

#include "codec/codec.h"
#include "core/access/guard.h"
#include "core/access/quotas.h"
#include "core/connection/authenticating.h"
#include "core/connection/closing.h"
#include "core/connection/connack.h"
#include "core/connection/flapping.h"
#include "core/session/delivery.h"
#include "core/shard/context.h"

#include <string>
#include <vector>

namespace sluice::core {

class Handshake {
 public:
  Handshake(Context& context, Authenticating& auth, Closing& closing, Delivering& delivering,
            SharedMembers& members)
      : c_(context),
        auth_(auth),
        closing_(closing),
        delivering_(delivering),
        members_(members),
        guard_(context),
        quotas_(context) {}

  /// A whole packet, the first of its connection. The connection may be gone afterwards.
  void on_connect(Connection& connection, ByteView packet);
  /// True once so much of a CONNECT is there that it can be answered, whatever its size.
  bool is_version_known(ByteView bytes) const;
  /// A CONNECT that announces more than is taken. The connection is gone afterwards.
  void on_too_large(Connection& connection, ByteView bytes);
  /// What was found out about the client's credentials. The connection may be gone afterwards.
  void on_auth_answer(Connection& connection, AuthAnswer answer);
  /// The answer has not come in the time that CONNECT has.
  void on_auth_late(Connection& connection);
  /// The CONNACK that waited for the log may go.
  void on_durable(const Held& held);
  /// Where the client of a CONNECT lives; this shard if that cannot be told.
  ShardIndex home_of(ByteView packet) const;

 private:
  bool is_refused(Connection& connection, const codec::ConnectResult& result);
  bool is_refused_by_policy(Connection& connection, const codec::Connect& connect);
  bool is_refused_by_number(Connection& connection, std::string_view client, Account* account);
  bool is_refused_by_rules(Connection& connection, const codec::Connect& connect,
                           SessionAccess* access);
  bool is_banned(const Connection& connection, std::string_view client) const;
  void note_connect(const Connection& connection, std::string_view client);
  bool is_of_another_user(Connection& connection, const codec::Connect& connect,
                          const SessionAccess* access);
  void refuse_by_answer(Connection& connection, const codec::Connect& connect,
                        const AuthAnswer& answer);
  Principal known_as(const Connection& connection, Principal principal) const;
  void accept(Connection& connection, const codec::Connect& connect, AuthAnswer answer);
  void grant(Connection& connection, const codec::Connect& connect, Granted& granted);
  /// `client`: its identifier, if the CONNECT was good enough to tell.
  void refuse(Connection& connection, codec::ReasonCode code, std::string_view reason,
              std::string_view client = {});
  std::string draw_client_id();
  void take_over(const codec::Connect& connect, Session& old);
  Session& attach(Connection& connection, const codec::Connect& connect, Granted& granted);
  void set_will(Session& session, const codec::Connect& connect);
  void note_client_limits(Connection& connection, const codec::Connect& connect);
  bool is_will_refused(Connection& connection, const codec::Connect& connect);
  void send_connack(Connection& connection, bool is_present, const codec::Properties& properties);
  void finish(Connection& connection, ByteView connack);
  codec::DecodeLimits limits() const;

  Context& c_;
  Authenticating& auth_;
  Closing& closing_;
  Delivering& delivering_;
  SharedMembers& members_;
  Guard guard_;
  Flapping flapping_;
  Quotas quotas_;
};

}  // namespace sluice::core
