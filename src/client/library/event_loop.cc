// SPDX-License-Identifier: Apache-2.0
#include "client/library/event_loop.h"

#include "base/assert.h"
#include "os/clock.h"
#include "os/entropy.h"

#include <algorithm>
#include <utility>

namespace sluice::client {
namespace {

constexpr std::size_t read_bytes = 65'536;
constexpr int rounds_max = 4;

// Heaps with the earliest on top.
constexpr auto later = [](const auto& a, const auto& b) { return a.at > b.at; };

}  // namespace

Result<os::Ref<EventLoop>> EventLoop::create(v1::loop::drive how) {
  SLUICE_TRY(auto reactor, os::Reactor::create());
  SLUICE_TRY(auto wakeup, os::Wakeup::create());
  SLUICE_CHECK(reactor->add(wakeup->fd(), wakeup_token, os::Watch::edge));
  auto made = os::make_shared_object<v1::loop::body>(how, std::move(reactor), std::move(wakeup));
  if (how == v1::loop::drive::own_thread) SLUICE_CHECK(made->start());
  return os::Ref<EventLoop>::adopt(made.leak());
}

EventLoop::EventLoop(v1::loop::drive how, std::unique_ptr<os::Reactor> reactor,
                     std::unique_ptr<os::Wakeup> wakeup)
    : drive_(how),
      reactor_(std::move(reactor)),
      wakeup_(std::move(wakeup)),
      rng_(os::random_seed()),
      read_buffer_(read_bytes) {}

Result<void> EventLoop::start() {
  is_running_.raise();
  SLUICE_TRY(thread_, os::Thread::start("sluice", [self = os::Ref<EventLoop>::share(*this)] {
               while (!self->is_ending_.is_up() || self->members_ > 0) self->turn(Duration(-1));
               self->leave();
             }));
  return {};
}

// What is left is for nobody: operations that wait for this loop end with it.
void EventLoop::leave() {
  do_posted(os::monotonic_now());
  expiries_.clear();
  std::vector<Work> work;
  std::vector<os::Ref<LoopMember>> marked;
  const os::MutexLock lock(mutex_);
  is_left_ = true;
  work.swap(posted_);
  marked.swap(marked_);
}

void EventLoop::post(Work work) {
  {
    const os::MutexLock lock(mutex_);
    if (is_left_) return;
    posted_.push_back(std::move(work));
    has_work_ = true;
  }
  wakeup_->signal();
}

void EventLoop::mark(LoopMember& member) {
  if (!member.is_marked_.raise()) return;
  bool is_first = false;
  {
    const os::MutexLock lock(mutex_);
    if (is_left_) return;
    is_first = !std::exchange(has_work_, true);
    marked_.push_back(os::Ref<LoopMember>::share(member));
  }
  if (is_first) wakeup_->signal();
}

void EventLoop::expire_at(Instant at, os::Ref<Expiring> what) {
  if (is_this_thread()) return push_expiry({.at = at, .what = std::move(what)});
  post([this, at, what = std::move(what)](Instant) mutable {
    push_expiry({.at = at, .what = std::move(what)});
  });
}

void EventLoop::push_expiry(Expiry expiry) {
  if (expiries_.size() >= purge_at_) {
    std::erase_if(expiries_, [](const Expiry& old) { return old.what->is_settled(); });
    std::ranges::make_heap(expiries_, later);
    purge_at_ = std::max<std::size_t>(1024, expiries_.size() * 2);
  }
  expiries_.push_back(std::move(expiry));
  std::ranges::push_heap(expiries_, later);
}

bool EventLoop::is_this_thread() const {
  const os::MutexLock lock(mutex_);
  return turning_ == os::this_thread();
}

void EventLoop::stop() {
  is_stopped_.raise();
  wakeup_->signal();
}

void EventLoop::end() {
  is_ending_.raise();
  wakeup_->signal();
  if (is_this_thread())
    thread_.detach();
  else
    thread_.join();
}

void EventLoop::run() {
  is_running_.raise();
  while (!is_stopped_.lower()) turn(Duration(-1));
  is_running_.lower();
}

std::uint64_t EventLoop::add(os::Ref<LoopMember> member) {
  std::uint32_t slot = 0;
  if (free_slots_.empty()) {
    slot = static_cast<std::uint32_t>(slots_.size());
    slots_.emplace_back();
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  member->slot_ = slot;
  slots_[slot].member = std::move(member);
  ++members_;
  return token_of(*slots_[slot].member);
}

void EventLoop::remove(LoopMember& member) {
  Slot& slot = slots_[member.slot_];
  SLUICE_ASSERT(slot.member.get() == &member);
  const auto going = std::exchange(slot.member, {});
  ++slot.generation;
  free_slots_.push_back(member.slot_);
  --members_;
}

std::uint64_t EventLoop::token_of(const LoopMember& member) const {
  return std::uint64_t{slots_[member.slot_].generation} << 32 | member.slot_;
}

LoopMember* EventLoop::find(std::uint64_t token) const {
  const auto slot = static_cast<std::uint32_t>(token);
  if (slot >= slots_.size() || slots_[slot].generation != token >> 32) return nullptr;
  return slots_[slot].member.get();
}

void EventLoop::touch(LoopMember& member) {
  if (std::exchange(member.is_touched_, true)) return;
  touched_.push_back(os::Ref<LoopMember>::share(member));
}

Instant EventLoop::next_deadline() const {
  Instant next = unread_.empty() ? Instant::never() : Instant{0};
  if (!alarms_.empty()) next = std::min(next, alarms_.front().at);
  if (!expiries_.empty()) next = std::min(next, expiries_.front().at);
  return next;
}

Duration EventLoop::wait_time(Duration at_most) const {
  {
    const os::MutexLock lock(mutex_);
    if (has_work_) return Duration::zero();
  }
  const Instant next = next_deadline();
  if (next.is_never()) return at_most;
  const Duration wait = std::max(Duration::zero(), next - os::monotonic_now());
  return at_most < Duration::zero() ? wait : std::min(wait, at_most);
}

void EventLoop::turn(Duration at_most) {
  {
    const os::MutexLock lock(mutex_);
    if (turning_ == os::this_thread()) return;  // from within a handler
    turning_ = os::this_thread();
  }
  const auto batch = reactor_->wait(wait_time(at_most));
  const Instant now = os::monotonic_now();
  for (const os::Ready& ready : batch) {
    if (ready.token == wakeup_token) wakeup_->acknowledge();
  }
  do_posted(now);
  for (const os::Ready& ready : batch) {
    LoopMember* const member = ready.token == wakeup_token ? nullptr : find(ready.token);
    if (member == nullptr) continue;
    touch(*member);
    member->on_ready(ready, now);
  }
  read_on(now);
  do_alarms(now);
  do_expiries(now);
  for (int round = 0; round < rounds_max; ++round) {
    do_marked(now);
    end_turn(now);
  }
  const os::MutexLock lock(mutex_);
  turning_ = os::ThreadId();
}

void EventLoop::do_posted(Instant now) {
  std::vector<Work> work;
  {
    const os::MutexLock lock(mutex_);
    work.swap(posted_);
    has_work_ = !marked_.empty();
  }
  for (Work& one : work) one(now);
}

void EventLoop::do_marked(Instant now) {
  std::vector<os::Ref<LoopMember>> marked;
  {
    const os::MutexLock lock(mutex_);
    marked.swap(marked_);
    has_work_ = !posted_.empty();
  }
  for (const auto& member : marked) {
    member->is_marked_.lower();
    touch(*member);
    member->on_marked(now);
  }
}

void EventLoop::read_on(Instant now) {
  const auto unread = std::exchange(unread_, {});
  for (const auto& member : unread) {
    if (!member->has_more_to_read()) continue;
    touch(*member);
    member->on_ready({}, now);
  }
}

void EventLoop::do_alarms(Instant now) {
  while (!alarms_.empty() && alarms_.front().at <= now) {
    std::ranges::pop_heap(alarms_, later);
    const Alarm alarm = alarms_.back();
    alarms_.pop_back();
    LoopMember* const member = find(alarm.token);
    if (member == nullptr || member->alarm_ != alarm.at) continue;
    member->alarm_ = Instant::never();
    touch(*member);
    if (member->next_deadline() <= now) member->on_deadline(now);
  }
}

void EventLoop::do_expiries(Instant now) {
  while (!expiries_.empty() && expiries_.front().at <= now) {
    std::ranges::pop_heap(expiries_, later);
    const auto expired = std::move(expiries_.back().what);
    expiries_.pop_back();
    expired->on_expired();
  }
}

void EventLoop::end_turn(Instant now) {
  while (!touched_.empty()) {
    const auto touched = std::exchange(touched_, {});
    for (const auto& member : touched) {
      member->is_touched_ = false;
      member->on_turn_end(now);
      if (member->has_more_to_read()) unread_.push_back(member);
      set_alarm(*member);
    }
  }
}

// An alarm that is too early does no harm: it is set again then.
void EventLoop::set_alarm(LoopMember& member) {
  if (find(token_of(member)) != &member) return;
  const Instant next = member.next_deadline();
  if (next >= member.alarm_) return;
  member.alarm_ = next;
  alarms_.push_back({.at = next, .token = token_of(member)});
  std::ranges::push_heap(alarms_, later);
}

}  // namespace sluice::client
