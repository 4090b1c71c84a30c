// SPDX-License-Identifier: Apache-2.0
//
// Durability is how safe a message is before its publisher is told that the broker has it.
//
// Thread:  any (a value).
#pragma once

#include <cstdint>

namespace sluice::core {

/// In growing order; none is more than what the broker's log does.
enum class Durability : std::uint8_t {
  memory,  ///< the log never gets it
  os,      ///< the operating system has it
  fsync,   ///< the disk has it
};

}  // namespace sluice::core
