// SPDX-License-Identifier: Apache-2.0
#include "auth/jwt/web_key.h"

#include "auth/hash/base64.h"
#include "auth/hash/digest.h"

#include <nlohmann/json.hpp>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <algorithm>

namespace sluice::auth {
namespace {

using Json = nlohmann::json;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t rsa_bits_min = 2048;

template <class T, void (*release)(T*)>
struct Freed {
  void operator()(T* it) const { release(it); }
};
using Number = std::unique_ptr<BIGNUM, Freed<BIGNUM, ::BN_free>>;
using Builder = std::unique_ptr<OSSL_PARAM_BLD, Freed<OSSL_PARAM_BLD, ::OSSL_PARAM_BLD_free>>;
using Parameters = std::unique_ptr<OSSL_PARAM, Freed<OSSL_PARAM, ::OSSL_PARAM_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, Freed<EVP_PKEY_CTX, ::EVP_PKEY_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Freed<EVP_MD_CTX, ::EVP_MD_CTX_free>>;
using Signature = std::unique_ptr<ECDSA_SIG, Freed<ECDSA_SIG, ::ECDSA_SIG_free>>;

std::string text_at(const Json& json, const char* name) {
  const auto found = json.find(name);
  return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
}

Bytes bytes_at(const Json& json, const char* name) {
  const auto bytes = from_base64url(text_at(json, name));
  return bytes ? *bytes : Bytes{};
}

Number number_of(ByteView bytes) {
  return Number(::BN_bin2bn(bytes.data(), static_cast<int>(bytes.size()), nullptr));
}

EVP_PKEY* build(const char* type, OSSL_PARAM_BLD* builder) {
  const Parameters parameters(::OSSL_PARAM_BLD_to_param(builder));
  const KeyContext context(::EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
  EVP_PKEY* key = nullptr;
  if (parameters == nullptr || context == nullptr || ::EVP_PKEY_fromdata_init(context.get()) != 1 ||
      ::EVP_PKEY_fromdata(context.get(), &key, EVP_PKEY_PUBLIC_KEY, parameters.get()) != 1)
    return nullptr;
  return key;
}

EVP_PKEY* rsa_key(const Json& json) {
  const Number modulus = number_of(bytes_at(json, "n"));
  const Number exponent = number_of(bytes_at(json, "e"));
  const Builder builder(::OSSL_PARAM_BLD_new());
  ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, modulus.get());
  ::OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, exponent.get());
  return build("RSA", builder.get());
}

// RFC 7518 section 6.2.1.2 wants coordinates of the curve's whole length. There are issuers that
// leave leading zeros out (a key in a hundred), and such that write one more, as a sign.
EVP_PKEY* ec_key(const Json& json, const std::string& curve) {
  const std::size_t size = curve == "P-256" ? 32 : curve == "P-384" ? 48 : 66;
  const Number x = number_of(bytes_at(json, "x"));
  const Number y = number_of(bytes_at(json, "y"));
  const auto padded = static_cast<int>(size);
  Bytes point(1 + 2 * size, 4);
  if (::BN_bn2binpad(x.get(), &point[1], padded) != padded ||
      ::BN_bn2binpad(y.get(), &point[1 + size], padded) != padded)
    return nullptr;
  const Builder builder(::OSSL_PARAM_BLD_new());
  ::OSSL_PARAM_BLD_push_utf8_string(builder.get(), OSSL_PKEY_PARAM_GROUP_NAME, curve.c_str(), 0);
  ::OSSL_PARAM_BLD_push_octet_string(builder.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                     point.size());
  return build("EC", builder.get());
}

const EVP_MD* md_of(std::string_view algorithm) {
  if (algorithm.ends_with("384")) return ::EVP_sha384();
  return algorithm.ends_with("512") ? ::EVP_sha512() : ::EVP_sha256();
}

DigestKind digest_of(std::string_view algorithm) {
  if (algorithm.ends_with("384")) return DigestKind::sha384;
  return algorithm.ends_with("512") ? DigestKind::sha512 : DigestKind::sha256;
}

// A token has the two numbers side by side, OpenSSL wants them in DER. Empty if it cannot be.
Bytes to_der(ByteView raw, std::size_t size) {
  if (raw.size() != 2 * size) return {};
  const Signature signature(::ECDSA_SIG_new());
  ::ECDSA_SIG_set0(signature.get(), number_of(raw.first(size)).release(),
                   number_of(raw.subspan(size)).release());
  unsigned char* der = nullptr;
  const int length = ::i2d_ECDSA_SIG(signature.get(), &der);
  Bytes bytes;
  if (length > 0) bytes.assign(der, der + length);
  ::OPENSSL_free(der);
  return bytes;
}

}  // namespace

