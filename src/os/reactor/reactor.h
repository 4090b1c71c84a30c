// SPDX-License-Identifier: Apache-2.0
//
// A Reactor tells which descriptors can be read or written, in batches. It calls nobody: the owner
// walks the batch and looks its 64-bit tokens up. One epoll instance, one epoll_wait for each
// wait().
//
// Edge contract (Watch::edge): a connection is registered once, for both directions, and never
// touched again until it is closed. An event says that something changed since the last event, not
// that something is still there. So the owner remembers, for each connection:
//   - still readable: set by Ready::readable; cleared only when read() said would_block. If its
//     reading is paused or cut short it stays on the owner's list, to be read without an event.
//   - still writable: true at first; cleared when write() said would_block; set by Ready::writable.
// A hangup is delivered with readable set: the bytes that came before it can still be read.
//
// A descriptor that is closed leaves the set by itself (unless it was duplicated), but events of
// the same batch may still name its token: make tokens carry a generation, and ignore those of the
// dead.
//
// Owner:   one shard or control loop.       Thread: its owner's.
// Never:   allocates after creation; returns early from wait() because of rounding (it rounds up to
//          milliseconds, but for less than one).
// Limits:  batch_max events for each wait().
#pragma once

#include "base/result.h"
#include "base/time.h"
#include "os/file_descriptor.h"

#include <cstdint>
#include <memory>
#include <span>

namespace sluice::os {

struct Ready {
  std::uint64_t token = 0;
  bool readable = false;
  bool writable = false;
  bool hangup = false;  ///< the peer closed its side, or the connection failed
};

enum class Watch : std::uint8_t {
  edge,         ///< both directions, told once for each change: connections, Wakeup
  level_read,   ///< told while it can be read: listeners, signals
  level_write,  ///< told while it can be written: a connection in the making
  nothing,      ///< registered but silent: a paused listener
};

class Reactor {
 public:
  static constexpr std::size_t batch_max = 512;

  static Result<std::unique_ptr<Reactor>> create();
  /// Takes an epoll descriptor; create() opens one.
  explicit Reactor(FileDescriptor epoll);
  Reactor(const Reactor&) = delete;
  Reactor& operator=(const Reactor&) = delete;
  ~Reactor();

  /// already_exists if it is registered; no_space at the kernel's limit of watches.
  Result<void> add(int fd, std::uint64_t token, Watch watch);
  /// not_found if it is not registered.
  Result<void> modify(int fd, std::uint64_t token, Watch watch);
  /// No error if it is not registered.
  void remove(int fd);

  /// For another loop to wait on: readable when wait() would return at once.
  int fd() const { return epoll_.get(); }
  /// Waits until something is ready, at most `timeout` (negative: for ever, zero: not at all). The
  /// batch is valid until the next call; empty after the timeout or a signal.
  std::span<const Ready> wait(Duration timeout);

 private:
  struct Batch;

  FileDescriptor epoll_;
  std::unique_ptr<Batch> batch_;
};

}  // namespace sluice::os
