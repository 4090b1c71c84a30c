// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt/jwt_backend.h"

#include "auth/claims.h"
#include "auth/hash/base64.h"
#include "os/clock.h"

#include <algorithm>
#include <chrono>
#include <optional>

namespace sluice::auth {
namespace {

using Json = nlohmann::json;

constexpr std::size_t token_bytes_max = std::size_t{16} * 1024;

Json json_of(std::string_view text) {
  const auto bytes = from_base64url(text);
  if (!bytes) return Json(Json::value_t::discarded);
  return Json::parse(bytes->begin(), bytes->end(), nullptr, false);
}

std::int64_t whole_seconds(Duration duration) {
  return std::chrono::duration_cast<std::chrono::seconds>(duration).count();
}

/// What the claims say of time; nothing is wrong if it is empty.
std::string what_is_wrong_with_time(const Json& claims, const AuthOptions::Jwt& options,
                                    std::int64_t now) {
  const std::int64_t leeway = whole_seconds(options.leeway);
  const auto expires = claims::seconds_at(claims, "exp");
  if (!expires && (options.expiry_required || claims.contains("exp")))
    return "the token has no exp";
  if (expires && *expires + leeway <= now) return "the token has expired";
  const auto begins = claims::seconds_at(claims, "nbf");
  if (begins && *begins - leeway > now) return "the token is not valid yet";
  return {};
}

}  // namespace

/// The three parts of a token.
struct JwtBackend::Token {
  std::string_view signed_part;  // header and claims, as they were signed
  Json header;
  Json claims;
  std::vector<std::uint8_t> signature;

  /// Nothing if it does not look like a token at all.
  static std::optional<Token> split(std::string_view text) {
    const std::size_t first = text.find('.');
    if (first == std::string_view::npos) return std::nullopt;
    const std::size_t second = text.find('.', first + 1);
    if (second == std::string_view::npos) return std::nullopt;
    Token token{.signed_part = text.substr(0, second),
                .header = json_of(text.substr(0, first)),
                .claims = json_of(text.substr(first + 1, second - first - 1)),
                .signature = {}};
    auto signature = from_base64url(text.substr(second + 1));
    if (!token.header.is_object() || !token.claims.is_object() || !signature) return std::nullopt;
    token.signature = std::move(*signature);
    return token;
  }

  bool is_signed_by(const std::vector<WebKey>& keys) const {
    const std::string algorithm = claims::text_at(header, "alg");
    const std::string id = claims::text_at(header, "kid");
    return std::ranges::any_of(keys, [&](const WebKey& key) {
      const bool is_meant = id.empty() || key.id().empty() || key.id() == id;
      return is_meant && key.is_for(algorithm) && key.verifies(algorithm, signed_part, signature);
    });
  }
};

JwtBackend::Signed JwtBackend::is_signed(const Token& token) const {
  if (token.is_signed_by(keys_.of_files())) return Signed::yes;
  if (!keys_.has_url()) return Signed::no;
  const Instant now = os::monotonic_now();
  auto keys = keys_.current(now);
  if (keys.get() != nullptr && token.is_signed_by(keys->keys)) return Signed::yes;
  // The issuer may have begun to sign by another key.
  keys = keys_.asked_again(now);
  if (keys.get() == nullptr) return Signed::unknown;
  return token.is_signed_by(keys->keys) ? Signed::yes : Signed::no;
}

Verdict JwtBackend::check(core::AuthRequest& request) const {
  const std::string_view text = request.password ? request.password->text() : std::string_view();
  if (text.size() > token_bytes_max) return Verdict::unknown("the token is too long");
  const auto token = Token::split(text);
  if (!token) return Verdict::unknown("the password is no token");
  // A header that must be understood is not.
  if (token->header.contains("crit")) return Verdict::refused("the token has a critical header");
  switch (is_signed(*token)) {
    case Signed::no:
      return Verdict::refused("no key has signed the token");
    case Signed::unknown:
      return Verdict::unavailable("jwt.keys_url gives no keys");
    case Signed::yes:
      break;
  }
  return read_claims(*token);
}

Verdict JwtBackend::read_claims(const Token& token) const {
  const Json& claims = token.claims;
  const std::int64_t now = os::wall_now().ns / 1'000'000'000;
  if (auto wrong = what_is_wrong_with_time(claims, options_, now); !wrong.empty())
    return Verdict::refused(std::move(wrong));
  if (!options_.issuer.empty() && claims::text_at(claims, "iss") != options_.issuer)
    return Verdict::refused("the token is of another issuer");
  const auto audience = claims::texts_at(claims, "aud");
  if (!options_.audience.empty() &&
      std::ranges::find(audience, options_.audience) == audience.end())
    return Verdict::refused("the token is for another audience");
  auto who = claims::principal_of(claims, {options_.user_claim, options_.groups_claim});
  if (!who) return Verdict::refused("the token's " + who.error());
  if (who->user.empty()) return Verdict::refused("the token names no user");
  if (const auto expires = claims::seconds_at(claims, "exp")) {
    constexpr std::int64_t century = std::int64_t{100} * 365 * 86400;
    const std::int64_t left = *expires + whole_seconds(options_.leeway) - now;
    who->valid_until =
        os::monotonic_now() + Duration(std::chrono::seconds(std::min(left, century)));
  }
  return Verdict::accepted(std::move(*who));
}

}  // namespace sluice::auth
