// SPDX-License-Identifier: Apache-2.0
#include "client/library/state_feed.h"

#include <utility>
#include <variant>

namespace sluice::client {
namespace {
constexpr std::size_t unseen_max = 16;
}  // namespace

bool StateFeed::is_final(const v1::connection_state& state) {
  return std::holds_alternative<v1::fatal>(state) || std::holds_alternative<v1::closed>(state);
}

v1::connection_state StateFeed::state() const {
  const os::MutexLock lock(mutex_);
  return state_;
}

v1::operation<v1::connection_state> StateFeed::next() {
  auto waiter = begin_operation<v1::connection_state>(guard_);
  bool is_there = false;
  v1::connection_state found;
  {
    const os::MutexLock lock(mutex_);
    is_there = !unseen_.empty() || is_final(state_);
    if (!unseen_.empty()) {
      found = std::move(unseen_.front());
      unseen_.pop_front();
    } else if (is_there) {
      found = state_;
    } else {
      waiters_.push_back(waiter);
    }
  }
  if (is_there) waiter->complete(std::move(found));
  return hand_out(std::move(waiter));
}

void StateFeed::change(const v1::connection_state& state) {
  std::deque<OperationRef<v1::connection_state>> waiters;
  {
    const os::MutexLock lock(mutex_);
    state_ = state;
    std::erase_if(waiters_, [](const auto& one) { return one->is_abandoned(); });
    waiters.swap(waiters_);
    if (waiters.empty()) unseen_.push_back(state);
    if (unseen_.size() > unseen_max) unseen_.pop_front();
  }
  for (const auto& waiter : waiters) waiter->complete(v1::connection_state(state));
  if (handler_) guard_->run([&] { handler_(state); });
}

void StateFeed::set_handler(std::function<void(const v1::connection_state&)> handler) {
  handler_ = std::move(handler);
}

}  // namespace sluice::client
