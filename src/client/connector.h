// SPDX-License-Identifier: Apache-2.0
//
// A Connector opens a Transport to the first of several endpoints that can be reached: each address
// of each name in turn, with a time limit for each. Names are looked up on another thread.
//
// Owner:   Link.      Thread: its owner's.
// Never:   waits.
// Limits:  open_timeout for each name and each address.
#pragma once

#include "base/time.h"
#include "client/endpoint.h"
#include "net/transport/registry.h"
#include "os/reactor/reactor.h"
#include "os/socket/name_lookup.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::client {

struct ConnectorOptions {
  std::vector<Endpoint> endpoints;  ///< at least one
  Duration open_timeout = 10s;      ///< the handshakes of TLS and WebSocket included
  net::ClientLayers layers{};       ///< for endpoints that have TLS; the host is filled in
  std::string local_host{};         ///< the address to connect from; empty: the system's choice
};

class Connector {
 public:
  enum class Progress : std::uint8_t { busy, connected, failed };

  /// `token` names the transport's descriptor in the reactor's batches.
  Connector(ConnectorOptions options, os::Reactor& reactor, std::uint64_t token);
  Connector(const Connector&) = delete;
  Connector& operator=(const Connector&) = delete;
  ~Connector();

  Progress start(Instant now);
  /// Where to go from the next start() on. REQUIRES: at least one.
  void set_endpoints(std::vector<Endpoint> endpoints);
  /// Goes on with what comes behind the address that was taken last: it led to no broker.
  Progress go_on(Instant now) { return try_on(now); }
  /// True if an address or an endpoint is left to go on with.
  bool has_more() const {
    return !addresses_.empty() || endpoint_at_ + 1 < options_.endpoints.size();
  }
  void stop();
  Progress on_ready(Instant now);
  Progress on_deadline(Instant now);
  Instant next_deadline() const { return deadline_; }

  /// The open transport, registered with Watch::edge. REQUIRES: the last call said connected.
  std::unique_ptr<net::Transport> take() { return std::move(transport_); }
  /// The endpoint that is tried, or was tried last.
  const Endpoint& endpoint() const { return options_.endpoints[endpoint_at_]; }
  /// Why the last address could not be reached.
  const Error& error() const { return error_; }

 private:
  Progress try_on(Instant now);
  /// False if the answer comes later.
  bool find_addresses(Instant now);
  /// Where to connect to: the endpoint, or the proxy on the way there.
  Endpoint next_hop() const;
  void take_addresses(Result<std::vector<os::SocketAddress>> found);
  void forget_lookup();
  bool begin(const os::SocketAddress& address);
  Result<std::optional<os::SocketAddress>> local_address(const os::SocketAddress& remote) const;
  Progress give_up_address(const Error& error, Instant now);

  ConnectorOptions options_;
  os::Reactor& reactor_;
  std::uint64_t token_;
  std::unique_ptr<os::NameLookup> lookup_;  ///< of the endpoint's name, while that is under way
  std::unique_ptr<net::Transport> transport_;
  std::vector<os::SocketAddress> addresses_;  ///< of the endpoint, those not tried yet
  std::size_t endpoint_at_ = 0;
  Instant deadline_ = Instant::never();
  Error error_;
};

}  // namespace sluice::client
