// SPDX-License-Identifier: Apache-2.0
#include "os/entropy.h"

#include "base/assert.h"

#include <sys/random.h>

#include <array>
#include <bit>
#include <cerrno>

namespace sluice::os {

void fill_with_entropy(MutableByteView bytes) {
  while (!bytes.empty()) {
    const auto got = ::getrandom(bytes.data(), bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    SLUICE_ASSERT(got > 0);
    bytes = bytes.subspan(static_cast<std::size_t>(got));
  }
}

std::uint64_t random_seed() {
  std::array<std::uint8_t, 8> bytes{};
  fill_with_entropy(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

HashKey random_hash_key() { return {random_seed(), random_seed()}; }

}  // namespace sluice::os
