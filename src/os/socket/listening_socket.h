// SPDX-License-Identifier: Apache-2.0
//
// Sockets that wait for connections, and the connections they yield: all non-blocking and closed on
// exec. A Unix socket's file that nobody listens on any more is replaced; one in use is
// address_in_use.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"
#include "os/socket/socket_address.h"

#include <cstdint>

namespace sluice::os {

struct ListenOptions {
  int backlog = 4096;         ///< the kernel cuts it to net.core.somaxconn
  bool reuse_port = false;    ///< several sockets share the port, each with its own queue
  bool v6_only = true;        ///< an IPv6 socket leaves IPv4 to another
  std::uint32_t mode = 0660;  ///< permissions of a Unix socket's file
};

struct ListeningSocket {
  FileDescriptor socket{};
  SocketAddress address{};  ///< as bound: with the real port where 0 was asked for
};

/// address_in_use, permission_denied, invalid_argument (not an address of this machine), io_error.
Result<ListeningSocket> listen_on(const SocketAddress& address, const ListenOptions& options);

struct AcceptedSocket {
  FileDescriptor socket{};
  Peer peer{};
};

/// would_block if nobody waits; out_of_descriptors at the limit; closed if the one who waited has
/// left.
Result<AcceptedSocket> accept_from(int listening_fd);

}  // namespace sluice::os
