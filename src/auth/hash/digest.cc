// SPDX-License-Identifier: Apache-2.0
#include "auth/hash/digest.h"

#include "base/assert.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

namespace sluice::auth {
namespace {

const EVP_MD* md_of(DigestKind kind) {
  switch (kind) {
    case DigestKind::sha1:
      return ::EVP_sha1();
    case DigestKind::sha256:
      return ::EVP_sha256();
    case DigestKind::sha384:
      return ::EVP_sha384();
    case DigestKind::sha512:
      return ::EVP_sha512();
  }
  return ::EVP_sha512();
}

Digest room_for(DigestKind kind) {
  return Digest(static_cast<std::size_t>(::EVP_MD_get_size(md_of(kind))));
}

}  // namespace

Digest digest(DigestKind kind, ByteView first, ByteView second) {
  Digest out = room_for(kind);
  std::vector<std::uint8_t> all(first.begin(), first.end());
  all.insert(all.end(), second.begin(), second.end());
  const int done = ::EVP_Digest(all.data(), all.size(), out.data(), nullptr, md_of(kind), nullptr);
  ::OPENSSL_cleanse(all.data(), all.size());
  SLUICE_ASSERT(done == 1);
  return out;
}

Digest hmac(DigestKind kind, ByteView key, ByteView message) {
  Digest out = room_for(kind);
  unsigned int size = 0;
  const auto* made = ::HMAC(md_of(kind), key.data(), static_cast<int>(key.size()), message.data(),
                            message.size(), out.data(), &size);
  SLUICE_ASSERT(made != nullptr && size == out.size());
  return out;
}

Digest pbkdf2(DigestKind kind, ByteView password, ByteView salt, std::uint32_t iterations) {
  Digest out = room_for(kind);
  const int done = ::PKCS5_PBKDF2_HMAC(reinterpret_cast<const char*>(password.data()),
                                       static_cast<int>(password.size()), salt.data(),
                                       static_cast<int>(salt.size()), static_cast<int>(iterations),
                                       md_of(kind), static_cast<int>(out.size()), out.data());
  SLUICE_ASSERT(done == 1);
  return out;
}

bool is_equal(ByteView a, ByteView b) {
  return a.size() == b.size() && ::CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace sluice::auth
