// SPDX-License-Identifier: Apache-2.0
#include "core/timer/timer_wheel.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <tuple>
#include <utility>

namespace sluice::core {

TimerWheel::TimerWheel(Instant now) : elapsed_(static_cast<std::uint64_t>(now.ns / tick_ns)) {
  SLUICE_ASSERT(now.ns >= 0);
}

/// The first tick that is not before the deadline.
std::uint64_t TimerWheel::tick_of(std::int64_t deadline_ns) {
  if (deadline_ns <= 0) return 0;
  return (static_cast<std::uint64_t>(deadline_ns) - 1) / tick_ns + 1;
}

TimerId TimerWheel::add(Instant deadline, TimerKind kind, std::uint64_t payload) {
  SLUICE_ASSERT(!deadline.is_never());
  Timer timer;
  timer.deadline_ns = deadline.ns;
  timer.payload = payload;
  timer.generation = ++generation_;
  timer.kind = kind;
  const std::uint32_t slot = timers_.add(timer);
  place(slot, elapsed_ + 1);
  ++size_;
  return {slot, generation_};
}

bool TimerWheel::move(TimerId id, Instant deadline) {
  SLUICE_ASSERT(!deadline.is_never());
  if (!is_live(id)) return false;
  unlink(id.slot);
  timers_[id.slot].deadline_ns = deadline.ns;
  place(id.slot, elapsed_ + 1);
  return true;
}

bool TimerWheel::cancel(TimerId id) {
  if (!is_live(id)) return false;
  unlink(id.slot);
  release(id.slot);
  return true;
}

bool TimerWheel::is_live(TimerId id) const {
  if (id.slot >= timers_.end()) return false;
  const Timer& timer = timers_[id.slot];
  return timer.list != list_free && timer.generation == id.generation;
}

Instant TimerWheel::next_deadline() const {
  constexpr std::int64_t last = std::numeric_limits<std::int64_t>::max() - 1;
  const NextList next = next_list();
  if (next.level == levels) return Instant::never();
  if (next.tick > static_cast<std::uint64_t>(last / tick_ns)) return {last};
  return {static_cast<std::int64_t>(next.tick) * tick_ns};
}

std::size_t TimerWheel::bytes() const {
  return sizeof *this + timers_.bytes() + due_.capacity() * sizeof(Due);
}

/// A timer of level n has the current tick's digits above digit n (of base 64), and a higher digit
/// n. So whatever stands on a lower level comes first, and on a level the lowest slot.
TimerWheel::NextList TimerWheel::next_list() const {
  for (unsigned level = 0; level < levels; ++level) {
    if (filled_[level] == 0) continue;
    const unsigned below = level * slot_bits;
    const std::uint64_t above = elapsed_ >> (below + slot_bits) << slot_bits;
    const auto slot = static_cast<std::uint64_t>(std::countr_zero(filled_[level]));
    return {(above | slot) << below, level};
  }
  return {0, levels};
}

void TimerWheel::place(std::uint32_t slot, std::uint64_t earliest_tick) {
  Timer& timer = timers_[slot];
  const std::uint64_t tick = std::max(tick_of(timer.deadline_ns), earliest_tick);
  const auto highest = static_cast<unsigned>(std::bit_width((tick ^ elapsed_) | 1U)) - 1;
  const unsigned level = highest / slot_bits;
  SLUICE_ASSERT(level < levels);
  const unsigned digit = static_cast<unsigned>(tick >> (level * slot_bits)) % slots;
  timer.list = static_cast<std::uint16_t>(level * slots + digit);
  List& list = lists_[timer.list];
  timer.previous = list.tail;
  timer.next = none;
  (list.tail != none ? timers_[list.tail].next : list.head) = slot;
  list.tail = slot;
  filled_[level] |= 1ULL << digit;
}

/// Out of its list, if it stands in one.
void TimerWheel::unlink(std::uint32_t slot) {
  const Timer& timer = timers_[slot];
  if (timer.list >= lists_.size()) return;
  List& list = lists_[timer.list];
  (timer.previous != none ? timers_[timer.previous].next : list.head) = timer.next;
  (timer.next != none ? timers_[timer.next].previous : list.tail) = timer.previous;
  if (list.head == none) filled_[timer.list / slots] &= ~(1ULL << timer.list % slots);
}

void TimerWheel::release(std::uint32_t slot) {
  SLUICE_ASSERT(size_ > 0);
  timers_[slot].list = list_free;
  timers_.remove(slot);
  --size_;
}

TimerWheel::List TimerWheel::take_list(const NextList& next) {
  const unsigned digit = static_cast<unsigned>(next.tick >> (next.level * slot_bits)) % slots;
  filled_[next.level] &= ~(1ULL << digit);
  return std::exchange(lists_[next.level * slots + digit], List{});
}

/// Goes to the next tick that has timers, if it is not behind `now`, and puts them into due_; false
/// if there is none. On the way, lists of higher levels whose time begins are spread over the
/// lower.
bool TimerWheel::collect_due(Instant now) {
  SLUICE_ASSERT(due_.empty());
  const auto target = static_cast<std::uint64_t>(std::max<std::int64_t>(now.ns, 0) / tick_ns);
  for (;;) {
    const NextList next = next_list();
    if (next.level == levels || next.tick > target) break;
    elapsed_ = next.tick;
    std::uint32_t slot = take_list(next).head;
    if (next.level > 0) {
      while (slot != none) place(std::exchange(slot, timers_[slot].next), elapsed_);
      continue;
    }
    std::uint32_t order = 0;
    for (; slot != none; slot = timers_[slot].next) {
      timers_[slot].list = list_due;
      due_.push_back({timers_[slot].deadline_ns, order++, {slot, timers_[slot].generation}});
    }
    std::sort(due_.begin(), due_.end(), [](const Due& a, const Due& b) {
      return std::tie(a.deadline_ns, a.order) < std::tie(b.deadline_ns, b.order);
    });
    return true;
  }
  elapsed_ = std::max(elapsed_, target);
  return false;
}

/// False if the visitor has cancelled or moved it meanwhile.
bool TimerWheel::begin_firing(const Due& due) {
  if (!is_live(due.id) || timers_[due.id.slot].list != list_due) return false;
  timers_[due.id.slot].list = list_firing;
  return true;
}

/// What the visitor did to the timer itself stands; else its answer counts.
void TimerWheel::end_firing(const Due& due, Instant again) {
  if (!is_live(due.id) || timers_[due.id.slot].list != list_firing) return;
  if (again.is_never()) {
    release(due.id.slot);
    return;
  }
  timers_[due.id.slot].deadline_ns = again.ns;
  place(due.id.slot, elapsed_ + 1);
}

}  // namespace sluice::core
