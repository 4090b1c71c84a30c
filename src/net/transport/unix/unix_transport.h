// SPDX-License-Identifier: Apache-2.0
//
// Connections over Unix sockets: for clients on the same machine, whose right to connect is that of
// the socket's file.
#pragma once

#include "net/transport/transport.h"
#include "os/file_descriptor.h"
#include "os/socket/socket_address.h"

#include <memory>

namespace sluice::net {

/// REQUIRES: a Unix address. Its peer is the listening process.
Result<std::unique_ptr<Transport>> connect_unix(const os::SocketAddress& address,
                                                const os::SocketAddress* local);
std::unique_ptr<Transport> wrap_unix(os::FileDescriptor socket, const Peer& peer);

}  // namespace sluice::net
