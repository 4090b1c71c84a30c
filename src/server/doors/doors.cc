// SPDX-License-Identifier: Apache-2.0
#include "server/doors/doors.h"

#include "auth/registry.h"
#include "net/transport/layered_transport.h"
#include "os/entropy.h"
#include "os/socket/port_holder.h"
#include "server/doors/door_settings.h"
#include "server/durability/durability_settings.h"

#include <algorithm>
#include <atomic>
#include <iterator>

namespace sluice::server {
namespace {

std::unexpected<StartFailure> failure(std::string text) {
  return std::unexpected(StartFailure{std::move(text)});
}

std::unexpected<StartFailure> failure_at(const ListenerOptions& wanted, const std::string& text) {
  return failure(wanted.place.empty() ? text : wanted.place + ": " + text);
}

std::string text_of_listen_error(const os::SocketAddress& where, const Error& error) {
  switch (error.code) {
    case ErrorCode::address_in_use:
      if (!where.is_unix()) return os::explain_port_in_use(where.peer().port) + " (--port N)";
      return where.text() + " is in use by another process that listens there";
    case ErrorCode::permission_denied:
      return "cannot listen on " + where.text() +
             (where.is_unix()
                  ? ": permission denied"
                  : ": permission denied; ports below 1024 need root or CAP_NET_BIND_SERVICE");
    case ErrorCode::invalid_argument:
      return "cannot listen on " + where.text() + ": not an address of this machine";
    default:
      return "cannot listen on " + where.text() + ": " + error.detail;
  }
}

net::ListenerOptions listener_options(const ServerOptions& options) {
  net::ListenerOptions listener;
  listener.keep_alive.idle =
      std::chrono::duration_cast<std::chrono::seconds>(options.server.tcp_keep_alive);
  listener.keep_alive.unacknowledged =
      std::chrono::duration_cast<std::chrono::milliseconds>(options.server.tcp_user_timeout);
  return listener;
}

// `localhost` is all of what programs take it for.
std::vector<ListenerOptions> addresses_of(const ListenerOptions& wanted) {
  if (wanted.listener.bind != "localhost") return {wanted};
  std::vector<ListenerOptions> both(2, wanted);
  both[0].listener.bind = "127.0.0.1";
  both[1].listener.bind = "::1";
  return both;
}

// The listeners of server.bind and server.port, as others are written.
std::vector<ListenerOptions> plain_doors(const ServerOptions& options) {
  std::vector<ListenerOptions> plain;
  for (const std::string& bind : options.server.bind) {
    ListenerOptions one;
    one.listener.bind = bind;
    one.listener.port = options.server.port;
    one.is_port_given = true;
    std::ranges::move(addresses_of(one), std::back_inserter(plain));
  }
  return plain;
}

}  // namespace

struct DoorCount {
  std::atomic<std::uint64_t> connections{0};
};

namespace {

class CountedTransport final : public net::LayeredTransport {
 public:
  CountedTransport(DoorCount& count, std::unique_ptr<net::Transport> transport)
      : LayeredTransport(std::move(transport)), count_(count) {}
  ~CountedTransport() override { --count_.connections; }

  Result<std::size_t> read(MutableByteView into) override { return beneath().read(into); }
  Result<std::size_t> write(std::span<const net::IoSlice> slices) override {
    return beneath().write(slices);
  }
  void shutdown_write() override { beneath().shutdown_write(); }
  bool has_buffered_input() const override { return beneath().has_buffered_input(); }
  bool has_pending_output() const override { return beneath().has_pending_output(); }
  Result<void> flush() override { return beneath().flush(); }
  bool is_handshaking() const override { return beneath().is_handshaking(); }
  Result<void> handshake() override { return beneath().handshake(); }

