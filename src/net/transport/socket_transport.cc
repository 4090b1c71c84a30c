// SPDX-License-Identifier: Apache-2.0
#include "net/transport/socket_transport.h"

#include "base/assert.h"
#include "os/socket/socket_io.h"
#include "os/socket/socket_options.h"

namespace sluice::net {

SocketTransport::SocketTransport(os::FileDescriptor socket, const Peer& peer)
    : socket_(std::move(socket)), peer_(peer) {
  SLUICE_ASSERT(socket_.is_open());
}

Result<std::size_t> SocketTransport::read(MutableByteView into) {
  return os::read_socket(socket_.get(), into);
}

Result<std::size_t> SocketTransport::write(std::span<const IoSlice> slices) {
  return os::write_socket(socket_.get(), slices);
}

void SocketTransport::shutdown_write() { os::shutdown_socket_write(socket_.get()); }

void SocketTransport::reset_on_close() { os::set_reset_on_close(socket_.get()); }

Peer SocketTransport::local() const { return os::local_end(socket_.get()); }

}  // namespace sluice::net
