// SPDX-License-Identifier: Apache-2.0
#include "net/transport/unix/unix_transport.h"

#include "base/assert.h"
#include "net/transport/socket_transport.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_options.h"

namespace sluice::net {

Result<std::unique_ptr<Transport>> connect_unix(const os::SocketAddress& address,
                                                const os::SocketAddress* local) {
  SLUICE_ASSERT(address.is_unix());
  SLUICE_TRY(os::FileDescriptor socket, os::start_connect(address, local));
  const Peer peer = os::remote_end(socket.get());
  return wrap_unix(std::move(socket), peer);
}

std::unique_ptr<Transport> wrap_unix(os::FileDescriptor socket, const Peer& peer) {
  return std::make_unique<SocketTransport>(std::move(socket), peer);
}

}  // namespace sluice::net
