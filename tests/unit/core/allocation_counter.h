// SPDX-License-Identifier: Apache-2.0
//
// Counts the calls of operator new in this test program.
#pragma once

#include <cstdint>

namespace sluice::test {

/// Calls of any operator new since the program began.
std::uint64_t allocations();

}  // namespace sluice::test
