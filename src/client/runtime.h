// SPDX-License-Identifier: Apache-2.0
//
// A Runtime is a Link with a reactor and a clock of its own: step() waits for what happens next
// and handles it. Other descriptors (standard input, signals) and one alarm can be watched along.
//
//   auto runtime = *Runtime::create(options, {events, link_events});
//   runtime->start();
//   while (!runtime->link().is_over()) runtime->step();
//
// Owner:   a command, or a thread of its own.      Thread: its owner's.
// Never:   starts a thread.
// Limits:  those of Link; eight watched descriptors.
#pragma once

#include "base/result.h"
#include "base/rng.h"
#include "client/link.h"
#include "os/reactor/reactor.h"

#include <functional>
#include <memory>
#include <vector>

namespace sluice::client {

class Runtime {
 public:
  /// References that outlive the runtime.
  struct Listeners {
    ClientEvents& events;
    LinkEvents& link_events;
    TrafficObserver* observer = nullptr;
  };
  static Result<std::unique_ptr<Runtime>> create(LinkOptions options, const Listeners& listeners);
  class Key;  ///< only create() can make one
  Runtime(Key, std::unique_ptr<os::Reactor> reactor, LinkOptions options,
          const Listeners& listeners);
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  void start();
  /// Waits until something is to be done, and does it.
  void step();
  /// The time of the last thing that happened; events and operations use it.
  Instant now() const { return now_; }

  Link& link() { return *link_; }
  ClientMachine& machine() { return link_->machine(); }

  /// Calls `on_readable` while the descriptor can be read, until unwatch(). Fails for what cannot
  /// be watched (a plain file: it can always be read).
  Result<void> watch(int fd, std::function<void()> on_readable);
  void unwatch(int fd);
  /// Calls `on_hangup` when the reader of a pipe is gone. Nothing happens for what cannot be
  /// watched.
  void watch_hangup(int fd, std::function<void()> on_hangup);
  /// Calls `on_alarm` once at that time; another call replaces it.
  void set_alarm(Instant at, std::function<void()> on_alarm);
  /// Makes step() return without waiting, once.
  void skip_wait() { is_wait_skipped_ = true; }

 private:
  struct Watched {
    int fd = -1;
    std::uint64_t token = 0;
    std::function<void()> on_event;
    bool is_for_hangup = false;
  };
  Duration wait_time() const;
  void dispatch(const os::Ready& ready);

  std::unique_ptr<os::Reactor> reactor_;
  Rng rng_;
  std::unique_ptr<Link> link_;
  std::vector<Watched> watched_;
  std::uint64_t last_token_ = 0;
  Instant now_;
  Instant alarm_at_ = Instant::never();
  std::function<void()> on_alarm_;
  bool is_wait_skipped_ = false;
};

class Runtime::Key {
  friend class Runtime;
  Key() = default;
};

}  // namespace sluice::client
