// SPDX-License-Identifier: Apache-2.0
//
// Authenticating asks whoever checks credentials, and leads the exchange of AUTH packets where a
// client uses an authentication method. While an answer is awaited nothing else of the connection
// is processed before its CONNECT is accepted; a re-authentication lets everything else go on.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  limits.connect_timeout; one question of a connection at a time.
// Spec:    MQTT 5.0 §3.15, §4.12.
#pragma once

#include "codec/codec.h"
#include "core/access/guard.h"
#include "core/connection/closing.h"

namespace sluice::core {

class Authenticating {
 public:
  Authenticating(Context& context, Closing& closing)
      : c_(context), closing_(closing), guard_(context) {}

  /// Whether the client's credentials are to be checked before it is accepted.
  bool is_asked_for(const codec::Connect& connect) const;
  /// Asks for the credentials of CONNECT. `packet`: the whole of it, kept until the answer.
  void ask(Connection& connection, const codec::Connect& connect, ByteView packet);
  /// AUTH from the client. False if the connection is gone.
  bool on_auth(Connection& connection, const codec::Auth& auth);
  /// The checker wants more of the client.
  void challenge(Connection& connection, AuthAnswer& answer);
  /// The answer to a re-authentication.
  void on_again(Connection& connection, AuthAnswer& answer);

 private:
  void submit(Connection& connection, AuthRequest request);
  bool fail(Connection& connection, codec::ReasonCode code, const char* detail);
  void send_auth(Connection& connection, codec::ReasonCode code, ByteView data);

  Context& c_;
  Closing& closing_;
  Guard guard_;
};

}  // namespace sluice::core
