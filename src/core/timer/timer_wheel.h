// SPDX-License-Identifier: Apache-2.0
//
// TimerWheel is a hierarchical timing wheel (Varghese and Lauck, 1987): eight levels of 64 slots, a
// tick of one millisecond. Adding, moving and cancelling cost O(1). A timer never fires before its
// deadline and, if advance() is called when next_deadline() says, at most one tick after it.
//
// Deadlines that move often (keep-alive) are re-armed lazily: leave the timer where it is, note the
// real deadline, and return it from the visitor when the timer fires too early.
//
// Owner:   Shard (exactly one).             Thread: its shard's.
// Never:   a clock; allocation once warm; an order that depends on anything but the calls made.
// Limits:  2^31 timers, 32 bytes each; the caller's before that.
#pragma once

#include "base/assert.h"
#include "base/time.h"
#include "core/dense_pool.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

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
  /// Time begins at `now`. REQUIRES: now is not negative.
  explicit TimerWheel(Instant now);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  /// A deadline that has passed fires at the next tick. REQUIRES: !deadline.is_never().
  TimerId add(Instant deadline, TimerKind kind, std::uint64_t payload);
  /// False if the timer is gone. A moved timer counts as added now: it fires behind its equals.
  bool move(TimerId id, Instant deadline);
  bool cancel(TimerId id);
  bool is_live(TimerId id) const;

  /// Calls visit(kind, payload) for each timer that is due, in the order of deadlines, equal ones
  /// in the order of adding. It returns Instant::never(), and the timer is gone, or another
  /// deadline, and the timer stands again under its TimerId. The visitor may add, move and cancel
  /// any timer; what it sets to a time that has passed fires one tick behind the timer that it was
  /// called for.
  template <class Visitor>
  void advance(Instant now, Visitor&& visit);

  /// When advance() is next worth calling: never later than a timer is due; for a far timer a few
  /// times earlier. Instant::never() if there is no timer.
  Instant next_deadline() const;
  std::size_t size() const { return size_; }
  std::size_t bytes() const;

 private:
  static constexpr std::uint32_t none = 0xffffffffU;
  static constexpr std::int64_t tick_ns = 1'000'000;
  static constexpr unsigned slot_bits = 6;
  static constexpr unsigned slots = 1U << slot_bits;
  static constexpr unsigned levels = 8;  ///< 2^48 ticks: every Instant has its place
  /// Values of Timer::list beside the lists of slots.
  static constexpr std::uint16_t list_free = 0xffff;
  static constexpr std::uint16_t list_due = 0xfffe;     ///< it fires in the tick in hand
  static constexpr std::uint16_t list_firing = 0xfffd;  ///< the visitor has it

  struct Timer {
    std::uint32_t next = none;
    std::uint32_t previous = none;
    std::int64_t deadline_ns = 0;
    std::uint64_t payload = 0;
    std::uint32_t generation = 0;
    std::uint16_t list = list_free;
    TimerKind kind{};
  };
  static_assert(sizeof(Timer) == 32);

  struct List {
    std::uint32_t head = none;
    std::uint32_t tail = none;
  };
  struct Due {
    std::int64_t deadline_ns;
    std::uint32_t order;  ///< in which it came, among those of the tick
    TimerId id;
  };
  /// The list to look at next, and when.
  struct NextList {
    std::uint64_t tick;
    unsigned level;
  };

  static std::uint64_t tick_of(std::int64_t deadline_ns);
  NextList next_list() const;
  void place(std::uint32_t slot, std::uint64_t earliest_tick);
  void unlink(std::uint32_t slot);
  void release(std::uint32_t slot);
  List take_list(const NextList& next);
  bool collect_due(Instant now);
  bool begin_firing(const Due& due);
  void end_firing(const Due& due, Instant again);

  DensePool<Timer> timers_;
  std::array<List, std::size_t{levels} * slots> lists_;
  std::array<std::uint64_t, levels> filled_{};  ///< bit s: slot s of the level is not empty
  std::uint64_t elapsed_;                       ///< the tick that was last looked at
  std::size_t size_ = 0;
  std::uint32_t generation_ = 0;
  std::vector<Due> due_;
};

template <class Visitor>
void TimerWheel::advance(Instant now, Visitor&& visit) {
  while (collect_due(now)) {
    for (std::size_t i = 0; i < due_.size(); ++i) {
      const Due due = due_[i];
      if (!begin_firing(due)) continue;
      const Timer& timer = timers_[due.id.slot];
      end_firing(due, visit(timer.kind, timer.payload));
    }
    due_.clear();
  }
}

}  // namespace sluice::core
