// SPDX-License-Identifier: Apache-2.0
//
// The table of transports: what each scheme of a URL or a listener is carried by. A new transport
// is a folder and a row in registry.cc.
#pragma once

#include "net/transport/proxy/proxy_transport.h"
#include "net/transport/socks/socks_transport.h"
#include "net/transport/tls/tls_context.h"
#include "net/transport/transport.h"
#include "net/transport/ws/ws_handshake.h"
#include "os/file_descriptor.h"
#include "os/socket/connecting_socket.h"
#include "os/socket/socket_address.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::net {

/// What the layers of a client's connection need to know.
struct ClientLayers {
  TlsContext tls{};
  std::string host{};                  ///< the server's name, as the user gave it
  std::string path{};                  ///< of a WebSocket
  std::vector<WsHeader> ws_headers{};  ///< of its request; that check_ws_headers() accepts
  std::uint16_t port{};                ///< of the server
  std::optional<SocksProxy> proxy{};   ///< the address is its, and it is asked for `target`
  std::string target{};                ///< the server's name, for the proxy
  os::Paths paths = os::Paths::one;    ///< of the TCP connection
  std::uint64_t seed{};  ///< secret and another for each connection: a WebSocket's masks
};

/// What those of a listener's connections do.
struct ServerLayers {
  TlsContext tls{};
  WsServerOptions ws{};
  std::optional<ProxyOptions> proxy{};  ///< with it, connections begin with PROXY
};

struct ConnectTo {
  const os::SocketAddress& address;
  const os::SocketAddress* local;  ///< where from; null: the system's choice
  const ClientLayers& layers;
};

enum class Security : std::uint8_t { plain, tls };
enum class Framing : std::uint8_t { none, web_socket };

struct TransportKind {
  std::string_view scheme;   ///< "mqtt"
  std::string_view alias;    ///< another name of the same; empty if none
  std::string_view summary;  ///< one sentence, for help and reference
  Security security;         ///< tls: the layers hold a TlsContext
  Framing framing;           ///< web_socket: in its frames
  /// Begins a connection: it is made once its descriptor is writable and finish_connect() says so,
  /// and its handshake(). Null for what has no address.
  Result<std::unique_ptr<Transport>> (*connect)(const ConnectTo& to);
  /// A Transport on a socket that a listener of this scheme accepted. Null as above.
  std::unique_ptr<Transport> (*wrap)(os::FileDescriptor socket, const Peer& peer,
                                     const ServerLayers& layers);
};

std::span<const TransportKind> transport_kinds();
/// Null if this build has no such scheme.
const TransportKind* find_transport(std::string_view scheme);
/// How a connection begun by connect() went, once writable; would_block before that.
Result<void> finish_connect(const Transport& transport);

}  // namespace sluice::net
