// SPDX-License-Identifier: Apache-2.0
#include "client/runtime.h"

#include "client/machine/connect_packet.h"
#include "os/clock.h"
#include "os/entropy.h"

#include <algorithm>
#include <utility>

namespace sluice::client {
namespace {
constexpr std::uint64_t link_token = 0;
}  // namespace

Result<std::unique_ptr<Runtime>> Runtime::create(LinkOptions options, const Listeners& listeners) {
  SLUICE_CHECK(check_options(options.machine));
  SLUICE_TRY(auto reactor, os::Reactor::create());
  return std::make_unique<Runtime>(Key(), std::move(reactor), std::move(options), listeners);
}

Runtime::Runtime(Key, std::unique_ptr<os::Reactor> reactor, LinkOptions options,
                 const Listeners& listeners)
    : reactor_(std::move(reactor)),
      rng_(os::random_seed()),
      link_(std::make_unique<Link>(std::move(options),
                                   Link::Uses{.reactor = *reactor_,
                                              .token = link_token,
                                              .rng = rng_,
                                              .events = listeners.events,
                                              .link_events = listeners.link_events,
                                              .observer = listeners.observer})),
      now_(os::monotonic_now()) {}

void Runtime::start() {
  now_ = os::monotonic_now();
  link_->start(now_);
}

void Runtime::step() {
  const auto batch = reactor_->wait(wait_time());
  is_wait_skipped_ = false;
  now_ = os::monotonic_now();
  if (link_->has_more_to_read()) link_->on_ready({.token = link_token}, now_);
  for (const os::Ready& ready : batch) dispatch(ready);
  if (link_->next_deadline() <= now_) link_->on_deadline(now_);
  if (alarm_at_ <= now_) {
    alarm_at_ = Instant::never();
    const auto on_alarm = std::exchange(on_alarm_, nullptr);
    on_alarm();
  }
  link_->flush(now_);
}

void Runtime::dispatch(const os::Ready& ready) {
  if (ready.token == link_token) return link_->on_ready(ready, now_);
  const auto found = std::ranges::find(watched_, ready.token, &Watched::token);
  if (found == watched_.end()) return;
  if (found->is_for_hangup && !ready.hangup) return;
  const auto on_event = found->on_event;  // it may unwatch itself
  on_event();
}

Duration Runtime::wait_time() const {
  if (is_wait_skipped_ || link_->has_more_to_read()) return Duration::zero();
  const Instant next = std::min(link_->next_deadline(), alarm_at_);
  if (next.is_never()) return Duration(-1);
  return std::max(Duration::zero(), next - os::monotonic_now());
}

Result<void> Runtime::watch(int fd, std::function<void()> on_readable) {
  const std::uint64_t token = ++last_token_;
  SLUICE_CHECK(reactor_->add(fd, token, os::Watch::level_read));
  watched_.push_back({.fd = fd, .token = token, .on_event = std::move(on_readable)});
  return {};
}

void Runtime::watch_hangup(int fd, std::function<void()> on_hangup) {
  const std::uint64_t token = ++last_token_;
  if (!reactor_->add(fd, token, os::Watch::nothing)) return;
  watched_.push_back(
      {.fd = fd, .token = token, .on_event = std::move(on_hangup), .is_for_hangup = true});
}

void Runtime::unwatch(int fd) {
  reactor_->remove(fd);
  std::erase_if(watched_, [fd](const Watched& watched) { return watched.fd == fd; });
}

void Runtime::set_alarm(Instant at, std::function<void()> on_alarm) {
  alarm_at_ = at;
  on_alarm_ = std::move(on_alarm);
}

}  // namespace sluice::client
