// SPDX-License-Identifier: Apache-2.0
#include "client/endpoint.h"

namespace sluice::client {

std::vector<Endpoint> endpoints_of(const net::BrokerUrl& url) {
  if (url.scheme == net::Scheme::unix_socket) {
    return {Endpoint{.scheme = url.scheme, .host = {}, .port = 0, .path = url.path}};
  }
  std::vector<Endpoint> endpoints;
  for (const net::HostPort& address : url.hosts) {
    endpoints.push_back({.scheme = url.scheme,
                         .host = address.host,
                         .port = address.port.value_or(net::default_port(url.scheme)),
                         .path = url.path});
  }
  return endpoints;
}

Result<std::vector<os::SocketAddress>> resolve(const Endpoint& endpoint) {
  if (endpoint.scheme == net::Scheme::unix_socket) {
    SLUICE_TRY(const os::SocketAddress address, os::SocketAddress::from_unix_path(endpoint.path));
    return std::vector{address};
  }
  return os::resolve(endpoint.host, endpoint.port);
}

bool asks_the_network(const Endpoint& endpoint) {
  return endpoint.scheme != net::Scheme::unix_socket && endpoint.host != "localhost" &&
         !os::SocketAddress::from_ip(endpoint.host, endpoint.port);
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.scheme == net::Scheme::unix_socket) return endpoint.path;
  return net::to_string(net::HostPort{.host = endpoint.host, .port = endpoint.port});
}

}  // namespace sluice::client
