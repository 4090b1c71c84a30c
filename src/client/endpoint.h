// SPDX-License-Identifier: Apache-2.0
//
// An Endpoint is one place where a broker may listen: a scheme with a host and port, or the path of
// a Unix socket.
#pragma once

#include "base/result.h"
#include "net/url.h"
#include "os/socket/socket_address.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::client {

struct Endpoint {
  net::Scheme scheme = net::Scheme::tcp;
  std::string host;  ///< empty for a Unix socket
  std::uint16_t port = 0;
  std::string path;  ///< of the socket, or of a WebSocket
};

/// The hosts of a URL, in its order.
std::vector<Endpoint> endpoints_of(const net::BrokerUrl& url);
/// All addresses of the endpoint; not_found if the name has none. Blocks (DNS).
Result<std::vector<os::SocketAddress>> resolve(const Endpoint& endpoint);
/// False if resolve() answers at once: for a number, a path, and this machine's own name.
bool asks_the_network(const Endpoint& endpoint);
/// "127.0.0.1:1883", "/run/sluice.sock".
std::string to_string(const Endpoint& endpoint);

}  // namespace sluice::client
