// SPDX-License-Identifier: Apache-2.0
//
// Doors is where the broker listens, as configured: sockets, certificates, who may come in. A
// reload opens all that is new before anything changes; if one thing cannot be had, nothing does.
// Sockets that stay wanted stay open, so nobody who waits in their queues is lost. Those that a
// service manager hands over are used by the listener of their name or address.
//
// Owner:   Server.       Thread: the control thread.
// Limits:  those of server/doors/listener_options.def.
#pragma once

#include "base/log.h"
#include "core/access/entrance.h"
#include "net/address_range.h"
#include "net/listener.h"
#include "net/transport/registry.h"
#include "os/process/given_sockets.h"
#include "os/socket/listening_socket.h"
#include "server/option_schema.h"

#include <cstdint>
#include <deque>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::server {

/// Why the broker could not start, or a reload was refused, in words for the operator.
struct StartFailure {
  std::string text;
};

/// How many connections a listener has, over all threads.
struct DoorCount;

/// What a listener says of its connections before they speak; core::Entrance says the rest.
struct DoorPolicy {
  core::EntranceId entrance{};
  net::AddressRanges allowed;  ///< empty: all
  net::AddressRanges denied;
  net::AddressRanges proxies;  ///< those say later where a client is
  bool is_proxied = false;     ///< only proxies connect
  DoorCount* count = nullptr;  ///< null: no limit of its own
  std::uint64_t connections_max = 0;

  bool lets_in(const Peer& peer) const;
};

/// A listener of one thread.
struct Door {
  std::unique_ptr<net::Listener> listener;
  DoorPolicy policy;
};

/// `transport`, counted while it lives; null if there are too many already.
std::unique_ptr<net::Transport> count_connection(const DoorPolicy& policy,
                                                 std::unique_ptr<net::Transport> transport);

class Doors {
 public:
  explicit Doors(Log& log);
  ~Doors();
  Doors(const Doors&) = delete;
  Doors& operator=(const Doors&) = delete;

  /// For each of so many threads, a listener on each of the sockets.
  using ForThreads = std::vector<std::vector<Door>>;
  /// Opens what these options want; at a failure everything stays as it was.
  std::expected<ForThreads, StartFailure> open(const AllOptions& options, std::size_t threads);

  /// What core::AccessSettings wants to know of them: by EntranceId, of all that there ever were.
  std::vector<core::Entrance> entrances() const { return entrances_; }
  /// "127.0.0.1:1883 (mqtt)", in the order of the configuration.
  std::vector<std::string> shown() const;
  /// True if somebody else's machine can reach one of them.
  bool is_open_to_network() const;
  /// When the first certificate ends, in seconds since 1970; 0 if there is none.
  std::int64_t certificates_end_s() const;

 private:
  struct OpenDoor;
  using Opened = std::expected<OpenDoor, StartFailure>;

  using Anonymous = ServerOptions::Server::Anonymous;

  Opened open_one(const ListenerOptions& wanted, Anonymous otherwise,
                  const std::vector<OpenDoor>& others);
  std::expected<void, StartFailure> open_each(std::vector<ListenerOptions> addresses,
                                              Anonymous otherwise, std::vector<OpenDoor>& next);
  std::expected<std::vector<OpenDoor>, StartFailure> open_all(const AllOptions& options);
  std::expected<os::ListeningSocket, StartFailure> listen(const ListenerOptions& wanted,
                                                          const std::string& key);
  std::expected<void, StartFailure> take_given();
  std::expected<void, StartFailure> check_given(const std::vector<OpenDoor>& doors) const;
  /// The one for this listener, if there is one.
  const os::GivenSocket* find_given(const ListenerOptions& wanted,
                                    const os::SocketAddress& address) const;
  static std::expected<std::vector<Door>, StartFailure> for_thread(
      const std::vector<OpenDoor>& doors, const ServerOptions& options);
  void report(const std::vector<OpenDoor>& before) const;
  void number(std::vector<OpenDoor>& doors);

  Log& log_;
  net::TlsTicketKeys ticket_keys_{};
  std::optional<std::vector<os::GivenSocket>> given_;  // none before the first open()
  std::vector<OpenDoor> doors_;
  std::vector<core::Entrance> entrances_;
  std::vector<std::string> entrance_keys_;  // the door that has the number of the place
  std::deque<DoorCount> counts_;
};

}  // namespace sluice::server
