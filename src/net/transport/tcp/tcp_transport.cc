// SPDX-License-Identifier: Apache-2.0
#include "net/transport/tcp/tcp_transport.h"

#include "base/assert.h"
#include "net/transport/socket_transport.h"
#include "os/socket/socket_options.h"

namespace sluice::net {

Result<std::unique_ptr<Transport>> connect_tcp(const os::SocketAddress& address,
                                               const os::SocketAddress* local, os::Paths paths) {
  SLUICE_ASSERT(!address.is_unix());
  SLUICE_TRY(os::FileDescriptor socket, os::start_connect(address, local, paths));
  os::set_no_delay(socket.get(), true);
  return wrap_tcp(std::move(socket), address.peer());
}

std::unique_ptr<Transport> wrap_tcp(os::FileDescriptor socket, const Peer& peer) {
  return std::make_unique<SocketTransport>(std::move(socket), peer);
}

}  // namespace sluice::net
