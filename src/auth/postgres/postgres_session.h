// SPDX-License-Identifier: Apache-2.0
//
// A PostgresSession is one connection to a PostgreSQL server, that answers one query after the
// other, each before a deadline.
//
// Owner:   PostgresBackend.      Thread: any, one at a time; it waits for the server.
// Limits:  rows_max for each answer.
#pragma once

#include "base/time.h"

#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

struct pg_conn;

namespace sluice::auth {

class PostgresSession {
 public:
  static constexpr int rows_max = 10'000;

  /// Where the server is, as libpq has it, and a password that stands nowhere else.
  struct Where {
    std::string connection{};
    std::string password{};
  };
  /// A column that is NULL has no value.
  using Row = std::vector<std::optional<std::string>>;
  /// Or in words what is wrong.
  template <class T>
  using Answer = std::expected<T, std::string>;

  /// What is wrong with the text of a connection, without asking anybody.
  static std::optional<std::string> what_is_wrong_with(const std::string& connection);
  static Answer<PostgresSession> open(const Where& where, Instant deadline);

  /// The rows of `query` with `user` for its $1.
  Answer<std::vector<Row>> ask(const std::string& query, const std::string& user, Instant deadline);
  /// False once the connection is lost, or an answer is still to come that nobody waits for.
  bool is_usable() const;

 private:
  struct Release {
    void operator()(pg_conn* connection) const;
  };

  explicit PostgresSession(pg_conn* connection) : connection_(connection) {}
  std::unexpected<std::string> failed() const;
  std::optional<std::string> send(const std::string& query, const std::string& user,
                                  Instant deadline);

  std::unique_ptr<pg_conn, Release> connection_;
  bool is_idle_ = true;
};

}  // namespace sluice::auth
