// SPDX-License-Identifier: Apache-2.0
#include "auth/postgres/postgres_backend.h"

#include "auth/rules/rule_text.h"
#include "os/clock.h"
#include "os/entropy.h"

#include <array>

namespace sluice::auth {
namespace {

using Row = PostgresSession::Row;
using Rows = std::vector<Row>;

constexpr std::size_t postgres_name_bytes_max = 1024;
constexpr std::size_t password_bytes_max = 4096;

PasswordHash make_stand_in() {
  std::array<std::uint8_t, 16> salt{};
  os::fill_with_entropy(salt);
  auto made = PasswordHash::make(HashKind::argon2id, "", salt);
  return made ? *made : PasswordHash{};
}

Verdict broken(const char* option, const std::string& why) {
  return Verdict::unavailable(std::string("auth_postgres.") + option + ": " + why);
}

// Rows of effect, action and filter, as text of our own rules, checked by who reads such text.
std::expected<std::string, std::string> rules_of(const Rows& rows) {
  std::string rules = "# of the client\n";
  for (const Row& row : rows) {
    if (row.size() != 3) return std::unexpected("gives other than three columns");
    for (const auto& column : row)
      if (!column || column->find_first_of("\"\n\r") != std::string::npos)
        return std::unexpected("gives what cannot be written as a rule");
    if (*row[0] != "allow" && *row[0] != "deny")
      return std::unexpected("the first column is neither allow nor deny");
    rules.append(*row[0]).append(" everyone ").append(*row[1]);
    rules.append(" \"").append(*row[2]).append("\"\n");
  }
  if (!parse_rules("rules", rules)) return std::unexpected("gives what is no rule");
  return rules;
}

}  // namespace

PostgresBackend::PostgresBackend(const AuthOptions::AuthPostgres& options, std::string password,
                                 unsigned hashes_max)
    : options_(options),
      where_{.connection = options.connection, .password = std::move(password)},
      stand_in_(make_stand_in()),
      hashes_left_(hashes_max) {}

std::optional<PostgresSession> PostgresBackend::take_session() const {
  const os::MutexLock lock(mutex_);
  if (sessions_.empty()) return std::nullopt;
  std::optional<PostgresSession> last(std::move(sessions_.back()));
  sessions_.pop_back();
  return last;
}

void PostgresBackend::keep_session(PostgresSession session) const {
  const os::MutexLock lock(mutex_);
  sessions_.push_back(std::move(session));
}

// A connection that was kept may have been closed meanwhile, which is no reason to refuse: the next
// one is tried, at last a new one.
auto PostgresBackend::ask(const std::string& query, const std::string& user) const -> Answer<Rows> {
  const Instant deadline = os::monotonic_now() + options_.timeout;
  for (;;) {
    auto session = take_session();
    const bool is_new = !session;
    if (is_new) {
      auto opened = PostgresSession::open(where_, deadline);
      if (!opened) return std::unexpected(std::move(opened.error()));
      session.emplace(std::move(*opened));
    }
    auto rows = session->ask(query, user, deadline);
    const bool is_usable = session->is_usable();
    if (is_usable) keep_session(std::move(*session));
    if (rows || is_usable || is_new || os::monotonic_now() >= deadline) return rows;
  }
}

bool PostgresBackend::is_right(const PasswordHash& hash, std::string_view password) const {
  {
    const os::MutexLock lock(mutex_);
    while (hashes_left_ == 0) hash_done_.wait(mutex_);
    --hashes_left_;
  }
  const bool matches = hash.matches(password);
  {
    const os::MutexLock lock(mutex_);
    ++hashes_left_;
  }
  hash_done_.notify_all();
  return matches;
}

auto PostgresBackend::principal_of(const std::string& user) const -> Answer<core::Principal> {
  core::Principal who;
  who.user = user;
  if (!options_.groups_query.empty()) {
    const auto rows = ask(options_.groups_query, user);
    if (!rows) return std::unexpected("groups_query: " + rows.error());
    for (const Row& row : *rows)
      if (!row.empty() && row[0]) who.groups.push_back(*row[0]);
  }
  if (options_.rules_query.empty()) return who;
  const auto rows = ask(options_.rules_query, user);
  if (!rows) return std::unexpected("rules_query: " + rows.error());
  auto rules = rules_of(*rows);
  if (!rules) return std::unexpected("rules_query: " + rules.error());
  who.rules = std::move(*rules);
  return who;
}

Verdict PostgresBackend::check(core::AuthRequest& request) const {
  if (!request.user_name || request.user_name->empty()) return Verdict::unknown("no user name");
  const std::string& user = *request.user_name;
  if (user.size() > postgres_name_bytes_max) return Verdict::refused("the name is too long");
  if (!request.password) return Verdict::refused("no password");
  const std::string_view password = request.password->text();
  if (password.size() > password_bytes_max) return Verdict::refused("the password is too long");
  const auto rows = ask(options_.password_query, user);
  if (!rows) return broken("password_query", rows.error());
  if (rows->empty()) {
    static_cast<void>(is_right(stand_in_, password));
    return Verdict::unknown("no such user in the database");
  }
  const Row& row = rows->front();
  if (rows->size() > 1 || row.size() != 1)
    return broken("password_query", "gives more than one row or column");
  if (!row[0]) return Verdict::refused("the user has no password");
  const auto hash = PasswordHash::parse(*row[0]);
  if (!hash) return broken("password_query", "gives a hash of no known format");
  if (!is_right(*hash, password)) return Verdict::refused("wrong password");
  auto who = principal_of(user);
  if (!who) return Verdict::unavailable("auth_postgres." + who.error());
  return Verdict::accepted(std::move(*who));
}

}  // namespace sluice::auth
