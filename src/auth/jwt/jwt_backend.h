// SPDX-License-Identifier: Apache-2.0
//
// JwtBackend knows clients by a signed token in place of the password: who signed it, for whom,
// until when. Claims say who the client is, its groups, and what it may do. Anything else than a
// token is not its matter.
//
// Owner:   the Chain.      Thread: any; it may wait for the issuer's keys.
// Limits:  a token of 16 KiB.
// Spec:    RFC 7519, RFC 7515; RFC 8725 for what not to believe.
#pragma once

#include "auth/backend.h"
#include "auth/jwt/key_source.h"
#include "auth/options.h"

namespace sluice::auth {

class JwtBackend final : public Backend {
 public:
  JwtBackend(const AuthOptions::Jwt& options, std::vector<WebKey> keys)
      : options_(options), keys_(options, std::move(keys)) {}

  std::string_view name() const override { return "jwt"; }
  CheckCost cost() const override {
    return keys_.has_url() ? CheckCost::network : CheckCost::processor;
  }
  Verdict check(core::AuthRequest& request) const override;

 private:
  struct Token;
  enum class Signed : std::uint8_t { yes, no, unknown };

  Signed is_signed(const Token& token) const;
  Verdict read_claims(const Token& token) const;

  const AuthOptions::Jwt options_;
  mutable KeySource keys_;
};

}  // namespace sluice::auth
