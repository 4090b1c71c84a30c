// SPDX-License-Identifier: Apache-2.0
//
// SipHash-1-3 and SipHash-2-4 (Aumasson and Bernstein, 2012) of a byte string under a 128-bit key:
// the hash for anything a peer can choose (client ids, topics), so that nobody can aim for one
// bucket or one shard.
#pragma once

#include "base/bytes.h"

#include <cstdint>

namespace sluice {

struct HashKey {
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  bool operator==(const HashKey&) const = default;
};

/// The short-input variant for hash tables in memory.
std::uint64_t siphash_1_3(const HashKey& key, ByteView bytes);
/// The reference variant, for placement that must never change (client id to shard).
std::uint64_t siphash_2_4(const HashKey& key, ByteView bytes);

}  // namespace sluice
