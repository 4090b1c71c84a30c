// SPDX-License-Identifier: Apache-2.0
//
// CRC-32C (Castagnoli), by the processor's own instruction where it has one.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"

#include <cstdint>

namespace sluice::os {

/// The checksum of `bytes` behind what `before` is the checksum of; 0 is that of nothing.
std::uint32_t crc32c(std::uint32_t before, ByteView bytes);
/// The same without the processor's help.
std::uint32_t crc32c_by_table(std::uint32_t before, ByteView bytes);

}  // namespace sluice::os
