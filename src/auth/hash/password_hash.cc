// SPDX-License-Identifier: Apache-2.0
#include "auth/hash/password_hash.h"

#include "auth/hash/base64.h"
#include "auth/hash/digest.h"
#include "base/assert.h"

#include <argon2.h>

#include <charconv>

namespace sluice::auth {
namespace {

constexpr std::uint32_t memory_kib_max = 1024 * 1024;
constexpr std::uint32_t passes_max = 16;
constexpr std::uint32_t lanes_max = 16;
constexpr std::uint32_t iterations_max = 10'000'000;
constexpr std::size_t argon2_hash_bytes = 32;
constexpr std::string_view argon2id_prefix = "$argon2id$v=19$";
constexpr std::string_view scram_256_prefix = "SCRAM-SHA-256$";
constexpr std::string_view scram_1_prefix = "SCRAM-SHA-1$";

// The text up to `mark`, which goes too.
Result<std::string_view> cut(std::string_view& rest, char mark) {
  const std::size_t at = rest.find(mark);
  if (at == std::string_view::npos) return fail(ErrorCode::parse_error, "a part is missing");
  const std::string_view part = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return part;
}

Result<std::uint32_t> number(std::string_view text, std::uint32_t max) {
  std::uint32_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc() || read.ptr != text.data() + text.size() || value == 0)
    return fail(ErrorCode::parse_error, "a number is not one");
  if (value > max) return fail(ErrorCode::limit_exceeded, "it would cost too much to check");
  return value;
}

Result<std::uint32_t> parameter(std::string_view text, std::string_view name, std::uint32_t max) {
  if (!text.starts_with(name)) return fail(ErrorCode::parse_error, "a parameter is missing");
  return number(text.substr(name.size()), max);
}

DigestKind digest_of(HashKind kind) {
  if (kind == HashKind::scram_sha_1) return DigestKind::sha1;
  return kind == HashKind::scram_sha_256 ? DigestKind::sha256 : DigestKind::sha512;
}

bool is_scram(HashKind kind) {
  return kind == HashKind::scram_sha_256 || kind == HashKind::scram_sha_1;
}

}  // namespace

Result<PasswordHash> PasswordHash::parse_argon2id(std::string_view text) {
  PasswordHash made;
  std::string_view rest = text.substr(argon2id_prefix.size());
  SLUICE_TRY(const auto memory, cut(rest, ','));
  SLUICE_TRY(const auto passes, cut(rest, ','));
  SLUICE_TRY(const auto lanes, cut(rest, '$'));
  SLUICE_TRY(made.cost_.memory_kib, parameter(memory, "m=", memory_kib_max));
  SLUICE_TRY(made.cost_.passes, parameter(passes, "t=", passes_max));
  SLUICE_TRY(made.cost_.lanes, parameter(lanes, "p=", lanes_max));
  SLUICE_TRY(const auto salt, cut(rest, '$'));
  SLUICE_TRY(made.salt_, from_base64(salt));
  SLUICE_TRY(made.hash_, from_base64(rest));
  if (made.salt_.size() < 8 || made.salt_.size() > 128 || made.hash_.size() < 16 ||
      made.hash_.size() > 128 || made.cost_.memory_kib < 8 * made.cost_.lanes)
    return fail(ErrorCode::parse_error, "salt, hash or memory are too short or too long");
  return made;
}

Result<PasswordHash> PasswordHash::parse_crypt(std::string_view text) {
  PasswordHash made;
  made.kind_ = text[1] == '6' ? HashKind::sha512 : HashKind::pbkdf2_sha512;
  std::string_view rest = text.substr(3);
  if (made.kind_ == HashKind::pbkdf2_sha512) {
    SLUICE_TRY(const auto iterations, cut(rest, '$'));
    SLUICE_TRY(made.cost_.iterations, number(iterations, iterations_max));
  }
  SLUICE_TRY(const auto salt, cut(rest, '$'));
  SLUICE_TRY(made.salt_, from_base64(salt));
  SLUICE_TRY(made.hash_, from_base64(rest));
  if (made.salt_.empty() || made.hash_.size() != 64)
    return fail(ErrorCode::parse_error, "salt or hash have the wrong length");
  return made;
}

Result<PasswordHash> PasswordHash::parse_scram(std::string_view text, HashKind kind) {
  PasswordHash made;
  made.kind_ = kind;
  std::string_view rest = text.substr(text.find('$') + 1);
  SLUICE_TRY(const auto iterations, cut(rest, ':'));
  SLUICE_TRY(made.cost_.iterations, number(iterations, iterations_max));
  SLUICE_TRY(const auto salt, cut(rest, '$'));
  SLUICE_TRY(const auto stored, cut(rest, ':'));
  SLUICE_TRY(made.salt_, from_base64(salt));
  SLUICE_TRY(made.hash_, from_base64(stored));
  SLUICE_TRY(made.server_key_, from_base64(rest));
  const std::size_t size = kind == HashKind::scram_sha_1 ? 20 : 32;
  if (made.salt_.empty() || made.hash_.size() != size || made.server_key_.size() != size)
    return fail(ErrorCode::parse_error, "salt or keys have the wrong length");
  return made;
}

