// SPDX-License-Identifier: Apache-2.0
#include "auth/postgres/postgres_session.h"

#include "os/socket/socket_wait.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace sluice::auth {
namespace {

using os::SocketWait;

struct ReleaseResult {
  void operator()(PGresult* result) const { ::PQclear(result); }
};
using Given = std::unique_ptr<PGresult, ReleaseResult>;

// The server's words are several lines, with the query among them.
std::string first_line_of(std::string_view text) {
  return std::string(text.substr(0, std::min(text.find('\n'), text.size())));
}

std::unexpected<std::string> late() { return std::unexpected(std::string("no answer in time")); }

std::vector<PostgresSession::Row> rows_of(const PGresult* result) {
  std::vector<PostgresSession::Row> rows(static_cast<std::size_t>(::PQntuples(result)));
  for (std::size_t i = 0; i < rows.size(); ++i)
    for (int column = 0; column < ::PQnfields(result); ++column) {
      const int row = static_cast<int>(i);
      auto& value = rows[i].emplace_back();
      if (::PQgetisnull(result, row, column) != 0) continue;
      value.emplace(::PQgetvalue(result, row, column),
                    static_cast<std::size_t>(::PQgetlength(result, row, column)));
    }
  return rows;
}

}  // namespace

void PostgresSession::Release::operator()(pg_conn* connection) const { ::PQfinish(connection); }

std::optional<std::string> PostgresSession::what_is_wrong_with(const std::string& connection) {
  char* words = nullptr;
  PQconninfoOption* const options = ::PQconninfoParse(connection.c_str(), &words);
  std::optional<std::string> wrong;
  if (options == nullptr) wrong = words != nullptr ? first_line_of(words) : "cannot be read";
  for (const PQconninfoOption* each = options; each != nullptr && each->keyword != nullptr; ++each)
    if (std::string_view(each->keyword) == "password" && each->val != nullptr)
      wrong = "holds a password, which belongs into the file auth_postgres.password_file";
  ::PQconninfoFree(options);
  ::PQfreemem(words);
  return wrong;
}

auto PostgresSession::open(const Where& where, Instant deadline) -> Answer<PostgresSession> {
  const bool has_password = !where.password.empty();
  // The first is read as a whole connection; what stands behind it counts more.
  const std::array<const char*, 5> names{"dbname", "client_encoding", "fallback_application_name",
                                         has_password ? "password" : nullptr, nullptr};
  const std::array<const char*, 5> values{where.connection.c_str(), "UTF8", "sluice",
                                          has_password ? where.password.c_str() : nullptr, nullptr};
  PostgresSession session(::PQconnectStartParams(names.data(), values.data(), 1));
  PGconn* const connection = session.connection_.get();
  if (connection == nullptr) return std::unexpected("out of memory");
  PostgresPollingStatusType next = PGRES_POLLING_WRITING;
  if (::PQstatus(connection) == CONNECTION_BAD) return session.failed();
  while (next != PGRES_POLLING_OK) {
    if (next == PGRES_POLLING_FAILED) return session.failed();
    const auto wanted = next == PGRES_POLLING_READING ? SocketWait::readable : SocketWait::writable;
    if (!os::wait_for_socket(::PQsocket(connection), wanted, deadline)) return late();
    next = ::PQconnectPoll(connection);
  }
  if (::PQsetnonblocking(connection, 1) != 0) return session.failed();
  return session;
}

std::unexpected<std::string> PostgresSession::failed() const {
  return std::unexpected(first_line_of(::PQerrorMessage(connection_.get())));
}

bool PostgresSession::is_usable() const {
  return is_idle_ && ::PQstatus(connection_.get()) == CONNECTION_OK;
}

std::optional<std::string> PostgresSession::send(const std::string& query, const std::string& user,
                                                 Instant deadline) {
  PGconn* const connection = connection_.get();
  const char* const value = user.c_str();
  if (::PQsendQueryParams(connection, query.c_str(), 1, nullptr, &value, nullptr, nullptr, 0) == 0)
    return failed().error();
  int left = 0;
  while ((left = ::PQflush(connection)) == 1)
    if (!os::wait_for_socket(::PQsocket(connection), SocketWait::writable, deadline))
      return late().error();
  if (left < 0) return failed().error();
  return std::nullopt;
}

auto PostgresSession::ask(const std::string& query, const std::string& user, Instant deadline)
    -> Answer<std::vector<Row>> {
  PGconn* const connection = connection_.get();
  is_idle_ = false;
  if (auto wrong = send(query, user, deadline)) return std::unexpected(std::move(*wrong));
  Answer<std::vector<Row>> answer = std::unexpected("no answer");
  for (;;) {
    while (::PQisBusy(connection) != 0) {
      if (!os::wait_for_socket(::PQsocket(connection), SocketWait::readable, deadline))
        return late();
      if (::PQconsumeInput(connection) == 0) return failed();
    }
    const Given result(::PQgetResult(connection));
    if (!result) break;
    if (::PQresultStatus(result.get()) != PGRES_TUPLES_OK)
      answer = std::unexpected(first_line_of(::PQresultErrorMessage(result.get())));
    else if (::PQntuples(result.get()) > rows_max)
      answer = std::unexpected("more than " + std::to_string(rows_max) + " rows");
    else
      answer = rows_of(result.get());
  }
  is_idle_ = true;
  return answer;
}

}  // namespace sluice::auth
