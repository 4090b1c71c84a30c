// SPDX-License-Identifier: Apache-2.0
//
// LdapBackend asks a directory about each client: it binds as the client, by the name that a
// pattern makes of its user name, and reads its groups there if it is told where they stand.
//
// Owner:   the Chain.      Thread: any; it waits for the directory. Each check is a connection.
// Limits:  auth_ldap.timeout for each step.
// Spec:    RFC 4511, RFC 4513 §5.1.2 (no bind without a password), RFC 4514.
#pragma once

#include "auth/backend.h"
#include "auth/options.h"

namespace sluice::auth {

class LdapBackend final : public Backend {
 public:
  explicit LdapBackend(const AuthOptions::AuthLdap& options) : options_(options) {}

  std::string_view name() const override { return "ldap"; }
  CheckCost cost() const override { return CheckCost::network; }
  Verdict check(core::AuthRequest& request) const override;

  /// `pattern` with the name in place of each %u, escaped so that it is one value and no more.
  static std::string dn_of(std::string_view pattern, std::string_view user);

 private:
  const AuthOptions::AuthLdap options_;
};

}  // namespace sluice::auth
