// SPDX-License-Identifier: Apache-2.0
//
// A WebKey verifies signatures: one key of a JWKS document, or of a PEM file. What algorithms it
// may be used with follows from what it is, never from what a token says.
//
// Owner:   the JwtBackend.      Thread: any (immutable).
// Spec:    RFC 7515, RFC 7517, RFC 7518, RFC 8037.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

#include <openssl/evp.h>

#include <expected>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

class WebKey {
 public:
  const std::string& id() const { return id_; }
  /// Whether tokens may be signed by it in that way: "RS256".
  bool is_for(std::string_view algorithm) const;
  /// REQUIRES: is_for(algorithm).
  bool verifies(std::string_view algorithm, std::string_view message, ByteView signature) const;

  /// Keys of a JWKS document, or one key of a PEM text; or what is wrong, in words.
  static std::expected<std::vector<WebKey>, std::string> parse_all(std::string_view text);
  /// A secret that both sides know (HS256, HS384, HS512).
  static WebKey of_secret(ByteView secret);

 private:
  struct FreeKey {
    void operator()(EVP_PKEY* key) const { ::EVP_PKEY_free(key); }
  };
  enum class Kind : std::uint8_t { secret, rsa, ec_256, ec_384, ec_512, ed25519 };

  static std::expected<WebKey, std::string> of_json(const void* json);
  static std::expected<WebKey, std::string> of_pem(std::string_view text);
  bool verifies_by_key(std::string_view algorithm, std::string_view message,
                       ByteView signature) const;

  Kind kind_ = Kind::secret;
  std::string id_;
  std::string algorithm_;  // the only one, if the document says so
  std::vector<std::uint8_t> secret_;
  std::unique_ptr<EVP_PKEY, FreeKey> key_;
};

}  // namespace sluice::auth
