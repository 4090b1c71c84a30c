// SPDX-License-Identifier: Apache-2.0
#include "client/endpoint.h"

#include <algorithm>

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

std::vector<Endpoint> endpoints_of_reference(std::string_view reference, const Endpoint& from) {
  std::vector<Endpoint> endpoints;
  if (from.scheme == net::Scheme::unix_socket) return endpoints;
  while (!reference.empty() && endpoints.size() < references_max) {
    const std::string_view word = reference.substr(0, reference.find(' '));
    reference.remove_prefix(std::min(reference.size(), word.size() + 1));
    const auto place = net::parse_host_port(word);
    if (!place || place->host.empty() || place->port == 0) continue;
    endpoints.push_back({.scheme = from.scheme,
                         .host = place->host,
                         .port = place->port.value_or(net::default_port(from.scheme)),
                         .path = from.path});
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

bool has_web_socket(const std::vector<Endpoint>& endpoints) {
  return std::ranges::any_of(endpoints, [](const Endpoint& endpoint) {
    return endpoint.scheme == net::Scheme::ws || endpoint.scheme == net::Scheme::wss;
  });
}

std::string to_string(const Endpoint& endpoint) {
  if (endpoint.scheme == net::Scheme::unix_socket) return endpoint.path;
  return net::to_string(net::HostPort{.host = endpoint.host, .port = endpoint.port});
}

}  // namespace sluice::client
