// SPDX-License-Identifier: Apache-2.0
//
// Waits for one socket, for threads that have nothing else to do: those that ask another server
// through a library that owns the socket. Threads with a reactor never call it.
//
// Thread: any (blocks).
#pragma once

#include "base/time.h"

#include <cstdint>

namespace sluice::os {

enum class SocketWait : std::uint8_t { readable, writable };

/// False if that time of the monotonic clock came first.
bool wait_for_socket(int fd, SocketWait wanted, Instant deadline);

}  // namespace sluice::os