bool WebKey::is_for(std::string_view algorithm) const {
  if (!algorithm_.empty() && algorithm != algorithm_) return false;
  const auto is_one_of = [&](std::initializer_list<std::string_view> names) {
    return std::ranges::find(names, algorithm) != names.end();
  };
  switch (kind_) {
    case Kind::secret:
      return is_one_of({"HS256", "HS384", "HS512"});
    case Kind::rsa:
      return is_one_of({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"});
    case Kind::ec_256:
      return algorithm == "ES256";
    case Kind::ec_384:
      return algorithm == "ES384";
    case Kind::ec_512:
      return algorithm == "ES512";
    case Kind::ed25519:
      return algorithm == "EdDSA";
  }
  return false;
}

bool WebKey::verifies(std::string_view algorithm, std::string_view message,
                      ByteView signature) const {
  if (kind_ != Kind::secret) return verifies_by_key(algorithm, message, signature);
  return is_equal(hmac(digest_of(algorithm), secret_, as_bytes(message)), signature);
}

bool WebKey::verifies_by_key(std::string_view algorithm, std::string_view message,
                             ByteView signature) const {
  Bytes der;
  if (kind_ == Kind::ec_256 || kind_ == Kind::ec_384 || kind_ == Kind::ec_512) {
    der = to_der(signature, kind_ == Kind::ec_256 ? 32U : kind_ == Kind::ec_384 ? 48U : 66U);
    if (der.empty()) return false;
    signature = der;
  }
  const DigestContext context(::EVP_MD_CTX_new());
  EVP_PKEY_CTX* padding = nullptr;
  const EVP_MD* md = kind_ == Kind::ed25519 ? nullptr : md_of(algorithm);
  if (::EVP_DigestVerifyInit(context.get(), &padding, md, nullptr, key_.get()) != 1) return false;
  if (algorithm.starts_with("PS") &&
      (::EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) != 1 ||
       ::EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) != 1))
    return false;
  return ::EVP_DigestVerify(context.get(), signature.data(), signature.size(),
                            as_bytes(message).data(), message.size()) == 1;
}

WebKey WebKey::of_secret(ByteView secret) {
  WebKey made;
  made.secret_.assign(secret.begin(), secret.end());
  return made;
}

std::expected<WebKey, std::string> WebKey::of_json(const void* at) {
  const Json& json = *static_cast<const Json*>(at);
  if (!json.is_object()) return std::unexpected("a key is no object");
  WebKey made;
  made.id_ = text_at(json, "kid");
  made.algorithm_ = text_at(json, "alg");
  const std::string type = text_at(json, "kty");
  const std::string curve = text_at(json, "crv");
  if (type == "oct") {
    made.secret_ = bytes_at(json, "k");
    if (made.secret_.size() < 16) return std::unexpected("a secret has less than 16 bytes");
    return made;
  }
  if (type == "RSA") {
    made.kind_ = Kind::rsa;
    made.key_.reset(rsa_key(json));
  } else if (type == "EC" && (curve == "P-256" || curve == "P-384" || curve == "P-521")) {
    made.kind_ = curve == "P-256" ? Kind::ec_256 : curve == "P-384" ? Kind::ec_384 : Kind::ec_512;
    made.key_.reset(ec_key(json, curve));
  } else if (type == "OKP" && curve == "Ed25519") {
    made.kind_ = Kind::ed25519;
    const Bytes x = bytes_at(json, "x");
    made.key_.reset(::EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, x.data(), x.size()));
  } else {
    return std::unexpected("a key of kty '" + type + "' and crv '" + curve +
                           "'; there are oct, RSA, EC (P-256, P-384, P-521) and OKP (Ed25519)");
  }
  if (made.key_ == nullptr) return std::unexpected("a key of kty '" + type + "' is damaged");
  if (made.kind_ == Kind::rsa &&
      static_cast<std::size_t>(::EVP_PKEY_get_bits(made.key_.get())) < rsa_bits_min)
    return std::unexpected("an RSA key has less than 2048 bits");
  return made;
}

std::expected<WebKey, std::string> WebKey::of_pem(std::string_view text) {
  const std::unique_ptr<BIO, Freed<BIO, ::BIO_free_all>> bio(
      ::BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  WebKey made;
  made.key_.reset(::PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (made.key_ == nullptr) return std::unexpected("no public key in PEM");
  const int type = ::EVP_PKEY_get_base_id(made.key_.get());
  const int bits = ::EVP_PKEY_get_bits(made.key_.get());
  if (type == EVP_PKEY_RSA && bits >= static_cast<int>(rsa_bits_min))
    made.kind_ = Kind::rsa;
  else if (type == EVP_PKEY_EC && (bits == 256 || bits == 384 || bits == 521))
    made.kind_ = bits == 256 ? Kind::ec_256 : bits == 384 ? Kind::ec_384 : Kind::ec_512;
  else if (type == EVP_PKEY_ED25519)
    made.kind_ = Kind::ed25519;
  else
    return std::unexpected("the key is none of RSA (2048 bits), EC (P-256, P-384, P-521), Ed25519");
  return made;
}

std::expected<std::vector<WebKey>, std::string> WebKey::parse_all(std::string_view text) {
  std::vector<WebKey> keys;
  if (text.contains("-----BEGIN")) {
    auto key = of_pem(text);
    if (!key) return std::unexpected(std::move(key.error()));
    keys.push_back(std::move(*key));
    return keys;
  }
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("keys") || !json["keys"].is_array())
    return std::unexpected("neither PEM nor a JWKS document ({\"keys\": […]})");
  for (const Json& each : json["keys"]) {
    // What is for encryption is none of our matter.
    if (each.is_object() && text_at(each, "use") == "enc") continue;
    auto key = of_json(&each);
    if (!key) return std::unexpected(std::move(key.error()));
    keys.push_back(std::move(*key));
  }
  if (keys.empty()) return std::unexpected("it holds no key");
  return keys;
}

}  // namespace sluice::auth
