// SPDX-License-Identifier: Apache-2.0
//
// What a ClientBody does with messages that go out.
#include "client/library/client_body.h"
#include "client/library/properties.h"
#include "codec/property.h"
#include "codec/reason_code.h"
#include "codec/topic.h"
#include "os/clock.h"

#include <algorithm>
#include <limits>
#include <utility>
#include <variant>

namespace sluice::client {
namespace {

constexpr std::size_t output_bytes_max = 256U * 1024;
constexpr int messages_each_turn = 10'000;

std::int64_t seconds_left(WallTime expires_at, WallTime now) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(expires_at - now);
  return std::min<std::int64_t>(left.count(), std::numeric_limits<std::uint32_t>::max());
}

}  // namespace

v1::error ClientBody::refusal(v1::errc code) const {
  if (code == v1::errc::queue_full) {
    return {.code = code, .text = "the queue of unsent messages is full"};
  }
  if (code == v1::errc::io_error) {
    return {.code = code, .text = "the queue's file cannot be written"};
  }
  const auto state = feed_.state();
  if (const auto* fatal = std::get_if<v1::fatal>(&state)) return fatal->why;
  return {.code = v1::errc::closed, .text = "the client is closed"};
}

v1::operation<v1::puback> ClientBody::publish(std::string_view topic, ByteView payload,
                                              const v1::publish_options& options) {
  const auto refuse = [&](v1::error error) {
    counters_.refused.add();
    return settled<v1::puback>(guard_, std::move(error));
  };
  if (const auto good = codec::check_topic_name(topic); !good) {
    return refuse(to_public(good.error()));
  }
  if (payload.size() > codec::remaining_length_max) {
    return refuse({.code = v1::errc::packet_too_large, .text = "MQTT cannot carry that much"});
  }
  const auto properties = raw_properties(options);
  if (!properties) return refuse(to_public(properties.error()));
  OutgoingMessage message{.topic = topic,
                          .payload = payload,
                          .properties = *properties,
                          .qos = static_cast<codec::Qos>(options.qos),
                          .retain = options.retain};
  if (options.expiry) message.expires_at = os::wall_now() + Duration(*options.expiry);
  OperationRef<v1::puback> operation;
  if (options.qos != v1::qos::at_most_once) {
    operation = begin_operation<v1::puback>(guard_);
    message.operation = OperationRef<v1::puback>(operation).leak();
  }
  auto pushed = queue_.push(message, PublishQueue::Patience::may_not_wait);
  const bool may_wait = pushed.code == v1::errc::queue_full && queue_.waits_when_full();
  if (may_wait && !loop().is_this_thread()) {
    pushed = queue_.push(message, PublishQueue::Patience::may_wait);
  }
  counters_.dropped.add(pushed.dropped_messages);
  if (!pushed.dropped.empty()) {
    loop().post([dropped = std::move(pushed.dropped)](Instant) {
      for (const auto& one : dropped) {
        one->fail({.code = v1::errc::dropped, .text = "it made room in a full queue"});
      }
    });
  }
  if (pushed.code != v1::errc::ok) {
    static_cast<void>(OperationRef<v1::puback>::adopt(message.operation));
    counters_.dropped.add();
    return settled<v1::puback>(guard_, refusal(pushed.code));
  }
  loop().mark(*this);
  return hand_out(std::move(operation));
}

void ClientBody::finish_front(const OutgoingMessage& message, const v1::error& error) {
  const auto operation = OperationRef<v1::puback>::adopt(message.operation);
  if (message.sequence != 0) store_->done(message.sequence);
  queue_.pop();
  if (operation) operation->fail(error);
}

// False if it must wait.
bool ClientBody::send_front(const OutgoingMessage& message, Instant now) {
  ClientMachine& machine = link_->machine();
  if (machine.output().size() >= output_bytes_max) {
    if (store_ != nullptr) store_->flush();
    link_->flush(now);
    if (!is_connected() || machine.output().size() >= output_bytes_max) return false;
  }
  if (message.qos != codec::Qos::at_most_once && machine.send_quota() == 0) return false;
  codec::Publish publish{.qos = message.qos,
                         .retain = message.retain,
                         .topic = message.topic,
                         .payload = message.payload};
  publish.properties = codec::Properties::of_checked(message.properties);
  RawProperties with_expiry;
  if (message.expires_at.ns != 0) {
    with_expiry.resize(message.properties.size() + 5);
    codec::PropertyWriter writer(with_expiry);
    writer.number(codec::PropertyId::message_expiry_interval,
                  static_cast<std::uint32_t>(seconds_left(message.expires_at, os::wall_now())));
    publish.properties = *writer.append(publish.properties).finish();
  }
  const auto id = machine.publish(publish, now);
  if (!id && (id.error().code == ErrorCode::would_block || id.error().code == ErrorCode::closed)) {
    return false;
  }
  if (!id) {
    counters_.refused.add();
    finish_front(message, to_public(id.error()));
    return true;
  }
  counters_.sent.add();
  if (message.qos != codec::Qos::at_most_once) {
    if (message.sequence != 0) store_->sent(message.sequence, *id);
    auto operation = OperationRef<v1::puback>::adopt(message.operation);
    if (operation && operation->is_abandoned()) operation = {};  // nobody is there to be told
    in_flight_.add({.id = *id,
                    .sequence = message.sequence,
                    .position = message.position,
                    .operation = std::move(operation)});
  }
  queue_.pop();
  return true;
}

