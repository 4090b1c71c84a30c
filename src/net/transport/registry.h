// SPDX-License-Identifier: Apache-2.0
//
// The table of transports: what each scheme of a URL or a listener is carried by. A new transport
// is a folder and a row in registry.cc.
#pragma once

#include "net/transport/transport.h"
#include "os/file_descriptor.h"
#include "os/socket/socket_address.h"

#include <memory>
#include <span>
#include <string_view>

namespace sluice::net {

struct TransportKind {
  std::string_view scheme;   ///< "mqtt"
  std::string_view alias;    ///< another name of the same; empty if none
  std::string_view summary;  ///< one sentence, for help and reference
  /// Begins a connection: it is made once its descriptor is writable and finish_connect() says so.
  /// From `local` if that is not null. Null for what has no address.
  Result<std::unique_ptr<Transport>> (*connect)(const os::SocketAddress& address,
                                                const os::SocketAddress* local);
  /// A Transport on a socket that a listener of this scheme accepted. Null as above.
  std::unique_ptr<Transport> (*wrap)(os::FileDescriptor socket, const Peer& peer);
};

std::span<const TransportKind> transport_kinds();
/// Null if this build has no such scheme.
const TransportKind* find_transport(std::string_view scheme);
/// How a connection begun by connect() went, once writable; would_block before that.
Result<void> finish_connect(const Transport& transport);

}  // namespace sluice::net
