// SPDX-License-Identifier: Apache-2.0
//
// What crosses between a shard and whoever checks credentials: an AuthRequest leaves as the effect
// `authenticate`, an AuthAnswer comes back by Shard::on_auth_answer(), soon, late or never.
//
// Owner:   values that move.      Thread: the shard's, then the checker's.
// Spec:    MQTT 5.0 §3.1.4, §4.12.
#pragma once

#include "base/peer.h"
#include "base/secret.h"
#include "codec/reason_code.h"
#include "codec/types.h"
#include "core/access/principal.h"
#include "core/ids.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::core {

/// What the checker remembers between the steps of an exchange (AUTH); the shard only keeps it.
class AuthExchange {
 public:
  virtual ~AuthExchange() = default;
};

struct AuthRequest {
  enum class Step : std::uint8_t {
    connect,     ///< CONNECT: a user name and password, or the first data of a method
    go_on,       ///< AUTH that answers a challenge
    again,       ///< AUTH that begins a re-authentication
    challenged,  ///< AUTH that answers a challenge of a re-authentication
  };

  ConnId conn{};
  Step step = Step::connect;
  codec::Version version = codec::Version::v3_1_1;
  Peer peer{};
  std::string client_id{};  ///< empty: one will be assigned
  std::optional<std::string> user_name{};
  std::optional<Secret> password{};
  std::string identity{};  ///< of the certificate
  std::string listener{};
  std::string method{};  ///< Authentication Method, empty if none
  Secret data{};         ///< Authentication Data
  std::unique_ptr<AuthExchange> exchange{};
};

struct AuthAnswer {
  /// success, continue_authentication, or why not.
  codec::ReasonCode code = codec::ReasonCode::not_authorized;
  std::string reason{};  ///< for the log; never what the client has sent as a secret
  Principal principal{};
  std::vector<std::uint8_t> data{};  ///< Authentication Data for the client
  std::unique_ptr<AuthExchange> exchange{};
};

/// What a connection keeps while its credentials are looked at.
struct PendingAuth {
  Secret connect{};  ///< the whole CONNECT packet; empty once it was accepted
  std::string method{};
  std::unique_ptr<AuthExchange> exchange{};
  bool is_asked = false;  ///< an answer is on its way
};

}  // namespace sluice::core
