// SPDX-License-Identifier: Apache-2.0
#include "net/transport/registry.h"

#include "net/address.h"
#include "net/transport/tcp/tcp_transport.h"
#include "net/transport/tls/tls_transport.h"
#include "net/transport/unix/unix_transport.h"
#include "net/transport/ws/ws_transport.h"

#include <algorithm>
#include <array>

namespace sluice::net {
namespace {

using Connected = Result<std::unique_ptr<Transport>>;

Connected connect_mqtt(const ConnectTo& to) {
  SLUICE_TRY(auto socket, connect_tcp(to.address, to.local, to.layers.paths));
  if (!to.layers.proxy) return socket;
  const HostPort target{.host = to.layers.target, .port = to.layers.port};
  return std::make_unique<SocksTransport>(*to.layers.proxy, target, std::move(socket));
}

Connected connect_local(const ConnectTo& to) { return connect_unix(to.address, to.local); }

Connected connect_mqtts(const ConnectTo& to) {
  SLUICE_TRY(auto socket, connect_mqtt(to));
  return std::make_unique<TlsTransport>(to.layers.tls, std::move(socket), to.layers.host);
}

std::unique_ptr<Transport> ws_client(const ConnectTo& to, std::unique_ptr<Transport> beneath) {
  const ClientLayers& layers = to.layers;
  UpgradeRequest request{.host = to_string(HostPort{.host = layers.host, .port = layers.port}),
                         .path = layers.path,
                         .key = {},
                         .headers = layers.ws_headers};
  return std::make_unique<WsTransport>(std::move(request), layers.seed, std::move(beneath));
}

Connected connect_ws(const ConnectTo& to) {
  SLUICE_TRY(auto socket, connect_mqtt(to));
  return ws_client(to, std::move(socket));
}

Connected connect_wss(const ConnectTo& to) {
  SLUICE_TRY(auto tls, connect_mqtts(to));
  return ws_client(to, std::move(tls));
}

/// The bytes of the connection itself, whatever is spoken over them.
std::unique_ptr<Transport> wrap_stream(os::FileDescriptor socket, const Peer& peer,
                                       const ServerLayers& layers) {
  auto stream =
      peer.is_ip() ? wrap_tcp(std::move(socket), peer) : wrap_unix(std::move(socket), peer);
  if (!layers.proxy) return stream;
  return std::make_unique<ProxyTransport>(*layers.proxy, std::move(stream));
}

std::unique_ptr<Transport> wrap_mqtts(os::FileDescriptor socket, const Peer& peer,
                                      const ServerLayers& layers) {
  return std::make_unique<TlsTransport>(layers.tls, wrap_stream(std::move(socket), peer, layers));
}

std::unique_ptr<Transport> wrap_ws(os::FileDescriptor socket, const Peer& peer,
                                   const ServerLayers& layers) {
  return std::make_unique<WsTransport>(layers.ws, wrap_stream(std::move(socket), peer, layers));
}

std::unique_ptr<Transport> wrap_wss(os::FileDescriptor socket, const Peer& peer,
                                    const ServerLayers& layers) {
  return std::make_unique<WsTransport>(layers.ws, wrap_mqtts(std::move(socket), peer, layers));
}

constexpr std::array kinds{
    TransportKind{"mqtt", "tcp", "MQTT over TCP.", Security::plain, Framing::none, connect_mqtt,
                  wrap_stream},
    TransportKind{"mqtts", "tls", "MQTT over TLS.", Security::tls, Framing::none, connect_mqtts,
                  wrap_mqtts},
    TransportKind{"ws", "", "MQTT over WebSocket.", Security::plain, Framing::web_socket,
                  connect_ws, wrap_ws},
    TransportKind{"wss", "", "MQTT over WebSocket over TLS.", Security::tls, Framing::web_socket,
                  connect_wss, wrap_wss},
    TransportKind{"unix", "", "MQTT over a Unix socket.", Security::plain, Framing::none,
                  connect_local, wrap_stream},
    TransportKind{"memory", "", "A pair of ends within the process.", Security::plain,
                  Framing::none, nullptr, nullptr},
};

}  // namespace

std::span<const TransportKind> transport_kinds() { return kinds; }

const TransportKind* find_transport(std::string_view scheme) {
  if (scheme.empty()) return nullptr;
  const auto found = std::ranges::find_if(kinds, [scheme](const TransportKind& kind) {
    return kind.scheme == scheme || kind.alias == scheme;
  });
  return found == kinds.end() ? nullptr : &*found;
}

Result<void> finish_connect(const Transport& transport) {
  if (transport.fd() < 0) return {};
  return os::connect_outcome(transport.fd());
}

}  // namespace sluice::net