 private:
  DoorCount& count_;
};

}  // namespace

struct Doors::OpenDoor {
  std::string key;  ///< what was asked for: the same again is the same socket
  os::ListeningSocket socket;
  const net::TransportKind* kind = nullptr;
  net::ServerLayers layers;
  DoorPolicy policy;
  core::Entrance entrance;
};

bool DoorPolicy::lets_in(const Peer& peer) const {
  if (net::contains(denied, peer)) return false;
  return allowed.empty() || net::contains(allowed, peer);
}

std::unique_ptr<net::Transport> count_connection(const DoorPolicy& policy,
                                                 std::unique_ptr<net::Transport> transport) {
  if (policy.count == nullptr) return transport;
  if (policy.count->connections++ >= policy.connections_max) {
    --policy.count->connections;
    return nullptr;
  }
  return std::make_unique<CountedTransport>(*policy.count, std::move(transport));
}

Doors::Doors(Log& log) : log_(log) { os::fill_with_entropy(ticket_keys_); }

Doors::~Doors() = default;

std::expected<os::ListeningSocket, StartFailure> Doors::listen(const ListenerOptions& wanted,
                                                               const std::string& key) {
  const auto address = address_of(wanted);
  if (!address) return failure_at(wanted, address.error());
  const auto open = std::ranges::find(doors_, key, &OpenDoor::key);
  const os::GivenSocket* const given = find_given(wanted, *address);
  const os::ListeningSocket* const have = open != doors_.end() ? &open->socket
                                          : given != nullptr   ? &given->listening
                                                               : nullptr;
  if (have != nullptr) {
    auto copy = have->socket.duplicate();
    if (!copy) return failure_at(wanted, "no descriptor is left");
    return os::ListeningSocket{std::move(*copy), have->address};
  }
  const auto mode = mode_of(wanted);
  if (!mode) return failure_at(wanted, mode.error());
  auto socket = os::listen_on(*address, {.mode = *mode});
  if (!socket) return failure_at(wanted, text_of_listen_error(*address, socket.error()));
  return std::move(*socket);
}

std::expected<void, StartFailure> Doors::take_given() {
  if (given_) return {};
  auto taken = os::take_given_sockets();
  if (!taken)
    return failure(std::string("a socket that the service manager hands over is ") +
                   taken.error().detail);
  given_ = std::move(*taken);
  return {};
}

const os::GivenSocket* Doors::find_given(const ListenerOptions& wanted,
                                         const os::SocketAddress& address) const {
  const std::string& name = wanted.listener.name;
  const auto found = std::ranges::find_if(*given_, [&](const os::GivenSocket& one) {
    return (!name.empty() && one.name == name) || one.listening.address.text() == address.text();
  });
  return found != given_->end() ? &*found : nullptr;
}

// Clients of a socket that nobody takes would wait for ever.
std::expected<void, StartFailure> Doors::check_given(const std::vector<OpenDoor>& doors) const {
  for (const os::GivenSocket& one : *given_) {
    const std::string address = one.listening.address.text();
    const bool is_used = std::ranges::any_of(
        doors, [&](const OpenDoor& door) { return door.socket.address.text() == address; });
    if (!is_used)
      return failure("the service manager hands over a socket '" + one.name + "' at " + address +
                     ", and there is no listener of that name or address");
  }
  return {};
}

// What a listener does not say about anonymous clients, the server does; and if that does not
// either, they may come from this machine.
Doors::Opened Doors::open_one(const ListenerOptions& wanted, Anonymous otherwise,
                              const std::vector<OpenDoor>& others) {
  const auto& o = wanted.listener;
  if (auto good = check(wanted); !good) return failure_at(wanted, good.error());
  auto layers = layers_of(wanted, ticket_keys_);
  if (!layers) return failure_at(wanted, layers.error());
  std::string key =
      o.bind + " " + (wanted.is_port_given ? std::to_string(o.port) : "") + " " + o.socket_mode;
  // Port 0 may be asked for several times: each is a socket of its own.
  while (std::ranges::find(others, key, &OpenDoor::key) != others.end()) key += "'";
  auto socket = listen(wanted, key);
  if (!socket) return std::unexpected(socket.error());
  OpenDoor door{.key = key,
                .socket = std::move(*socket),
                .kind = net::find_transport(scheme_of(wanted)),
                .layers = std::move(*layers),
                .policy = {},
                .entrance = {}};
  const bool is_local = door.socket.address.peer().is_local();
  const auto anonymous = o.allow_anonymous == ListenerOptions::Listener::Anonymous::automatic
                             ? otherwise
                             : static_cast<Anonymous>(o.allow_anonymous);
  door.policy = {.entrance = {},
                 .allowed = *ranges_of(o.allow_addresses, "allow_addresses"),
                 .denied = *ranges_of(o.deny_addresses, "deny_addresses"),
                 .proxies = *ranges_of(o.proxy_trusted, "proxy_trusted"),
                 .is_proxied = o.proxy_protocol,
                 .count = nullptr,
                 .connections_max = o.connections_max};
  door.entrance = {
      .name = o.name.empty() ? door.socket.address.text() : o.name,
      .is_anonymous_allowed = anonymous == Anonymous::yes ||
                              (anonymous == Anonymous::automatic && is_local && !o.proxy_protocol),
      .versions = *versions_of(wanted),
      .mount_point = o.mount_point,
      .durability = durability_of(o.durability)};
  if (o.packet_bytes_max > 0)
    door.entrance.packet_bytes_max = static_cast<std::uint32_t>(o.packet_bytes_max);
  if (o.connections_max > 0) {
    const auto before = std::ranges::find(doors_, key, &OpenDoor::key);
    door.policy.count = before != doors_.end() && before->policy.count != nullptr
                            ? before->policy.count
                            : &counts_.emplace_back();
  }
  return door;
}

// Listeners that differ in their address alone.
std::expected<void, StartFailure> Doors::open_each(std::vector<ListenerOptions> addresses,
                                                   Anonymous otherwise,
                                                   std::vector<OpenDoor>& next) {
  std::uint64_t port = addresses.front().listener.port;
  std::string before;
  for (ListenerOptions& one : addresses) {
    const std::string& bind = one.listener.bind;
    one.listener.port = port;
    auto door = open_one(one, otherwise, next);
    // A machine without IPv6 still has its loopback.
    if (!door && bind == "::1" && before == "127.0.0.1") {
      log_.warn("listener_failed", {{"address", bind}, {"reason", door.error().text}});
      continue;
    }
    if (!door) return std::unexpected(door.error());
    // Port 0: all addresses get the one that the first was given.
    if (port == 0 && one.is_port_given) port = door->socket.address.peer().port;
    next.push_back(std::move(*door));
    before = bind;
  }
  return {};
}

std::expected<std::vector<Doors::OpenDoor>, StartFailure> Doors::open_all(
    const AllOptions& options) {
  std::vector<OpenDoor> next;
  auto chosen = options.server.server.allow_anonymous;
  // Who gives passwords out wants them asked for.
  if (chosen == Anonymous::automatic && auth::has_backends(options.auth)) chosen = Anonymous::no;
  if (options.is_plain_wanted) {
    auto opened = open_each(plain_doors(options.server), chosen, next);
    if (!opened) return std::unexpected(opened.error());
  }
  for (const ListenerOptions& wanted : options.listeners) {
    auto opened = open_each(addresses_of(wanted), chosen, next);
    if (!opened) return std::unexpected(opened.error());
  }
  return next;
}

std::expected<Doors::ForThreads, StartFailure> Doors::open(const AllOptions& options,
                                                           std::size_t threads) {
  const bool is_start = !given_;
  if (auto taken = take_given(); !taken) return std::unexpected(taken.error());
  auto next = open_all(options);
  if (!next) return std::unexpected(next.error());
  if (auto good = check_given(*next); is_start && !good) return std::unexpected(good.error());
  number(*next);
  ForThreads made;
  for (std::size_t i = 0; i < threads; ++i) {
    auto one = for_thread(*next, options.server);
    if (!one) return std::unexpected(one.error());
    made.push_back(std::move(*one));
  }
  const std::vector<OpenDoor> before = std::exchange(doors_, std::move(*next));
  report(before);
  return made;
}

// A door keeps its number over reloads; one that is closed keeps it for those who came by it.
void Doors::number(std::vector<OpenDoor>& doors) {
  for (OpenDoor& door : doors) {
    auto place = static_cast<std::size_t>(std::ranges::find(entrance_keys_, door.key) -
                                          entrance_keys_.begin());
    if (place == entrance_keys_.size()) {
      entrance_keys_.push_back(door.key);
      entrances_.emplace_back();
    }
    entrances_[place] = door.entrance;
    door.policy.entrance = core::EntranceId{static_cast<std::uint16_t>(place)};
  }
}

void Doors::report(const std::vector<OpenDoor>& before) const {
  for (const OpenDoor& door : doors_) {
    if (std::ranges::find(before, door.key, &OpenDoor::key) != before.end()) continue;
    const std::string address = door.socket.address.text();
    log_.info("listener_opened", {{"protocol", door.kind->scheme}, {"address", address}});
    if (door.entrance.is_anonymous_allowed && !door.socket.address.peer().is_local())
      log_.warn("anonymous_open", {{"address", address}});
  }
  for (const OpenDoor& door : before)
    if (std::ranges::find(doors_, door.key, &OpenDoor::key) == doors_.end())
      log_.info("listener_closed", {{"address", door.socket.address.text()}});
}

std::expected<std::vector<Door>, StartFailure> Doors::for_thread(const std::vector<OpenDoor>& doors,
                                                                 const ServerOptions& options) {
  std::vector<Door> made;
  for (const OpenDoor& door : doors) {
    auto copy = door.socket.socket.duplicate();
    if (!copy) return failure("no descriptor is left for the listeners of all threads");
    net::ListenerOptions listener = listener_options(options);
    listener.wrap = [kind = door.kind, layers = door.layers](os::FileDescriptor socket,
                                                             const Peer& peer) {
      return kind->wrap(std::move(socket), peer, layers);
    };
    Door& one = made.emplace_back();
    one.listener = std::make_unique<net::Listener>(
        os::ListeningSocket{std::move(*copy), door.socket.address}, listener);
    one.policy = door.policy;
  }
  return made;
}

std::vector<std::string> Doors::shown() const {
  std::vector<std::string> texts;
  for (const OpenDoor& door : doors_)
    texts.push_back(door.socket.address.text() + " (" + std::string(door.kind->scheme) + ")");
  return texts;
}

bool Doors::is_open_to_network() const {
  return std::ranges::any_of(
      doors_, [](const OpenDoor& door) { return !door.socket.address.peer().is_local(); });
}

std::int64_t Doors::certificates_end_s() const {
  std::int64_t first = 0;
  for (const OpenDoor& door : doors_) {
    const std::int64_t end = door.layers.tls ? door.layers.tls.expires_s() : 0;
    if (end != 0 && (first == 0 || end < first)) first = end;
  }
  return first;
}

}  // namespace sluice::server
