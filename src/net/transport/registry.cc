// SPDX-License-Identifier: Apache-2.0
#include "net/transport/registry.h"

#include "net/transport/tcp/tcp_transport.h"
#include "net/transport/unix/unix_transport.h"
#include "os/socket/connecting_socket.h"

#include <algorithm>
#include <array>

namespace sluice::net {
namespace {

constexpr std::array kinds{
    TransportKind{"mqtt", "tcp", "MQTT over TCP.", connect_tcp, wrap_tcp},
    TransportKind{"unix", "", "MQTT over a Unix socket.", connect_unix, wrap_unix},
    TransportKind{"memory", "", "A pair of ends within the process.", nullptr, nullptr},
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