void ClientBody::pump(Instant now) {
  int sent = 0;
  while (is_connected()) {
    const OutgoingMessage* message = queue_.front();
    if (message == nullptr) break;
    const bool is_expired = message->expires_at.ns != 0 && message->expires_at <= os::wall_now();
    if (message->operation != nullptr && message->operation->is_settled()) {
      finish_front(*message, {});
    } else if (is_expired) {
      counters_.dropped.add();
      finish_front(*message, {.code = v1::errc::expired, .text = "it was too old to be sent"});
    } else if (!send_front(*message, now)) {
      break;
    }
    if (++sent == messages_each_turn) {
      loop().mark(*this);
      break;
    }
  }
  queue_.make_room();
  counters_.in_flight.set(in_flight_.size());
  if (store_ != nullptr) store_->flush();
  link_->flush(now);
  settle_flushes();
}

void ClientBody::on_published(const Published& published) {
  const auto entry = in_flight_.take(published.packet_id);
  if (entry.id == 0) return;
  if (entry.sequence != 0) store_->done(entry.sequence);
  if (codec::is_failure(published.reason)) {
    counters_.refused.add();
    const auto why = published.properties.text(codec::PropertyId::reason_string);
    if (!entry.operation) return;
    return entry.operation->fail(
        {.code = v1::errc::refused,
         .reason = static_cast<v1::reason_code>(published.reason),
         .text = std::string(why ? *why : codec::to_string(published.reason))});
  }
  counters_.acknowledged.add();
  if (!entry.operation) return;
  entry.operation->complete(v1::puback{
      .has_subscribers = published.reason != codec::ReasonCode::no_matching_subscribers});
}

void ClientBody::on_received(codec::PacketId id) {
  if (store_ == nullptr) return;
  if (const auto* entry = in_flight_.find(id); entry != nullptr && entry->sequence != 0) {
    store_->received(entry->sequence);
  }
}

// Of publishes only; SUBSCRIBE and UNSUBSCRIBE are sent again by themselves.
void ClientBody::on_lost(codec::PacketId id) {
  const auto entry = in_flight_.take(id);
  if (entry.id == 0 || !entry.operation) return;
  entry.operation->fail(
      {.code = v1::errc::connection_lost, .text = "the session that knew the message is gone"});
}

bool ClientBody::is_drained() const {
  return queue_.messages() == 0 && in_flight_.size() == 0 &&
         (!is_connected() || link_->machine().output().empty());
}

// What was handed to the machine counts as sent when those bytes are written, whatever others have
// published behind them.
void ClientBody::settle_flushes() {
  if (flushing_.empty()) return;
  if (!is_connected()) {
    for (Flushing& one : flushing_) one.output = 0;
    return;
  }
  const OutgoingMessage* const unsent = queue_.front();
  const std::uint64_t in_queue = unsent == nullptr ? ~std::uint64_t{0} : unsent->position;
  const std::uint64_t oldest = std::min(in_queue, in_flight_.oldest_position());
  const ClientMachine& machine = link_->machine();
  std::vector<OperationRef<void>> done;
  std::erase_if(flushing_, [&](Flushing& one) {
    const bool is_taken = in_queue >= one.until;
    if (is_taken && one.output == 0) one.output = machine.output_end();
    const bool is_done = oldest >= one.until && machine.output_begin() >= one.output;
    if (is_done) done.push_back(one.operation);
    return is_done;
  });
  for (const auto& one : done) one->complete({});
}

v1::operation<void> ClientBody::flush() {
  auto operation = begin_operation<void>(guard_);
  loop().post([self = os::Ref<ClientBody>::share(*this), operation,
               until = queue_.next_position()](Instant) {
    if (self->life_ == Life::over) return operation->fail(self->last_error_);
    self->flushing_.push_back({.until = until, .operation = operation});
    self->loop().touch(*self);
  });
  return hand_out(std::move(operation));
}

void ClientBody::fail_publishes(const v1::error& error) {
  queue_.close();
  while (const OutgoingMessage* message = queue_.front()) {
    const auto operation = OperationRef<v1::puback>::adopt(message->operation);
    queue_.pop();
    if (operation) operation->fail(error);
  }
  queue_.make_room();
  for (const auto& entry : in_flight_.take_all()) {
    if (entry.operation) entry.operation->fail(error);
  }
  for (const auto& one : std::exchange(flushing_, {})) one.operation->fail(error);
}

}  // namespace sluice::client
