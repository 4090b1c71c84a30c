// SPDX-License-Identifier: Apache-2.0
#include "core/state/replay.h"

#include "codec/topic.h"
#include "core/state/record_codec.h"

namespace sluice::core {
Failure Replay::wrong(const char* detail) { return sluice::fail(ErrorCode::parse_error, detail); }

// One that a SUBSCRIBE could have had, $share/ included.
bool Replay::is_filter(std::string_view filter) {
  return codec::check_topic_filter(filter).has_value() &&
         codec::split_shared_filter(filter).has_value();
}

Result<void> Replay::apply(ByteView batch) {
  messages_.clear();
  is_begun_ = false;
  RecordReader reader(batch);
  while (true) {
    const std::size_t offset = reader.offset();
    SLUICE_TRY(const auto record, reader.next());
    if (!record) {
      is_first_ = false;
      chunks_.release();
      return {};
    }
    const bool is_begin = std::holds_alternative<logged::BatchBegun>(*record);
    auto done = is_begin == is_begun_
                    ? Outcome(wrong("a batch that does not begin with its time"))
                    : std::visit([this](const auto& each) { return on(each); }, *record);
    if (done) continue;
    done.error().offset = static_cast<std::uint32_t>(offset);
    return done;
  }
}

SessionSlot Replay::find(logged::SessionNumber number) const {
  const auto found = sessions_.find(number);
  return found == sessions_.end() ? no_session : found->second;
}

const MessageRef* Replay::find_message(logged::MessageNumber number) const {
  return number == 0 || number > messages_.size() ? nullptr : &messages_[number - 1];
}

Replay::Outcome Replay::on(const logged::BatchBegun& begun) {
  is_begun_ = true;
  // What is told to be later than now was before the wall clock was set back: no time has passed.
  batch_at_ = std::min(clock_.instant, clock_.instant_at(begun.at));
  return {};
}

Replay::Outcome Replay::on(const logged::RunStarted&) {
  state_.apply(record::RunStarted{batch_at_});
  return {};
}

Replay::Outcome Replay::on(const logged::Message& message) {
  if (!codec::check_topic_name(message.topic)) return wrong("a message without a topic name");
  messages_.push_back(state_.messages.make({.topic = message.topic,
                                            .properties = message.properties,
                                            .payload = message.payload,
                                            .qos = message.qos,
                                            .retain = message.retain,
                                            .expiry_s = message.expiry_s,
                                            .received = before_batch(message.received),
                                            .body = {}}));
  return {};
}

Replay::Outcome Replay::on(const logged::SessionCreated& created) {
  if (created.session == 0 || state_.sessions.find(created.client_id) != nullptr ||
      !sessions_.emplace(created.session, no_session).second)
    return wrong("a session that is there already");
  sessions_[created.session] =
      state_.apply(record::SessionCreated{created.client_id, created.session}).slot;
  return {};
}

Replay::Outcome Replay::on(const logged::SessionAttached& attached) {
  const SessionSlot slot = find(attached.session);
  if (slot != no_session)
    state_.apply(record::SessionAttached{slot, attached.version, attached.expiry_s});
  return {};
}

Replay::Outcome Replay::on(const logged::SessionDetached& detached) {
  const SessionSlot slot = find(detached.session);
  if (slot != no_session)
    state_.apply(record::SessionDetached{slot, detached.expiry_s, before_batch(detached.at)});
  return {};
}

Replay::Outcome Replay::on(const logged::SessionEnded& ended) {
  const SessionSlot slot = find(ended.session);
  if (slot == no_session) return {};
  sessions_.erase(ended.session);
  if (ended.session == open_) {
    open_ = 0;
    since_.clear();
  }
  state_.apply(record::SessionEnded{slot});
  return {};
}

Replay::Outcome Replay::on(const logged::WillSet& will) {
  const SessionSlot slot = find(will.session);
  if (slot == no_session) return {};
  const MessageRef* message = find_message(will.message);
  if (will.message != 0 && message == nullptr) return wrong("a will without its message");
  state_.apply(record::WillSet{slot, message != nullptr ? *message : MessageRef(),
                               Duration(std::chrono::seconds(will.delay_s))});
  return {};
}

Replay::Outcome Replay::on(const logged::Subscribed& subscribed) {
  const SessionSlot slot = find(subscribed.session);
  if (slot == no_session) return {};
  if (!is_filter(subscribed.filter)) return wrong("a subscription without a topic filter");
  state_.apply(
      record::Subscribed{slot, subscribed.filter, subscribed.options, subscribed.subscription_id});
  return {};
}

Replay::Outcome Replay::on(const logged::Unsubscribed& unsubscribed) {
  const SessionSlot slot = find(unsubscribed.session);
  if (slot == no_session) return {};
  if (!is_filter(unsubscribed.filter)) return wrong("an unsubscribe without a topic filter");
  state_.apply(record::Unsubscribed{slot, unsubscribed.filter});
  return {};
}

Replay::Outcome Replay::on(const logged::SharedTurnTaken& taken) {
  const SessionSlot slot = find(taken.session);
  if (slot == no_session) return {};
  if (!is_filter(taken.filter)) return wrong("the turn of a group without a topic filter");
  state_.apply(record::SharedTurnTaken{slot, taken.filter, before_batch(taken.at)});
  return {};
}

// The record of a message does not name the group: it is one that matches, with the session in it.
void Replay::note_shared(SessionSlot slot, std::string_view topic) {
  struct Visitor {
    SubscriptionTree& tree;
    SessionSlot slot;
    Instant at;
    void on_subscription(const Subscription&) {}
    void on_group(SharedGroup& group) { tree.note_taken(group, slot, at); }
  };
  state_.subscriptions.match(topic, Visitor{state_.subscriptions, slot, batch_at_});
}

Replay::Outcome Replay::on(const logged::Queued& queued) {
  const SessionSlot slot = find(queued.session);
  if (slot == no_session) return {};
  const MessageRef* message = find_message(queued.message);
  if (message == nullptr) return wrong("an entry of a queue without its message");
  if (queued.is_shared) note_shared(slot, (*message)->topic());
  if (queued.session == open_) {
    since_.push_back({*message,
                      {queued.subscription_ids.begin(), queued.subscription_ids.end()},
                      queued.qos,
                      queued.retain,
                      queued.is_shared});
    return {};
  }
  state_.apply(record::Queued{slot, *message, state_.sessions.store_ids(queued.subscription_ids),
                              queued.qos, queued.retain, queued.is_shared});
  chunks_.after_push(slot);
  return {};
}

Replay::Outcome Replay::on(const logged::DeliveryBegun& begun) {
  const SessionSlot slot = find(begun.session);
  if (slot == no_session) return {};
  const Outbound& outbound = state_.sessions.at(slot).outbound();
  if (outbound.queue.empty()) return wrong("a delivery from a queue that is empty");
  if (outbound.window.size() + outbound.skipped >= 65535)
    return wrong("more deliveries than packet identifiers");
  chunks_.before_pop(slot);
  state_.apply(record::DeliveryBegun{slot});
  return {};
}

Replay::Outcome Replay::on(const logged::QueueFrontDropped& dropped) {
  const SessionSlot slot = find(dropped.session);
  if (slot == no_session) return {};
  if (state_.sessions.at(slot).outbound().queue.empty())
    return wrong("a drop from a queue that is empty");
  chunks_.before_pop(slot);
  state_.apply(record::QueueFrontDropped{slot});
  return {};
}

Replay::Outcome Replay::on(const logged::DeliveryAcknowledged& acknowledged) {
  const SessionSlot slot = find(acknowledged.session);
  if (slot != no_session)
    state_.apply(record::DeliveryAcknowledged{slot, acknowledged.packet_id, acknowledged.ack});
  return {};
}

// What a message that the log does not know was sent under is nobody's.
Replay::Outcome Replay::on(const logged::PacketIdTold& told) {
  if (told.packet_id == 0) return wrong("a packet identifier that cannot be");
  const SessionSlot slot = find(told.session);
  if (slot == no_session) return {};
  const Session& session = state_.sessions.at(slot);
  const std::uint32_t count =
      (std::uint32_t{told.packet_id} + 65535U - session.next_packet_id) % 65535U;
  if (count == 0) return {};
  return skip_packet_ids(slot, count);
}

Replay::Outcome Replay::skip_packet_ids(SessionSlot slot, std::uint32_t count) {
  const Outbound* outbound = state_.sessions.at(slot).find_outbound();
  const std::uint32_t span =
      outbound == nullptr ? 0
                          : outbound->skipped + static_cast<std::uint32_t>(outbound->window.size());
  if (count >= 65535 || span + count >= 65535)
    return wrong("more packet identifiers than there are");
  state_.apply(record::PacketIdsSkipped{slot, count});
  return {};
}

Replay::Outcome Replay::on(const logged::PacketIdReceived& received) {
  const SessionSlot slot = find(received.session);
  if (slot != no_session) state_.apply(record::PacketIdReceived{slot, received.packet_id});
  return {};
}

Replay::Outcome Replay::on(const logged::PacketIdReleased& released) {
  const SessionSlot slot = find(released.session);
  if (slot != no_session) state_.apply(record::PacketIdReleased{slot, released.packet_id});
  return {};
}

Replay::Outcome Replay::on(const logged::RetainedSet& set) {
  const MessageRef* message = find_message(set.message);
  if (message == nullptr) return wrong("a retained message that is not there");
  state_.apply(record::RetainedSet{*message});
  return {};
}

Replay::Outcome Replay::on(const logged::RetainedCleared& cleared) {
  state_.apply(record::RetainedCleared{cleared.topic});
  return {};
}

}  // namespace sluice::core
