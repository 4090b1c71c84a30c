// SPDX-License-Identifier: Apache-2.0
//
// Bytes through a non-blocking socket. Errors: would_block when there is nothing to read or no
// room; closed when the peer has ended (system = 0 in order, errno if reset); io_error for the
// rest. No call here raises SIGPIPE or is ended by a signal.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "os/socket/io_slice.h"

#include <cstddef>
#include <span>

namespace sluice::os {

/// At least one byte. REQUIRES: `into` is not empty.
Result<std::size_t> read_socket(int fd, MutableByteView into);
/// At least one byte; less than given when the socket is full. REQUIRES: `bytes` is not empty.
Result<std::size_t> write_socket(int fd, ByteView bytes);
/// As write_socket, gathered, in one system call; takes the first 1,024 slices.
Result<std::size_t> write_socket(int fd, std::span<const IoSlice> slices);
/// No more bytes will follow ours; the peer reads to the end. Reading goes on.
void shutdown_socket_write(int fd);

}  // namespace sluice::os
