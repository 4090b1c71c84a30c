// SPDX-License-Identifier: Apache-2.0
#include "auth/file/file_backend.h"

#include "auth/hash/base64.h"
#include "base/siphash.h"
#include "os/entropy.h"

#include <array>

namespace sluice::auth {
namespace {

constexpr std::string_view scram_256 = "SCRAM-SHA-256";
constexpr std::string_view scram_1 = "SCRAM-SHA-1";
constexpr std::uint32_t scram_iterations = 100'000;
constexpr std::size_t password_bytes_max = 4096;

// A hash that nobody's password has, of the kind that is most common in the file.
PasswordHash make_stand_in(const PasswordFile& file, ByteView secret) {
  std::array<std::size_t, 5> counts{};
  const PasswordFile::User* common = nullptr;
  for (const auto& [name, user] : file.users()) {
    const auto kind = static_cast<std::size_t>(user.hash.kind());
    ++counts[kind];
    if (common == nullptr || counts[kind] > counts[static_cast<std::size_t>(common->hash.kind())])
      common = &user;
  }
  const HashKind kind = common != nullptr ? common->hash.kind() : HashKind::argon2id;
  const HashCost cost = common != nullptr ? common->hash.cost() : HashCost{};
  const auto made = PasswordHash::make(kind, to_base64(secret), secret.first(16), cost);
  return made ? *made : PasswordHash{};
}

}  // namespace

FileBackend::FileBackend(PasswordFile file, ByteView secret)
    : file_(std::move(file)),
      secret_(secret.begin(), secret.end()),
      stand_in_(make_stand_in(file_, secret)) {}

bool FileBackend::has_method(std::string_view method) const {
  return method.empty() || method == scram_256 || method == scram_1;
}

std::uint64_t FileBackend::credential_of(const PasswordFile::User& user) const {
  const std::uint64_t number = siphash_2_4({1, 2}, as_bytes(user.text));
  return number != 0 ? number : 1;
}

core::Principal FileBackend::principal_of(const std::string& user) const {
  core::Principal principal;
  principal.user = user;
  const auto found = file_.users().find(user);
  if (found != file_.users().end()) principal.credential = credential_of(found->second);
  return principal;
}

bool FileBackend::is_still_known(const core::Principal& principal) const {
  const auto found = file_.users().find(principal.user);
  if (found == file_.users().end()) return false;
  return principal.credential == 0 || credential_of(found->second) == principal.credential;
}

Verdict FileBackend::check(core::AuthRequest& request) const {
  return request.method.empty() ? check_password(request) : check_scram(request);
}

Verdict FileBackend::check_password(const core::AuthRequest& request) const {
  if (!request.user_name) return Verdict::unknown("no user name");
  const std::string_view password =
      request.password ? request.password->text() : std::string_view();
  if (password.size() > password_bytes_max) return Verdict::refused("the password is too long");
  const auto found = file_.users().find(*request.user_name);
  if (found == file_.users().end()) {
    static_cast<void>(stand_in_.matches(password));
    return Verdict::unknown("no such user in the password file");
  }
  if (!found->second.hash.matches(password)) return Verdict::refused("wrong password");
  return Verdict::accepted(principal_of(*request.user_name));
}

// For a user that does not exist, or has no such keys: a salt that is always the same, and keys
// that no proof fits.
ScramKeys FileBackend::keys_of(const std::string& user, DigestKind by) const {
  const HashKind kind = by == DigestKind::sha1 ? HashKind::scram_sha_1 : HashKind::scram_sha_256;
  const auto found = file_.users().find(user);
  if (found != file_.users().end() && found->second.hash.kind() == kind) {
    const PasswordHash& hash = found->second.hash;
    return {hash.cost().iterations,
            {hash.salt().begin(), hash.salt().end()},
            {hash.stored_key().begin(), hash.stored_key().end()},
            {hash.server_key().begin(), hash.server_key().end()}};
  }
  Digest salt = hmac(DigestKind::sha256, secret_, as_bytes(user));
  salt.resize(16);
  return {scram_iterations, salt, hmac(by, secret_, salt), hmac(by, salt, secret_)};
}

Verdict FileBackend::check_scram(core::AuthRequest& request) const {
  const DigestKind by = request.method == scram_1 ? DigestKind::sha1 : DigestKind::sha256;
  using Step = core::AuthRequest::Step;
  if (request.step == Step::connect || request.step == Step::again) {
    auto exchange = ScramExchange::begin(by, request.data.text());
    if (!exchange) return Verdict::refused(exchange.error().detail);
    std::array<std::uint8_t, 18> nonce{};
    os::fill_with_entropy(nonce);
    Verdict verdict{.kind = Verdict::Kind::go_on};
    const std::string text =
        (*exchange)->challenge(keys_of((*exchange)->user(), by), to_base64(nonce));
    verdict.data.assign(text.begin(), text.end());
    verdict.exchange = std::move(*exchange);
    return verdict;
  }
  const auto* exchange = dynamic_cast<const ScramExchange*>(request.exchange.get());
  if (exchange == nullptr) return Verdict::refused("AUTH without a challenge");
  const auto last = exchange->finish(request.data.text());
  if (!last) return Verdict::refused(last.error().detail);
  Verdict verdict = Verdict::accepted(principal_of(exchange->user()));
  verdict.data.assign(last->begin(), last->end());
  return verdict;
}

}  // namespace sluice::auth
