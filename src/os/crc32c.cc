// SPDX-License-Identifier: Apache-2.0
#include "os/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace sluice::os {
namespace {

constexpr std::uint32_t polynomial = 0x82f63b78;  // reflected
constexpr std::size_t slices = 8;

// tables[k][b]: the checksum of byte b with k zero bytes behind it.
constexpr auto tables = [] {
  std::array<std::array<std::uint32_t, 256>, slices> all{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0);
    all[0][b] = crc;
  }
  for (std::size_t k = 1; k < slices; ++k)
    for (std::size_t b = 0; b < 256; ++b)
      all[k][b] = (all[k - 1][b] >> 8U) ^ all[0][all[k - 1][b] & 0xffU];
  return all;
}();

std::uint32_t table_update(std::uint32_t crc, const std::uint8_t* at, std::size_t size) {
  for (; size >= slices; at += slices, size -= slices) {
    crc ^= static_cast<std::uint32_t>(at[0] | at[1] << 8 | at[2] << 16) | std::uint32_t{at[3]}
                                                                              << 24U;
    crc = tables[7][crc & 0xffU] ^ tables[6][(crc >> 8U) & 0xffU] ^
          tables[5][(crc >> 16U) & 0xffU] ^ tables[4][crc >> 24U] ^ tables[3][at[4]] ^
          tables[2][at[5]] ^ tables[1][at[6]] ^ tables[0][at[7]];
  }
  for (; size > 0; ++at, --size) crc = (crc >> 8U) ^ tables[0][(crc ^ *at) & 0xffU];
  return crc;
}

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) std::uint32_t own_update(std::uint32_t crc,
                                                           const std::uint8_t* at,
                                                           std::size_t size) {
  std::uint64_t wide = crc;
  for (; size >= 8; at += 8, size -= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    wide = _mm_crc32_u64(wide, word);
  }
  auto narrow = static_cast<std::uint32_t>(wide);
  for (; size > 0; ++at, --size) narrow = _mm_crc32_u8(narrow, *at);
  return narrow;
}
bool has_own() { return __builtin_cpu_supports("sse4.2") != 0; }
#else
std::uint32_t own_update(std::uint32_t crc, const std::uint8_t* at, std::size_t size) {
  return table_update(crc, at, size);
}
bool has_own() { return false; }
#endif

}  // namespace

std::uint32_t crc32c(std::uint32_t before, ByteView bytes) {
  static const bool is_own = has_own();
  return is_own ? ~own_update(~before, bytes.data(), bytes.size()) : crc32c_by_table(before, bytes);
}

std::uint32_t crc32c_by_table(std::uint32_t before, ByteView bytes) {
  return ~table_update(~before, bytes.data(), bytes.size());
}

}  // namespace sluice::os
