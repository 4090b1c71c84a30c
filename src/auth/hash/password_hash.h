// SPDX-License-Identifier: Apache-2.0
//
// A PasswordHash is what a password file holds of a password: read from its text, made of a new
// password, compared in constant time. Formats:
//
//   $argon2id$v=19$m=19456,t=2,p=1$SALT$HASH    argon2id, the default
//   $7$ITERATIONS$SALT$HASH                      PBKDF2 with SHA-512, as mosquitto_passwd writes it
//   $6$SALT$HASH                                 one round of SHA-512, as mosquitto 1.6 wrote it
//   SCRAM-SHA-256$ITERATIONS:SALT$STORED:SERVER  also serves the methods SCRAM-SHA-256 and -1
//
// Thread: any (a value).
// Limits: memory 1 GiB, 16 passes, 10,000,000 iterations: what a line of the file may cost.
// Spec:   RFC 9106, RFC 8018, RFC 5802.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

enum class HashKind : std::uint8_t { argon2id, sha512, pbkdf2_sha512, scram_sha_256, scram_sha_1 };

/// What a new hash costs whoever makes or checks it.
struct HashCost {
  std::uint32_t memory_kib = 19 * 1024;  ///< argon2id
  std::uint32_t passes = 2;              ///< argon2id
  std::uint32_t lanes = 1;               ///< argon2id
  std::uint32_t iterations = 100'000;    ///< PBKDF2 and SCRAM
};

class PasswordHash {
 public:
  /// parse_error if the text is of no known format, limit_exceeded if it would cost too much.
  static Result<PasswordHash> parse(std::string_view text);
  /// A new one; `salt` is fresh entropy.
  static Result<PasswordHash> make(HashKind kind, std::string_view password, ByteView salt,
                                   const HashCost& cost = {});

  bool matches(std::string_view password) const;
  std::string text() const;

  HashKind kind() const { return kind_; }
  const HashCost& cost() const { return cost_; }
  ByteView salt() const { return salt_; }
  /// Of SCRAM: the keys that stand for the password.
  ByteView stored_key() const { return hash_; }
  ByteView server_key() const { return server_key_; }

 private:
  static Result<PasswordHash> parse_argon2id(std::string_view text);
  static Result<PasswordHash> parse_crypt(std::string_view text);
  static Result<PasswordHash> parse_scram(std::string_view text, HashKind kind);
  Result<std::vector<std::uint8_t>> compute(std::string_view password) const;
  Result<std::vector<std::uint8_t>> compute_argon2id(std::string_view password) const;

  HashKind kind_ = HashKind::argon2id;
  HashCost cost_{};
  std::vector<std::uint8_t> salt_;
  std::vector<std::uint8_t> hash_;
  std::vector<std::uint8_t> server_key_;
};

}  // namespace sluice::auth
