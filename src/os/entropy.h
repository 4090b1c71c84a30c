// SPDX-License-Identifier: Apache-2.0
//
// Unpredictable bytes from the kernel: seeds of an Rng, keys of hash tables, session secrets.
// Blocks only in the first seconds of a machine's life.
#pragma once

#include "base/bytes.h"
#include "base/siphash.h"

#include <cstdint>

namespace sluice::os {

void fill_with_entropy(MutableByteView bytes);
std::uint64_t random_seed();
HashKey random_hash_key();

}  // namespace sluice::os
