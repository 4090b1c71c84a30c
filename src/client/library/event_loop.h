// SPDX-License-Identifier: Apache-2.0
//
// An EventLoop drives clients: a reactor, their deadlines, work posted by other threads, and
// operations that expire. A thread of its own turns it, or its user's does.
//
// Owner:   Refs of its clients and of v1::loop.
// Thread:  the one that turns it; post(), mark(), expire_at() and the questions any.
// Limits:  posted work is bounded by what users begin; deadlines of settled operations are purged.
#pragma once

#include "base/bytes.h"
#include "base/result.h"
#include "base/rng.h"
#include "os/counter.h"
#include "os/mutex.h"
#include "os/reactor/reactor.h"
#include "os/reactor/wakeup.h"
#include "os/shared.h"
#include "os/thread.h"

#include <sluice/loop.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::client {

/// Something that ends at a time unless it is settled before.
class Expiring : public os::Shared {
 public:
  virtual bool is_settled() const = 0;
  virtual void on_expired() = 0;
};

/// What a loop drives: one client. All calls on the loop's thread.
class LoopMember : public os::Shared {
 public:
  virtual void on_ready(const os::Ready& ready, Instant now) = 0;
  virtual void on_deadline(Instant now) = 0;
  virtual Instant next_deadline() const = 0;
  /// mark() was called.
  virtual void on_marked(Instant now) = 0;
  /// True if bytes wait that no event will announce.
  virtual bool has_more_to_read() const = 0;
  /// Something happened in this turn: send what there is to send.
  virtual void on_turn_end(Instant now) = 0;

 private:
  friend class EventLoop;
  os::Flag is_marked_;
  bool is_touched_ = false;
  std::uint32_t slot_ = 0;
  Instant alarm_ = Instant::never();
};

class EventLoop : public os::Shared {
 public:
  using Work = std::move_only_function<void(Instant)>;

  static Result<os::Ref<EventLoop>> create(v1::loop::drive how);
  EventLoop(v1::loop::drive how, std::unique_ptr<os::Reactor> reactor,
            std::unique_ptr<os::Wakeup> wakeup);
  /// Starts the thread. REQUIRES: drive::own_thread.
  Result<void> start();

  // Any thread.
  void post(Work work);
  /// Calls on_marked() of the member soon. Cheap while it is marked already.
  void mark(LoopMember& member);
  void expire_at(Instant at, os::Ref<Expiring> what);
  bool is_this_thread() const;
  bool is_driven_by_caller() const { return drive_ == v1::loop::drive::by_caller; }
  /// True while somebody is in run(), or the loop's own thread lives.
  bool is_running() const { return is_running_.is_up(); }
  void stop();
  /// Ends the loop's own thread when it has no members any more. Waits, unless on that thread.
  void end();
  int fd() const { return reactor_->fd(); }

  // The loop's thread, or whoever drives.
  void turn(Duration at_most);
  void run();
  Instant next_deadline() const;

  // The loop's thread.
  os::Reactor& reactor() { return *reactor_; }
  Rng& rng() { return rng_; }
  MutableByteView read_buffer() { return read_buffer_; }
  /// The token of the member's descriptor.
  std::uint64_t add(os::Ref<LoopMember> member);
  void remove(LoopMember& member);
  /// The member's deadline may have changed, or it has something to send.
  void touch(LoopMember& member);

 private:
  struct Slot {
    os::Ref<LoopMember> member;
    std::uint32_t generation = 0;
  };
  struct Alarm {
    Instant at;
    std::uint64_t token = 0;
  };
  struct Expiry {
    Instant at;
    os::Ref<Expiring> what;
  };
  static constexpr std::uint64_t wakeup_token = ~std::uint64_t{0};

  LoopMember* find(std::uint64_t token) const;
  std::uint64_t token_of(const LoopMember& member) const;
  Duration wait_time(Duration at_most) const;
  void do_posted(Instant now);
  void do_marked(Instant now);
  void do_alarms(Instant now);
  void do_expiries(Instant now);
  void read_on(Instant now);
  void end_turn(Instant now);
  void set_alarm(LoopMember& member);
  void push_expiry(Expiry expiry);
  void leave();

  const v1::loop::drive drive_;
  std::unique_ptr<os::Reactor> reactor_;
  std::unique_ptr<os::Wakeup> wakeup_;
  Rng rng_;
  os::Thread thread_;
  std::vector<std::uint8_t> read_buffer_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::size_t members_ = 0;
  std::vector<Alarm> alarms_;     ///< a heap
  std::vector<Expiry> expiries_;  ///< a heap
  std::size_t purge_at_ = 1024;
  std::vector<os::Ref<LoopMember>> touched_;
  std::vector<os::Ref<LoopMember>> unread_;
  os::Flag is_running_;
  os::Flag is_stopped_;
  os::Flag is_ending_;

  mutable os::Mutex mutex_;
  os::ThreadId turning_ SLUICE_GUARDED_BY(mutex_);
  std::vector<Work> posted_ SLUICE_GUARDED_BY(mutex_);
  std::vector<os::Ref<LoopMember>> marked_ SLUICE_GUARDED_BY(mutex_);
  bool has_work_ SLUICE_GUARDED_BY(mutex_) = false;
  bool is_left_ SLUICE_GUARDED_BY(mutex_) = false;  ///< nobody turns it any more
};

}  // namespace sluice::client

namespace sluice {

class v1::loop::body final : public ::sluice::client::EventLoop {
 public:
  using EventLoop::EventLoop;
};

}  // namespace sluice
