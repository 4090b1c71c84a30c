// SPDX-License-Identifier: Apache-2.0
//
// Whole numbers in bytes, the low byte first: how all files of the store write them.
//
// Thread: any (pure).
#pragma once

#include "base/bytes.h"

#include <bit>
#include <concepts>
#include <cstring>

namespace sluice::store {

template <std::integral N>
void put(MutableByteView into, std::size_t at, N number) {
  if constexpr (std::endian::native == std::endian::big) number = std::byteswap(number);
  std::memcpy(into.subspan(at, sizeof number).data(), &number, sizeof number);
}

template <std::integral N>
N get(ByteView from, std::size_t at) {
  N number{};
  std::memcpy(&number, from.subspan(at, sizeof number).data(), sizeof number);
  if constexpr (std::endian::native == std::endian::big) number = std::byteswap(number);
  return number;
}

}  // namespace sluice::store
