// SPDX-License-Identifier: Apache-2.0
#include "base/siphash.h"

#include <bit>
#include <cstring>

namespace sluice {
namespace {

struct State {
  std::uint64_t v0, v1, v2, v3;

  void rounds(int count) {
    for (int i = 0; i < count; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32);
      v2 += v1;
      v0 += v3;
      v1 = std::rotl(v1, 17) ^ v2;
      v3 = std::rotl(v3, 21) ^ v0;
      v2 = std::rotl(v2, 32);
    }
  }
};

std::uint64_t load_le(const std::uint8_t* bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, sizeof word);
  if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
  return word;
}

template <int compression, int finalization>
std::uint64_t siphash(const HashKey& key, ByteView bytes) {
  State s{0x736f6d6570736575U ^ key.k0, 0x646f72616e646f6dU ^ key.k1, 0x6c7967656e657261U ^ key.k0,
          0x7465646279746573U ^ key.k1};
  const std::size_t whole = bytes.size() & ~std::size_t{7};
  for (std::size_t i = 0; i < whole; i += 8) {
    const std::uint64_t m = load_le(bytes.data() + i);
    s.v3 ^= m;
    s.rounds(compression);
    s.v0 ^= m;
  }
  std::uint64_t last = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (std::size_t i = whole; i < bytes.size(); ++i)
    last |= std::uint64_t{bytes[i]} << (8 * (i - whole));
  s.v3 ^= last;
  s.rounds(compression);
  s.v0 ^= last;
  s.v2 ^= 0xff;
  s.rounds(finalization);
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

}  // namespace

std::uint64_t siphash_1_3(const HashKey& key, ByteView bytes) { return siphash<1, 3>(key, bytes); }
std::uint64_t siphash_2_4(const HashKey& key, ByteView bytes) { return siphash<2, 4>(key, bytes); }

}  // namespace sluice
