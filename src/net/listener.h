// SPDX-License-Identifier: Apache-2.0
//
// A Listener takes connections from one address, TCP or Unix, a bounded number at a time, and hands
// each over as a Transport. At the limit of descriptors it drops the connections that wait (their
// clients see it at once), and if even that fails it stops listening for a moment: it never spins.
//
// Owner:   a shard or the acceptor.         Thread: its owner's.
// Never:   reads a clock; blocks; registers the connections it yields.
// Limits:  ListenerOptions; a pause lasts 100 ms.
#pragma once

#include "base/time.h"
#include "net/transport/transport.h"
#include "os/fwd.h"
#include "os/socket/listening_socket.h"
#include "os/socket/reserve_descriptor.h"
#include "os/socket/socket_options.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace sluice::net {

using WrapSocket = std::function<std::unique_ptr<Transport>(os::FileDescriptor, const Peer&)>;

struct ListenerOptions {
  os::ListenOptions socket{};
  os::TcpKeepAlive keep_alive{};
  std::size_t accept_batch_max = 8;  ///< connections taken in one call, about 50 µs
  WrapSocket wrap{};                 ///< empty: plain TCP or Unix, as the address says
};

struct ListenerCounters {
  std::uint64_t accepted = 0;
  std::uint64_t dropped = 0;  ///< closed at once: no descriptor was left
  std::uint64_t failed = 0;   ///< the client had left, or accept failed otherwise
  std::uint64_t paused = 0;   ///< times it stopped listening for want of descriptors
};

class Listener {
 public:
  static constexpr Duration pause_time = 100ms;

  /// Binds and listens; see os::listen_on for errors.
  static Result<std::unique_ptr<Listener>> open(const os::SocketAddress& address,
                                                const ListenerOptions& options);
  /// On a socket that listens already; open() makes one.
  Listener(os::ListeningSocket socket, const ListenerOptions& options);
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { detach(); }

  /// As bound: with the real port where 0 was asked for.
  const os::SocketAddress& address() const { return address_; }
  const ListenerCounters& counters() const { return counters_; }

  /// Has `reactor` tell `token` of waiting connections (level-triggered: what one batch leaves is
  /// told again). The reactor outlives this, or detach() is called first.
  Result<void> attach(os::Reactor& reactor, std::uint64_t token);
  void detach();

  /// The token was ready: appends at most accept_batch_max connections to `into`.
  void accept(std::vector<std::unique_ptr<Transport>>& into, Instant now);

  /// Leaves connections in the kernel's queue until resume(): the owner has enough for now.
  void hold();
  void resume();

  /// When on_deadline is due; never if no pause is on.
  Instant next_deadline() const { return resume_at_; }
  /// Ends the pause, if it is time.
  void on_deadline(Instant now);

 private:
  enum class Taken : std::uint8_t { one, skipped, none };

  Taken take_one(std::vector<std::unique_ptr<Transport>>& into, Instant now);
  Taken on_refusal(const Error& error, Instant now);
  void watch();

  os::FileDescriptor socket_;
  os::SocketAddress address_;
  ListenerOptions options_;
  os::ReserveDescriptor reserve_;
  ListenerCounters counters_;
  os::Reactor* reactor_ = nullptr;
  std::uint64_t token_ = 0;
  Instant resume_at_ = Instant::never();
  bool is_held_ = false;
};

}  // namespace sluice::net
