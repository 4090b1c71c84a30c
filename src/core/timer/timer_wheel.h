// SPDX-License-Identifier: Apache-2.0
//
// TimerWheel is a hierarchical timing wheel (Varghese and Lauck, 1987): seven levels of 64 slots,
// a tick of one millisecond. Adding, moving and cancelling cost O(1); an idle wheel costs nothing.
// A timer never fires before its deadline and at most one tick after it.
//
// Deadlines that move often (keep-alive) are re-armed lazily: leave the timer where it is, note the
// real deadline, and return it from the visitor when the timer fires too early.
//
// Owner:   Shard (exactly one).             Thread: its shard's.
// Never:   a clock; allocation once warm; an order that depends on anything but the calls made.
// Limits:  2^31 timers, 32 bytes each; the caller's before that.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/assert.h"
#include "base/time.h"
#include "core/topic/dense_pool.h"

namespace sluice::core {

/// What a timer is for; the owner gives the numbers their meaning.
enum class TimerKind : std::uint8_t {};

/// Names a timer. One that has fired, or was cancelled, is met by no later call.
struct TimerId {
  std::uint32_t slot = 0xffffffffU;
  std::uint32_t generation = 0;

  bool is_none() const { return slot == 0xffffffffU; }
  bool operator==(const TimerId&) const = default;
};

class TimerWheel {
 public:
  /// Time begins at `now`; advance() never goes back behind it.
  explicit TimerWheel(Instant now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// A deadline that has passed fires at the next tick. REQUIRES: !deadline.is_never().
  TimerId add(Instant deadline, TimerKind kind, std::uint64_t payload);
  /// False if the timer is gone already. It counts as added now: behind its equals.
  bool move(TimerId id, Instant deadline);
  bool cancel(TimerId id);
  bool is_live(TimerId id) const;

  /// Calls visit(kind, payload) for each timer that is due, in order of deadline, then of adding.
  /// It returns Instant::never(), and the timer is gone, or a later deadline, and the timer stands
  /// again under the same TimerId. The visitor may add, move and cancel others.
  template <class Visitor>
  void advance(Instant now, Visitor&& visit) {
    const std::int64_t target = tick_of_past(now);
    while (size_ > 0 && next_tick() <= target) {
      collect_due();
      for (std::size_t i = 0; i < due_.size(); ++i) {
        const Due due = due_[i];
        if (!take_due(due)) continue;
        const Timer fired = timers_[due.slot];
        finish(due, visit(fired.kind, fired.payload));
      }
      due_.clear();
    }
    if (target > elapsed_) elapsed_ = target;
  }

  /// When advance() is next worth calling: never after a timer is due, sometimes (a few times in
  /// the life of a far timer) before. Instant::never() if there is no timer.
  Instant next_deadline() const;
  std::size_t size() const { return size_; }
  std::size_t bytes() const;