Result<PasswordHash> PasswordHash::parse(std::string_view text) {
  if (text.starts_with(argon2id_prefix)) return parse_argon2id(text);
  if (text.starts_with("$6$") || text.starts_with("$7$")) return parse_crypt(text);
  if (text.starts_with(scram_256_prefix)) return parse_scram(text, HashKind::scram_sha_256);
  if (text.starts_with(scram_1_prefix)) return parse_scram(text, HashKind::scram_sha_1);
  return fail(ErrorCode::parse_error, "no hash that is known");
}

Result<PasswordHash> PasswordHash::make(HashKind kind, std::string_view password, ByteView salt,
                                        const HashCost& cost) {
  PasswordHash made;
  made.kind_ = kind;
  made.cost_ = cost;
  made.salt_.assign(salt.begin(), salt.end());
  if (is_scram(kind)) {
    const DigestKind by = digest_of(kind);
    const Digest salted = pbkdf2(by, as_bytes(password), salt, cost.iterations);
    made.hash_ = digest(by, hmac(by, salted, as_bytes("Client Key")));
    made.server_key_ = hmac(by, salted, as_bytes("Server Key"));
    return made;
  }
  SLUICE_TRY(made.hash_, made.compute(password));
  return made;
}

Result<std::vector<std::uint8_t>> PasswordHash::compute_argon2id(std::string_view password) const {
  // libargon2 takes what is secret by pointers that it promises not to write to.
  std::vector<std::uint8_t> secret(password.begin(), password.end());
  std::vector<std::uint8_t> salt = salt_;
  std::vector<std::uint8_t> out(hash_.empty() ? argon2_hash_bytes : hash_.size());
  argon2_context context{};
  context.out = out.data();
  context.outlen = static_cast<std::uint32_t>(out.size());
  context.pwd = secret.data();
  context.pwdlen = static_cast<std::uint32_t>(secret.size());
  context.salt = salt.data();
  context.saltlen = static_cast<std::uint32_t>(salt.size());
  context.t_cost = cost_.passes;
  context.m_cost = cost_.memory_kib;
  context.lanes = cost_.lanes;
  context.threads = 1;
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_FLAG_CLEAR_PASSWORD;
  if (::argon2_ctx(&context, Argon2_id) != ARGON2_OK)
    return fail(ErrorCode::io_error, "argon2id cannot be computed: is there memory for it?");
  return out;
}

Result<std::vector<std::uint8_t>> PasswordHash::compute(std::string_view password) const {
  switch (kind_) {
    case HashKind::argon2id:
      return compute_argon2id(password);
    case HashKind::sha512:
      return digest(DigestKind::sha512, as_bytes(password), salt_);
    case HashKind::pbkdf2_sha512:
      return pbkdf2(DigestKind::sha512, as_bytes(password), salt_, cost_.iterations);
    case HashKind::scram_sha_256:
    case HashKind::scram_sha_1: {
      const DigestKind by = digest_of(kind_);
      const Digest salted = pbkdf2(by, as_bytes(password), salt_, cost_.iterations);
      return digest(by, hmac(by, salted, as_bytes("Client Key")));
    }
  }
  return fail(ErrorCode::invalid_argument, "no such kind of hash");
}

bool PasswordHash::matches(std::string_view password) const {
  const auto computed = compute(password);
  return computed.has_value() && is_equal(*computed, hash_);
}

std::string PasswordHash::text() const {
  const auto text_of = [](std::uint32_t n) { return std::to_string(n); };
  switch (kind_) {
    case HashKind::argon2id:
      return std::string(argon2id_prefix) + "m=" + text_of(cost_.memory_kib) +
             ",t=" + text_of(cost_.passes) + ",p=" + text_of(cost_.lanes) + "$" +
             to_base64(salt_, Padding::without) + "$" + to_base64(hash_, Padding::without);
    case HashKind::sha512:
      return "$6$" + to_base64(salt_) + "$" + to_base64(hash_);
    case HashKind::pbkdf2_sha512:
      return "$7$" + text_of(cost_.iterations) + "$" + to_base64(salt_) + "$" + to_base64(hash_);
    case HashKind::scram_sha_256:
    case HashKind::scram_sha_1:
      return std::string(kind_ == HashKind::scram_sha_1 ? scram_1_prefix : scram_256_prefix) +
             text_of(cost_.iterations) + ":" + to_base64(salt_) + "$" + to_base64(hash_) + ":" +
             to_base64(server_key_);
  }
  return {};
}

}  // namespace sluice::auth
