// SPDX-License-Identifier: Apache-2.0
//
// A PasswordFile is the text of a file of users: a line `name:hash` for each, lines that begin with
// # and empty ones are skipped. It is what mosquitto_passwd writes, with more kinds of hashes. It
// keeps every line, so that an edit leaves the rest as it was.
//
// Thread: any (a value).
// Limits: names of 1 to 65535 bytes, without `:` and control characters.
#pragma once

#include "auth/hash/password_hash.h"
#include "auth/problem.h"

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

class PasswordFile {
 public:
  /// Whether a line may hold a password that is not hashed yet.
  enum class Plain : std::uint8_t { refused, kept };

  /// All that is wrong is reported, each with its line.
  static std::expected<PasswordFile, Problems> parse(std::string_view file, std::string_view text,
                                                     Plain plain = Plain::refused);
  static bool is_name_allowed(std::string_view name);

  struct User {
    PasswordHash hash;
    std::string text;  ///< the hash as written
    std::size_t line = 0;
  };
  const std::map<std::string, User, std::less<>>& users() const { return users_; }

  /// Adds the user or replaces the hash.
  void set(std::string_view name, const PasswordHash& hash);
  /// False if there is no such user.
  bool remove(std::string_view name);
  /// Users whose password stands there as it is, with the password.
  const std::map<std::string, std::string, std::less<>>& plain() const { return plain_; }

  std::string text() const;

 private:
  std::string* find_line(std::string_view name);

  std::vector<std::string> lines_;
  std::map<std::string, User, std::less<>> users_;
  std::map<std::string, std::string, std::less<>> plain_;
};

}  // namespace sluice::auth
