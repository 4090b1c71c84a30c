// SPDX-License-Identifier: Apache-2.0
//
// PostgresBackend looks clients up in tables of a PostgreSQL database: a query gives the hash of
// the password, of the formats of the password file; two more may give groups and rules. Queries
// come from the configuration, the user name is their parameter and never part of their text.
//
// Owner:   the Chain.      Thread: any; it waits for the server.
// Limits:  auth_postgres.timeout for each query; a connection for each thread that asks; as many
//          passwords hashed at a time as auth.hash_threads says.
#pragma once

#include "auth/backend.h"
#include "auth/hash/password_hash.h"
#include "auth/options.h"
#include "auth/postgres/postgres_session.h"
#include "os/condition.h"
#include "os/mutex.h"

namespace sluice::auth {

class PostgresBackend final : public Backend {
 public:
  /// `password` is that of the connection; `hashes_max` passwords are hashed at a time.
  PostgresBackend(const AuthOptions::AuthPostgres& options, std::string password,
                  unsigned hashes_max);

  std::string_view name() const override { return "postgres"; }
  CheckCost cost() const override { return CheckCost::network; }
  Verdict check(core::AuthRequest& request) const override;

 private:
  template <class T>
  using Answer = PostgresSession::Answer<T>;

  Answer<std::vector<PostgresSession::Row>> ask(const std::string& query,
                                                const std::string& user) const;
  Answer<core::Principal> principal_of(const std::string& user) const;
  std::optional<PostgresSession> take_session() const;
  void keep_session(PostgresSession session) const;
  bool is_right(const PasswordHash& hash, std::string_view password) const;

  const AuthOptions::AuthPostgres options_;
  const PostgresSession::Where where_;
  PasswordHash stand_in_;  // nobody's; what an unknown user costs
  mutable os::Mutex mutex_;
  mutable os::Condition hash_done_;
  mutable unsigned hashes_left_ SLUICE_GUARDED_BY(mutex_);
  mutable std::vector<PostgresSession> sessions_ SLUICE_GUARDED_BY(mutex_);  // unused now
};

}  // namespace sluice::auth
