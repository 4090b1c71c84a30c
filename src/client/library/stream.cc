// SPDX-License-Identifier: Apache-2.0
#include "client/library/stream.h"

#include <algorithm>
#include <utility>

namespace sluice::client {

Stream::Stream(os::Ref<StreamOwner> owner, os::Ref<HandlerGuard> guard, std::string filter,
               const v1::subscribe_options& options, Handler handler)
    : owner_(std::move(owner)),
      guard_(std::move(guard)),
      filter_(std::move(filter)),
      user_properties_(options.user_properties.begin(), options.user_properties.end()),
      options_(options),
      handler_(std::move(handler)) {
  options_.user_properties = user_properties_;
}

v1::operation<std::optional<v1::message>> Stream::next() {
  auto waiter = begin_operation<std::optional<v1::message>>(guard_);
  std::optional<v1::message> found;
  DeliveryId acknowledged = DeliveryId::none;
  bool has_made_room = false;
  bool is_settled = false;
  {
    const os::MutexLock lock(mutex_);
    found = pop(acknowledged, has_made_room);
    is_settled = found.has_value() || is_ended_;
    if (!is_settled) waiters_.push_back(waiter);
  }
  if (acknowledged != DeliveryId::none) owner_->acknowledge_later(acknowledged);
  if (has_made_room) owner_->stream_has_room();
  if (is_settled) waiter->complete(std::move(found));
  return hand_out(std::move(waiter));
}

std::optional<v1::message> Stream::try_next() {
  std::optional<v1::message> found;
  DeliveryId acknowledged = DeliveryId::none;
  bool has_made_room = false;
  {
    const os::MutexLock lock(mutex_);
    found = pop(acknowledged, has_made_room);
  }
  if (acknowledged != DeliveryId::none) owner_->acknowledge_later(acknowledged);
  if (has_made_room) owner_->stream_has_room();
  return found;
}

std::optional<v1::message> Stream::pop(DeliveryId& acknowledged, bool& has_made_room) {
  if (items_.empty()) return std::nullopt;
  Item item = std::move(items_.front());
  items_.pop_front();
  // Half empty first: one wake for many messages.
  has_made_room = items_.size() == options_.queue / 2;
  if (!is_acknowledged_by_caller()) acknowledged = item.delivery;
  return std::move(item.message);
}

void Stream::acknowledge(const v1::message& message) {
  if (message.delivery != 0) owner_->acknowledge_later(static_cast<DeliveryId>(message.delivery));
}

std::size_t Stream::waiting() const {
  const os::MutexLock lock(mutex_);
  return items_.size();
}

bool Stream::is_full() const { return waiting() >= options_.queue; }

// Under one lock with what puts it in line: who asks in between would wait behind what is in line,
// and get the message after it first.
OperationRef<std::optional<v1::message>> Stream::waiter_or_line(v1::message& message,
                                                                DeliveryId delivery,
                                                                WhenFull when_full, Outcome& out) {
  const os::MutexLock lock(mutex_);
  if (!waiters_.empty()) {
    auto waiter = std::move(waiters_.front());
    waiters_.pop_front();
    return waiter;
  }
  const bool is_full = items_.size() >= options_.queue;
  const bool may_wait = options_.on_full == v1::overflow::backpressure &&
                        (delivery != DeliveryId::none || when_full == WhenFull::keep);
  if (is_full && !may_wait) {
    dropped_.add();
    if (options_.on_full != v1::overflow::drop_oldest || items_.empty()) {
      out.acknowledged = delivery;
      return {};
    }
    out.acknowledged = items_.front().delivery;
    items_.pop_front();
  }
  items_.push_back({.message = std::move(message), .delivery = delivery});
  if (options_.on_full == v1::overflow::backpressure && items_.size() >= options_.queue)
    out.pressure = Pressure::full;
  return {};
}

Stream::Pressure Stream::push(v1::message message, DeliveryId delivery, WhenFull when_full) {
  message.delivery = is_acknowledged_by_caller() ? static_cast<std::uint64_t>(delivery) : 0;
  const DeliveryId taken = is_acknowledged_by_caller() ? DeliveryId::none : delivery;
  if (handler_) {
    guard_->run([&] { handler_(message); });
    if (taken != DeliveryId::none) owner_->acknowledge_later(taken);
    return Pressure::none;
  }
  Outcome out;
  while (const auto waiter = waiter_or_line(message, delivery, when_full, out)) {
    if (waiter->is_abandoned() || waiter->is_settled()) continue;
    v1::result<std::optional<v1::message>> result(std::optional<v1::message>(std::move(message)));
    if (waiter->complete(std::move(result))) {
      if (taken != DeliveryId::none) owner_->acknowledge_later(taken);
      return Pressure::none;
    }
    message = std::move(**result);
  }
  if (out.acknowledged != DeliveryId::none) owner_->acknowledge_later(out.acknowledged);
  return out.pressure;
}

void Stream::on_connection_lost() {
  const os::MutexLock lock(mutex_);
  for (Item& item : items_) item.is_stale = true;
}

void Stream::on_connected(Session session) {
  const os::MutexLock lock(mutex_);
  if (session == Session::resumed) {
    std::erase_if(items_, [](const Item& item) {
      return item.is_stale && item.delivery != DeliveryId::none &&
             item.message.qos == v1::qos::at_least_once;
    });
    return;
  }
  // The server has forgotten them: nobody waits for their acknowledgement.
  for (Item& item : items_) item.delivery = DeliveryId::none;
}

void Stream::end() {
  std::deque<OperationRef<std::optional<v1::message>>> waiters;
  {
    const os::MutexLock lock(mutex_);
    is_ended_ = true;
    waiters.swap(waiters_);
  }
  for (const auto& waiter : waiters) waiter->complete(std::optional<v1::message>());
}

}  // namespace sluice::client
