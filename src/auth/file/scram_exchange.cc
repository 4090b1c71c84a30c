// SPDX-License-Identifier: Apache-2.0
#include "auth/file/scram_exchange.h"

#include "auth/hash/base64.h"

#include <algorithm>

namespace sluice::auth {
namespace {

Failure unreadable() { return fail(ErrorCode::parse_error, "not a message of SCRAM"); }

// The value of `k=…` at the front, which goes with its comma.
Result<std::string_view> take(std::string_view& rest, char key) {
  if (rest.size() < 2 || rest[0] != key || rest[1] != '=') return unreadable();
  const std::size_t end = std::min(rest.find(','), rest.size());
  const std::string_view value = rest.substr(2, end - 2);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return value;
}

// Names are written with =2C for a comma and =3D for an equals sign.
Result<std::string> name_of(std::string_view text) {
  std::string name;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      name += text[i];
      continue;
    }
    const std::string_view code = text.substr(i, 3);
    if (code != "=2C" && code != "=3D") return unreadable();
    name += code == "=2C" ? ',' : '=';
    i += 2;
  }
  if (name.empty()) return unreadable();
  return name;
}

}  // namespace

Result<std::unique_ptr<ScramExchange>> ScramExchange::begin(DigestKind by, std::string_view first) {
  std::unique_ptr<ScramExchange> made(new ScramExchange(by));
  std::string_view rest = first;
  // The header: no channel binding (n, y), perhaps the identity to act as, which nobody may choose.
  if (!rest.starts_with("n,,") && !rest.starts_with("y,,")) return unreadable();
  made->header_ = rest.substr(0, 3);
  rest.remove_prefix(3);
  made->first_bare_ = rest;
  SLUICE_TRY(const auto user, take(rest, 'n'));
  SLUICE_TRY(made->user_, name_of(user));
  SLUICE_TRY(const auto nonce, take(rest, 'r'));
  if (nonce.empty() || nonce.size() > 256) return unreadable();
  made->nonce_ = nonce;
  return made;
}

std::string ScramExchange::challenge(ScramKeys keys, std::string_view nonce) {
  keys_ = std::move(keys);
  nonce_ += nonce;
  server_first_ =
      "r=" + nonce_ + ",s=" + to_base64(keys_.salt) + ",i=" + std::to_string(keys_.iterations);
  return server_first_;
}

Result<std::string> ScramExchange::finish(std::string_view last) const {
  std::string_view rest = last;
  const std::size_t proof_at = last.rfind(",p=");
  if (proof_at == std::string_view::npos) return unreadable();
  SLUICE_TRY(const auto binding, take(rest, 'c'));
  SLUICE_TRY(const auto nonce, take(rest, 'r'));
  SLUICE_TRY(const auto proof, from_base64(last.substr(proof_at + 3)));
  const std::string message =
      first_bare_ + "," + server_first_ + "," + std::string(last.substr(0, proof_at));
  Digest key = hmac(by_, keys_.stored_key, as_bytes(message));
  if (proof.size() != key.size()) return fail(ErrorCode::refused, "the proof is wrong");
  for (std::size_t i = 0; i < key.size(); ++i) key[i] ^= proof[i];
  const bool is_right = is_equal(digest(by_, key), keys_.stored_key);
  if (!is_right || nonce != nonce_ || binding != to_base64(as_bytes(header_)))
    return fail(ErrorCode::refused, "the proof is wrong");
  return "v=" + to_base64(hmac(by_, keys_.server_key, as_bytes(message)));
}

}  // namespace sluice::auth
