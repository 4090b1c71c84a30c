// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace sluice::client {

/// How often this program has asked the heap for memory: its operator new counts.
std::uint64_t heap_requests();

}  // namespace sluice::client
