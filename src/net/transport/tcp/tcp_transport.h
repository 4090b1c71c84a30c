// SPDX-License-Identifier: Apache-2.0
//
// Connections over TCP: MQTT as it has always been carried. Small packets leave at once
// (TCP_NODELAY): what belongs together is merged by the sender's turn, not by the kernel's timer.
#pragma once

#include "net/transport/transport.h"
#include "os/file_descriptor.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_address.h"

#include <memory>

namespace sluice::net {

/// REQUIRES: an IPv4 or IPv6 address.
Result<std::unique_ptr<Transport>> connect_tcp(const os::SocketAddress& address,
                                               const os::SocketAddress* local, os::Paths paths);
/// A socket that was accepted; it has its options from the one that listens.
std::unique_ptr<Transport> wrap_tcp(os::FileDescriptor socket, const Peer& peer);

}  // namespace sluice::net
