// SPDX-License-Identifier: Apache-2.0
//
// Digests, HMAC and PBKDF2 by OpenSSL, as values.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"

#include <cstdint>
#include <vector>

namespace sluice::auth {

enum class DigestKind : std::uint8_t { sha1, sha256, sha384, sha512 };

using Digest = std::vector<std::uint8_t>;

Digest digest(DigestKind kind, ByteView first, ByteView second = {});
Digest hmac(DigestKind kind, ByteView key, ByteView message);
Digest pbkdf2(DigestKind kind, ByteView password, ByteView salt, std::uint32_t iterations);
/// In a time that tells nothing but the lengths.
bool is_equal(ByteView a, ByteView b);

}  // namespace sluice::auth
