// SPDX-License-Identifier: Apache-2.0
#include "client/connector.h"

#include "base/assert.h"
#include "os/entropy.h"

#include <algorithm>
#include <utility>

namespace sluice::client {

Connector::Connector(ConnectorOptions options, os::Reactor& reactor, std::uint64_t token)
    : options_(std::move(options)), reactor_(reactor), token_(token) {
  SLUICE_ASSERT(!options_.endpoints.empty());
}

Connector::~Connector() { forget_lookup(); }

Connector::Progress Connector::start(Instant now) {
  stop();
  endpoint_at_ = 0;
  if (!find_addresses(now)) return Progress::busy;
  return try_on(now);
}

void Connector::set_endpoints(std::vector<Endpoint> endpoints) {
  SLUICE_ASSERT(!endpoints.empty());
  stop();
  options_.endpoints = std::move(endpoints);
  endpoint_at_ = 0;
}

void Connector::stop() {
  forget_lookup();
  transport_.reset();
  addresses_.clear();
  deadline_ = Instant::never();
}

Connector::Progress Connector::on_ready(Instant now) {
  if (lookup_ != nullptr) {
    if (!lookup_->is_done()) return Progress::busy;
    auto found = lookup_->take();
    forget_lookup();
    take_addresses(std::move(found));
    return try_on(now);
  }
  SLUICE_ASSERT(transport_ != nullptr);
  auto outcome = net::finish_connect(*transport_);
  if (outcome && transport_->has_pending_output()) static_cast<void>(transport_->flush());
  if (outcome) outcome = transport_->handshake();
  if (outcome) {
    deadline_ = Instant::never();
    return Progress::connected;
  }
  if (outcome.error().code == ErrorCode::would_block) return Progress::busy;
  return give_up_address(outcome.error(), now);
}

Connector::Progress Connector::on_deadline(Instant now) {
  if (now < deadline_) return Progress::busy;
  const char* const why =
      lookup_ == nullptr ? "no answer in time" : "the system did not find the name in time";
  forget_lookup();
  return give_up_address({.code = ErrorCode::timed_out, .detail = why}, now);
}

Connector::Progress Connector::give_up_address(const Error& error, Instant now) {
  error_ = error;
  transport_.reset();
  return try_on(now);
}

Connector::Progress Connector::try_on(Instant now) {
  for (;;) {
    while (!addresses_.empty()) {
      const os::SocketAddress address = addresses_.back();
      addresses_.pop_back();
      if (!begin(address)) continue;
      deadline_ = now + options_.open_timeout;
      return Progress::busy;
    }
    if (endpoint_at_ + 1 == options_.endpoints.size()) break;
    ++endpoint_at_;
    if (!find_addresses(now)) return Progress::busy;
  }
  deadline_ = Instant::never();
  return Progress::failed;
}

bool Connector::find_addresses(Instant now) {
  const Endpoint hop = next_hop();
  if (!asks_the_network(hop)) {
    take_addresses(resolve(hop));
    return true;
  }
  auto begun = os::NameLookup::start(hop.host, hop.port);
  const auto watched = begun ? reactor_.add((*begun)->fd(), token_, os::Watch::edge)
                             : Result<void>(fail(begun.error()));
  if (!watched) {
    take_addresses(fail(watched.error()));
    return true;
  }
  lookup_ = std::move(*begun);
  deadline_ = now + options_.open_timeout;
  return false;
}

Endpoint Connector::next_hop() const {
  const auto& proxy = options_.layers.proxy;
  if (!proxy || endpoint().scheme == net::Scheme::unix_socket) return endpoint();
  return {.scheme = net::Scheme::tcp,
          .host = proxy->address.host,
          .port = proxy->address.port.value_or(0),
          .path = {}};
}

void Connector::take_addresses(Result<std::vector<os::SocketAddress>> found) {
  addresses_.clear();
  if (!found) {
    error_ = found.error();
    return;
  }
  addresses_ = std::move(*found);
  std::ranges::reverse(addresses_);
}

void Connector::forget_lookup() {
  if (lookup_ == nullptr) return;
  reactor_.remove(lookup_->fd());
  lookup_.reset();
}

Result<std::optional<os::SocketAddress>> Connector::local_address(
    const os::SocketAddress& remote) const {
  if (options_.local_host.empty() || remote.is_unix()) return std::nullopt;
  SLUICE_TRY(const auto found, os::resolve(options_.local_host, 0));
  const auto same =
      std::ranges::find(found, remote.is_ipv6(), [](const auto& one) { return one.is_ipv6(); });
  if (same == found.end()) {
    return fail(ErrorCode::invalid_argument,
                "the local address is of another kind than the broker's");
  }
  return *same;
}

bool Connector::begin(const os::SocketAddress& address) {
  const net::TransportKind* kind = net::find_transport(net::to_string(endpoint().scheme));
  if (kind == nullptr || kind->connect == nullptr) {
    error_ = {.code = ErrorCode::invalid_argument,
              .detail = "this build cannot carry connections of this scheme"};
    return false;
  }
  const auto local = local_address(address);
  if (!local) {
    error_ = local.error();
    return false;
  }
  if (kind->security == net::Security::tls && !options_.layers.tls) {
    error_ = {.code = ErrorCode::invalid_argument,
              .detail = "it asks for TLS, which is not set up"};
    return false;
  }
  net::ClientLayers layers = options_.layers;
  if (layers.host.empty()) layers.host = endpoint().host;
  layers.target = endpoint().host;
  layers.path = endpoint().path;
  layers.port = endpoint().port;
  if (kind->framing == net::Framing::web_socket) layers.seed = os::random_seed();
  auto begun = kind->connect({address, *local ? &**local : nullptr, layers});
  if (!begun) {
    error_ = begun.error();
    return false;
  }
  const auto added = reactor_.add((*begun)->fd(), token_, os::Watch::edge);
  if (!added) {
    error_ = added.error();
    return false;
  }
  transport_ = std::move(*begun);
  return true;
}

}  // namespace sluice::client
