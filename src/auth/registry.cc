// SPDX-License-Identifier: Apache-2.0
#include "auth/registry.h"

#include "auth/file/file_backend.h"
#include "auth/http/http_backend.h"
#include "auth/jwt/jwt_backend.h"
#include "auth/ldap/ldap_backend.h"
#include "auth/postgres/postgres_backend.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/process/resources.h"
#include "os/system_error.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::auth {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{64} << 20;
constexpr std::size_t jwt_secret_bytes_min = 16;

/// Null, and no problem: the options do not ask for it.
using Made = std::expected<std::unique_ptr<Backend>, Problems>;

// The text of a file, with what is wrong under the name of its option.
std::expected<std::string, Problems> read_file_of(const char* option, const std::string& path) {
  auto text = os::read_file(path, file_bytes_max);
  if (text) return std::move(*text);
  return std::unexpected(
      Problems{{option, "'" + path + "' cannot be read: " + os::describe(text.error())}});
}

// The same without the white space at the end, which editors add.
std::expected<std::string, Problems> read_secret_of(const char* option, const std::string& path) {
  auto text = read_file_of(option, path);
  if (!text) return text;
  while (!text->empty() && std::string_view(" \t\r\n").contains(text->back())) text->pop_back();
  if (text->empty()) return std::unexpected(Problems{{option, "'" + path + "' is empty"}});
  return text;
}

Made make_file(const AuthOptions& options) {
  const std::string& path = options.auth.password_file;
  if (path.empty()) return nullptr;
  const auto text = read_file_of("auth.password_file", path);
  if (!text) return std::unexpected(text.error());
  auto file = PasswordFile::parse(path, *text);
  if (!file) return std::unexpected(std::move(file.error()));
  std::array<std::uint8_t, 32> secret{};
  os::fill_with_entropy(secret);
  return std::make_unique<FileBackend>(std::move(*file), secret);
}

bool has_jwt(const AuthOptions::Jwt& jwt) {
  return !jwt.keys_file.empty() || !jwt.keys_url.empty() || !jwt.secret_file.empty();
}

Made make_jwt(const AuthOptions& options) {
  const auto& jwt = options.jwt;
  if (!has_jwt(jwt)) return nullptr;
  std::vector<WebKey> keys;
  if (!jwt.keys_file.empty()) {
    const auto text = read_file_of("jwt.keys_file", jwt.keys_file);
    if (!text) return std::unexpected(text.error());
    auto read = WebKey::parse_all(*text);
    if (!read)
      return std::unexpected(
          Problems{{"jwt.keys_file", "'" + jwt.keys_file + "': " + read.error()}});
    keys = std::move(*read);
  }
  if (!jwt.secret_file.empty()) {
    const auto secret = read_secret_of("jwt.secret_file", jwt.secret_file);
    if (!secret) return std::unexpected(secret.error());
    if (secret->size() < jwt_secret_bytes_min)
      return std::unexpected(
          Problems{{"jwt.secret_file", "the secret has less than 16 bytes: it could be guessed"}});
    keys.push_back(WebKey::of_secret(as_bytes(*secret)));
  }
  return std::make_unique<JwtBackend>(jwt, std::move(keys));
}

Made make_http(const AuthOptions& options) {
  const auto& http = options.auth_http;
  if (http.url.empty()) return nullptr;
  if (!http.url.starts_with("http://") && !http.url.starts_with("https://"))
    return std::unexpected(
        Problems{{"auth_http.url", "'" + http.url + "' begins with neither http:// nor https://"}});
  std::string secret;
  if (!http.secret_file.empty()) {
    auto read = read_secret_of("auth_http.secret_file", http.secret_file);
    if (!read) return std::unexpected(read.error());
    secret = std::move(*read);
  }
  return std::make_unique<HttpBackend>(http, std::move(secret));
}

Made make_ldap(const AuthOptions& options) {
  const auto& ldap = options.auth_ldap;
  if (ldap.url.empty()) return nullptr;
  const bool is_known = ldap.url.starts_with("ldap://") || ldap.url.starts_with("ldaps://") ||
                        ldap.url.starts_with("ldapi://");
  if (!is_known)
    return std::unexpected(Problems{
        {"auth_ldap.url", "'" + ldap.url + "' begins with none of ldap://, ldaps://, ldapi://"}});
  if (!ldap.user_dn.contains("%u"))
    return std::unexpected(
        Problems{{"auth_ldap.user_dn", "needs a %u, where the user name is to stand"}});
  return std::make_unique<LdapBackend>(ldap);
}

Made make_postgres(const AuthOptions& options) {
  const auto& postgres = options.auth_postgres;
  if (postgres.connection.empty()) return nullptr;
  Problems problems;
  if (auto wrong = PostgresSession::what_is_wrong_with(postgres.connection))
    problems.push_back({"auth_postgres.connection", *wrong});
  const std::pair<const char*, const std::string&> queries[] = {
      {"auth_postgres.password_query", postgres.password_query},
      {"auth_postgres.groups_query", postgres.groups_query},
      {"auth_postgres.rules_query", postgres.rules_query}};
  for (const auto& [option, query] : queries)
    if (!query.empty() && !query.contains("$1"))
      problems.push_back({option, "needs a $1, where the user name is to stand"});
  if (!problems.empty()) return std::unexpected(std::move(problems));
  std::string password;
  if (!postgres.password_file.empty()) {
    auto read = read_secret_of("auth_postgres.password_file", postgres.password_file);
    if (!read) return std::unexpected(read.error());
    password = std::move(*read);
  }
  const auto wanted = static_cast<unsigned>(options.auth.hash_threads);
  return std::make_unique<PostgresBackend>(postgres, std::move(password),
                                           wanted != 0 ? wanted : os::cpu_count());
}

struct Maker {
  std::string_view name;
  Made (*make)(const AuthOptions&);
};
constexpr std::array makers{Maker{"file", make_file}, Maker{"jwt", make_jwt},
                            Maker{"http", make_http}, Maker{"postgres", make_postgres},
                            Maker{"ldap", make_ldap}};

}  // namespace

bool has_backends(const AuthOptions& options) {
  return !options.auth.password_file.empty() || has_jwt(options.jwt) ||
         !options.auth_http.url.empty() || !options.auth_ldap.url.empty() ||
         !options.auth_postgres.connection.empty();
}

std::expected<std::unique_ptr<const Chain>, Problems> make_chain(const AuthOptions& options) {
  std::vector<std::unique_ptr<Backend>> backends;
  Problems problems;
  for (const std::string& name : options.auth.chain) {
    const auto* const maker = std::ranges::find(makers, name, &Maker::name);
    if (maker == makers.end()) {
      problems.push_back(
          {"auth.chain", "'" + name + "' is none of file, jwt, http, postgres and ldap"});
      continue;
    }
    Made made = maker->make(options);
    if (!made)
      problems.insert(problems.end(), made.error().begin(), made.error().end());
    else if (*made != nullptr)
      backends.push_back(std::move(*made));
  }
  if (backends.empty() && problems.empty() && has_backends(options))
    problems.push_back({"auth.chain", "names none of the back ends that are configured"});
  if (!problems.empty()) return std::unexpected(std::move(problems));
  return std::make_unique<const Chain>(std::move(backends));
}

}  // namespace sluice::auth
