// SPDX-License-Identifier: Apache-2.0
#include "core/state/record_writer.h"

#include "base/assert.h"
#include "core/state/record_codec.h"

#include <utility>

namespace sluice::core {

void RecordWriter::begin(Instant now) {
  batch_at_ = now;
  append_record(bytes_, logged::BatchBegun{clock_.wall_at(now)});
}

void RecordWriter::take(std::vector<std::uint8_t>& into) {
  into.clear();
  std::swap(into, bytes_);
  last_.reset();
  messages_ = 0;
}

logged::SessionNumber RecordWriter::number_of(SessionSlot slot) const {
  const logged::SessionNumber number = state_.sessions.at(slot).log_number;
  SLUICE_ASSERT(number != 0);
  return number;
}

logged::MessageNumber RecordWriter::number_of(const MessageRef& message) {
  if (!message) return 0;
  if (last_.get() == message.get()) return messages_;
  append_record(bytes_, logged::Message{.topic = message->topic(),
                                        .properties = message->properties(),
                                        .payload = message->payload(),
                                        .qos = message->qos(),
                                        .retain = message->retain(),
                                        .expiry_s = message->expiry_s(),
                                        .received = {batch_at_ - message->received()}});
  last_ = message;
  return ++messages_;
}

void RecordWriter::put(const record::RunStarted&) { append_record(bytes_, logged::RunStarted{}); }

void RecordWriter::put(const record::SessionCreated& created) {
  SLUICE_ASSERT(created.log_number != 0);
  append_record(bytes_, logged::SessionCreated{created.log_number, created.client_id});
}

void RecordWriter::put(const record::SessionAttached& attached) {
  append_record(bytes_, logged::SessionAttached{number_of(attached.session), attached.version,
                                                attached.expiry_s});
}

void RecordWriter::put(const record::SessionDetached& detached) {
  append_record(bytes_,
                logged::SessionDetached{
                    number_of(detached.session), detached.expiry_s, {batch_at_ - detached.at}});
}

void RecordWriter::put(const record::SessionEnded& ended) {
  if (watcher_ != nullptr) watcher_->before_end(ended.session);
  append_record(bytes_, logged::SessionEnded{number_of(ended.session)});
}

void RecordWriter::put(const record::WillSet& will) {
  const auto message = number_of(will.message);
  const auto delay = std::chrono::duration_cast<std::chrono::seconds>(will.delay);
  append_record(bytes_, logged::WillSet{number_of(will.session), message,
                                        static_cast<std::uint32_t>(delay.count())});
}

void RecordWriter::put(const record::Subscribed& subscribed) {
  append_record(bytes_, logged::Subscribed{number_of(subscribed.session), subscribed.filter,
                                           subscribed.options, subscribed.subscription_id});
}

void RecordWriter::put(const record::Unsubscribed& unsubscribed) {
  append_record(bytes_, logged::Unsubscribed{number_of(unsubscribed.session), unsubscribed.filter});
}

void RecordWriter::put(const record::Queued& queued) {
  const auto message = number_of(queued.message);
  append_record(bytes_,
                logged::Queued{.session = number_of(queued.session),
                               .message = message,
                               .qos = queued.qos,
                               .retain = queued.retain,
                               .is_shared = queued.is_shared,
                               .subscription_ids = state_.sessions.ids(queued.subscription_ids)});
}

void RecordWriter::put(const record::QueuedAndBegun& sent) {
  put(record::Queued{sent.session, sent.message, sent.subscription_ids, sent.qos, sent.retain,
                     sent.is_shared});
  put(record::DeliveryBegun{sent.session});
}

void RecordWriter::put(const record::PacketIdTold& told) {
  append_record(bytes_, logged::PacketIdTold{number_of(told.session),
                                             state_.sessions.at(told.session).next_packet_id});
}

void RecordWriter::tell_packet_id(SessionSlot slot) {
  if (state_.sessions.at(slot).untold_ids > 0) [[unlikely]]
    put(record::PacketIdTold{slot});
}

void RecordWriter::put(const record::DeliveryBegun& begun) {
  if (watcher_ != nullptr) watcher_->before_pop(begun.session);
  tell_packet_id(begun.session);
  append_record(bytes_, logged::DeliveryBegun{number_of(begun.session)});
}

void RecordWriter::put(const record::QueueFrontDropped& dropped) {
  if (watcher_ != nullptr) watcher_->before_pop(dropped.session);
  append_record(bytes_, logged::QueueFrontDropped{number_of(dropped.session)});
}

void RecordWriter::put(const record::DeliveryAcknowledged& acknowledged) {
  append_record(bytes_, logged::DeliveryAcknowledged{number_of(acknowledged.session),
                                                     acknowledged.packet_id, acknowledged.kind});
}

void RecordWriter::put(const record::PacketIdReceived& received) {
  append_record(bytes_, logged::PacketIdReceived{number_of(received.session), received.packet_id});
}

void RecordWriter::put(const record::PacketIdReleased& released) {
  append_record(bytes_, logged::PacketIdReleased{number_of(released.session), released.packet_id});
}

void RecordWriter::put(const record::RetainedSet& set) {
  const auto message = number_of(set.message);
  append_record(bytes_, logged::RetainedSet{message});
}

void RecordWriter::put(const record::RetainedCleared& cleared) {
  append_record(bytes_, logged::RetainedCleared{cleared.topic});
}

void RecordWriter::put(const record::OutboxSent& sent) {
  const auto message = number_of(sent.entry.message);
  append_record(bytes_, logged::OutboxSent{.target = index_of(sent.target),
                                           .sequence = sent.entry.sequence,
                                           .message = message,
                                           .shared = sent.entry.shared,
                                           .is_for_subscribers = sent.entry.is_for_subscribers,
                                           .is_to_retain = sent.entry.is_to_retain});
}

void RecordWriter::put(const record::OutboxApplied& applied) {
  append_record(bytes_, logged::OutboxApplied{index_of(applied.source), applied.sequence});
}

void RecordWriter::put(const record::OutboxConfirmed& confirmed) {
  append_record(bytes_, logged::OutboxConfirmed{index_of(confirmed.target), confirmed.sequence});
}

}  // namespace sluice::core
