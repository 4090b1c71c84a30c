// SPDX-License-Identifier: Apache-2.0
//
// A connection in the making: start it, watch it for Ready::writable with a deadline of your own,
// then ask how it went.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"
#include "os/socket/socket_address.h"

#include <cstdint>

namespace sluice::os {

/// Whether one TCP connection may use several networks at once (MPTCP, RFC 8684), where the other
/// side can; where this system cannot, `several` is an error.
enum class Paths : std::uint8_t { one, several };

/// A non-blocking socket, connected or on its way, from the address `local` (its port may be 0) if
/// there is one. refused, not_found (no such Unix socket),
/// permission_denied, invalid_argument, would_block (a Unix socket's queue is full).
Result<FileDescriptor> start_connect(const SocketAddress& address,
                                     const SocketAddress* local = nullptr,
                                     Paths paths = Paths::one);
/// How a started connection went, once it is writable; would_block before that.
Result<void> connect_outcome(int fd);

}  // namespace sluice::os
