// SPDX-License-Identifier: Apache-2.0
//
// ScramExchange is the server's side of SCRAM for one client: the client's first message in, the
// challenge out; the client's proof in, the server's signature out. The password itself never
// travels. Channel binding is not offered: a client that insists on it is refused.
//
// Owner:   the connection, between the steps.      Thread: one at a time.
// Spec:    RFC 5802, RFC 7677.
#pragma once

#include "auth/hash/digest.h"
#include "base/result.h"
#include "core/access/authentication.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::auth {

/// What the server knows of the user.
struct ScramKeys {
  std::uint32_t iterations = 0;
  Digest salt{};
  Digest stored_key{};
  Digest server_key{};
};

class ScramExchange final : public core::AuthExchange {
 public:
  /// Reads the client's first message. parse_error if it is none.
  static Result<std::unique_ptr<ScramExchange>> begin(DigestKind by, std::string_view first);
  const std::string& user() const { return user_; }
  /// The challenge; `nonce` is fresh entropy as text.
  std::string challenge(ScramKeys keys, std::string_view nonce);
  /// The server's last message if the proof is right.
  Result<std::string> finish(std::string_view last) const;

 private:
  explicit ScramExchange(DigestKind by) : by_(by) {}

  DigestKind by_;
  std::string user_;
  std::string header_;        // the client's, as sent
  std::string first_bare_;    // the client's first message without its header
  std::string server_first_;  // ours
  std::string nonce_;         // the client's, then both together
  ScramKeys keys_;
};

}  // namespace sluice::auth
