// SPDX-License-Identifier: Apache-2.0
//
// What a ClientBody does with messages that come in.
#include "client/library/client_body.h"
#include "client/library/properties.h"
#include "codec/property.h"

#include <utility>

namespace sluice::client {
namespace {

std::vector<std::uint32_t> subscription_ids(const codec::Properties& properties) {
  std::vector<std::uint32_t> ids;
  if (!properties.has(codec::PropertyId::subscription_identifier)) return ids;
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    if (property->id == codec::PropertyId::subscription_identifier) ids.push_back(property->number);
  }
  return ids;
}

}  // namespace

void ClientBody::on_message(const Message& message) {
  counters_.received.add();
  // Of several streams the first is the one that acknowledges.
  DeliveryId delivery = message.delivery;
  const bool is_found = subscriptions_.route(
      message.publish.topic, subscription_ids(message.publish.properties), [&](Stream& stream) {
        const std::uint64_t dropped = stream.dropped();
        const auto pressure = stream.push(to_message(message.publish),
                                          std::exchange(delivery, DeliveryId::none), when_full_);
        if (stream.dropped() != dropped) counters_.overflowed.add();
        if (pressure == Stream::Pressure::full) is_full_ = true;
      });
  if (!is_found) keep_or_pass(message);
  if (is_full_) pause_or_read();
}

// Of a session that outlives the program messages may come before the program has subscribed again.
void ClientBody::keep_or_pass(const Message& message) {
  if (message.delivery != DeliveryId::none && now_ < held_until_) {
    held_.push_back({.message = to_message(message.publish), .delivery = message.delivery});
    return;
  }
  counters_.unmatched.add();
  if (options_.on_unmatched) {
    const v1::message copy = to_message(message.publish);
    guard_->run([&] { options_.on_unmatched(copy); });
  }
  if (message.delivery != DeliveryId::none) acknowledge_later(message.delivery);
}

void ClientBody::offer_held(Stream& stream) {
  const auto held = std::exchange(held_, {});
  for (const Held& one : held) {
    bool is_taken = false;
    subscriptions_.route(one.message.topic, {}, [&](Stream& found) {
      if (&found != &stream || is_taken) return;
      is_taken = true;
      static_cast<void>(found.push(one.message, one.delivery, Stream::WhenFull::keep));
    });
    if (!is_taken) held_.push_back(one);
  }
}

void ClientBody::release_held(Instant now) {
  if (now < held_until_ || held_.empty()) return;
  for (const Held& one : std::exchange(held_, {})) {
    counters_.unmatched.add();
    if (options_.on_unmatched) guard_->run([&] { options_.on_unmatched(one.message); });
    acknowledge_later(one.delivery);
  }
}

void ClientBody::acknowledge_later(DeliveryId delivery) {
  {
    const os::MutexLock lock(mutex_);
    acknowledged_.push_back(delivery);
  }
  loop().mark(*this);
}

void ClientBody::acknowledge_now(Instant now) {
  std::vector<DeliveryId> acknowledged;
  {
    const os::MutexLock lock(mutex_);
    acknowledged.swap(acknowledged_);
  }
  for (const DeliveryId delivery : acknowledged) {
    // One whose connection is gone comes again.
    static_cast<void>(link_->machine().acknowledge(delivery, codec::ReasonCode::success, now));
  }
}

// Whoever waits for an answer must get it although a stream is full.
bool ClientBody::may_pause() const {
  return in_flight_.size() == 0 && queue_.messages() == 0 && !subscriptions_.is_waiting() &&
         unsubscribing_.empty() && authenticating_.empty() && life_ == Life::open;
}

void ClientBody::pause_or_read() {
  if (link_ == nullptr) return;
  if (is_full_) {
    is_full_ = false;
    subscriptions_.for_each([this](Subscriptions::Entry& entry) {
      for (const auto& stream : entry.streams) {
        if (stream->options().on_full == v1::overflow::backpressure && stream->is_full()) {
          is_full_ = true;
        }
      }
    });
  }
  link_->set_reading(is_full_ && may_pause() ? Reading::paused : Reading::on);
}

}  // namespace sluice::client
