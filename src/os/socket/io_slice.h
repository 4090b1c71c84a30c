// SPDX-License-Identifier: Apache-2.0
//
// One piece of a gathered write; laid out as the kernel's iovec, so that a list of them is passed
// on as it is.
#pragma once

#include <cstddef>
#include <cstdint>

namespace sluice::os {

struct IoSlice {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
};

}  // namespace sluice::os
