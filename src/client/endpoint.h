// SPDX-License-Identifier: Apache-2.0
//
// An Endpoint is one place where a broker may listen: a scheme with a host and port, or the path of
// a Unix socket.
//
// Limits:  references_max endpoints of one Server Reference.
// Spec:    MQTT 5.0 §4.11.
#pragma once

#include "base/result.h"
#include "net/url.h"
#include "os/socket/socket_address.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::client {

struct Endpoint {
  net::Scheme scheme = net::Scheme::tcp;
  std::string host;  ///< empty for a Unix socket
  std::uint16_t port = 0;
  std::string path;  ///< of the socket, or of a WebSocket
};

/// The rest of a longer Server Reference is passed over.
constexpr std::size_t references_max = 16;

/// The hosts of a URL, in its order.
std::vector<Endpoint> endpoints_of(const net::BrokerUrl& url);
/// What a server at `from` names in its Server Reference, "one.example two.example:8883
/// [::1]:1883": reached as `from` is. What cannot be read is passed over; empty if nothing is left.
std::vector<Endpoint> endpoints_of_reference(std::string_view reference, const Endpoint& from);
/// All addresses of the endpoint; not_found if the name has none. Blocks (DNS).
Result<std::vector<os::SocketAddress>> resolve(const Endpoint& endpoint);
/// False if resolve() answers at once: for a number, a path, and this machine's own name.
bool asks_the_network(const Endpoint& endpoint);
/// True if one of them is reached over a WebSocket.
bool has_web_socket(const std::vector<Endpoint>& endpoints);
/// "127.0.0.1:1883", "/run/sluice.sock".
std::string to_string(const Endpoint& endpoint);

}  // namespace sluice::client
