// SPDX-License-Identifier: Apache-2.0
#include "core/state/state.h"

#include "base/assert.h"
#include "codec/topic.h"

#include <algorithm>
#include <utility>

namespace sluice::core {
namespace {

// A queue or a window of thousands is gone through in order, and its messages lie anywhere: those a
// few places on are asked for in time.
void prefetch_message(const RingBuffer<Delivery>& deliveries, std::size_t from) {
  constexpr std::size_t ahead = 10;
  if (from + ahead >= deliveries.size()) return;
  if (const Message* message = deliveries[from + ahead].message.get())
    __builtin_prefetch(message, 1);
}

// Packet identifiers run from 1 to 65,535 and start again.
codec::PacketId after(codec::PacketId id) {
  return id == 65535 ? codec::PacketId{1} : static_cast<codec::PacketId>(id + 1);
}

codec::PacketId after(codec::PacketId id, std::uint32_t count) {
  return static_cast<codec::PacketId>((std::uint32_t{id} - 1 + count) % 65535 + 1);
}

// How many identifiers lie between `first` and `id`.
std::uint32_t distance(codec::PacketId first, codec::PacketId id) {
  return id >= first ? std::uint32_t{id} - first : 65535U - first + id;
}

// Where in a window that has gaps the identifier stands that lies so far behind the first; the size
// of the window if nowhere.
[[gnu::cold, gnu::noinline]] std::uint32_t find_behind_gaps(const RingBuffer<Delivery>& window,
                                                            std::uint32_t wanted) {
  const codec::PacketId first = window.front().packet_id;
  std::uint32_t low = 0;
  auto high = static_cast<std::uint32_t>(window.size());
  while (low < high) {
    const std::uint32_t middle = low + (high - low) / 2;
    const std::uint32_t found = distance(first, window[middle].packet_id);
    if (found == wanted) return middle;
    if (found < wanted)
      low = middle + 1;
    else
      high = middle;
  }
  return static_cast<std::uint32_t>(window.size());
}

}  // namespace

State::State(const HashKey& key) : sessions(key), subscriptions(key) {}

State::~State() {
  for (std::uint32_t i = 0; i < sessions.end(); ++i)
    if (const Session* session = sessions.find(SessionSlot{i});
        session != nullptr && !session->is_stand_in())
      apply(record::SessionEnded{SessionSlot{i}});
}

void State::apply(const record::RunStarted& started) {
  for (std::uint32_t i = 0; i < sessions.end(); ++i) {
    Session* session = sessions.find(SessionSlot{i});
    if (session == nullptr || !session->disconnected_at.is_never()) continue;
    session->disconnected_at = started.at;
    Outbound* outbound = session->find_outbound();
    // A message may be without acknowledgement over many starts; identifiers must stay apart.
    constexpr std::uint32_t span_max = 49'152;
    if (outbound == nullptr || outbound->window.size() + outbound->skipped < span_max)
      apply(record::PacketIdsSkipped{session->slot, packet_ids_skipped_at_start});
    if (outbound == nullptr) continue;
    // A QoS 1 message is sent before the log has it: any that waits may have been seen.
    outbound->queue.for_each(
        [](Delivery& delivery) { delivery.is_retry |= delivery.qos == codec::Qos::at_least_once; },
        [](Chunk& chunk) { chunk.are_retries = true; });
  }
}

Session& State::apply(const record::SessionCreated& created) {
  Session& session = sessions.create(created.client_id);
  session.log_number = created.log_number;
  sessions.note_log_number(created.log_number);
  return session;
}

void State::apply(const record::SessionAttached& attached) {
  Session& session = sessions.at(attached.session);
  session.version = attached.version;
  session.expiry_s = attached.expiry_s;
  session.disconnected_at = Instant::never();
}

void State::apply(const record::SessionDetached& detached) {
  Session& session = sessions.at(detached.session);
  session.expiry_s = detached.expiry_s;
  session.disconnected_at = detached.at;
}

void State::apply(const record::SessionEnded& ended) {
  Session& session = sessions.at(ended.session);
  if (Outbound* outbound = session.find_outbound()) {
    drop_queue(session, *outbound);
    for (std::size_t i = 0; i < outbound->window.size(); ++i)
      finish(*outbound, outbound->window[i]);
  }
  if (session.will) --wills_;
  subscriptions.unsubscribe_all(ended.session);
  sessions.erase(ended.session);
}

void State::apply(const record::WillSet& will) {
  Session& session = sessions.at(will.session);
  if (session.will) --wills_;
  session.will.reset();
  if (!will.message) return;
  session.will = std::make_unique<SessionWill>(SessionWill{will.message, will.delay});
  ++wills_;
}

SubscribeOutcome State::apply(const record::Subscribed& subscribed) {
  const Subscription subscription{subscribed.session, subscribed.subscription_id,
                                  subscribed.options};
  const auto shared = codec::split_shared_filter(subscribed.filter);
  if (shared && shared->is_shared())
    return subscriptions.subscribe_shared(shared->share_name, shared->filter, subscription);
  return subscriptions.subscribe(subscribed.filter, subscription);
}

bool State::apply(const record::Unsubscribed& unsubscribed) {
  const auto shared = codec::split_shared_filter(unsubscribed.filter);
  if (shared && shared->is_shared())
    return subscriptions.unsubscribe_shared(shared->share_name, shared->filter,
                                            unsubscribed.session);
  return subscriptions.unsubscribe(unsubscribed.filter, unsubscribed.session);
}

void State::apply(const record::SharedTurnTaken& taken) {
  const auto shared = codec::split_shared_filter(taken.filter);
  if (!shared || !shared->is_shared()) return;
  if (SharedGroup* group = subscriptions.find_shared_group(shared->share_name, shared->filter))
    subscriptions.note_taken(*group, taken.session, taken.at);
}

void State::apply(const record::Queued& queued) {
  Outbound& outbound = sessions.at(queued.session).outbound();
  const std::size_t bytes = counted_bytes(*queued.message);
  outbound.queue_bytes += bytes;
  queue_bytes_ += bytes;
  ++queue_messages_;
  Delivery delivery{.message = queued.message, .subscription_ids = queued.subscription_ids};
  delivery.qos = queued.qos;
  delivery.retain = queued.retain;
  delivery.is_shared = queued.is_shared;
  delivery.is_volatile = queued.message->is_volatile();
  outbound.queue.push_back(std::move(delivery), bytes);
}

// A message that was lost has no bytes any more.
void State::note_unqueued(const Session& session, Outbound& outbound, std::size_t bytes) {
  outbound.queue_bytes -= bytes;
  queue_bytes_ -= bytes;
  --queue_messages_;
  if (session.account) session.account->add(Quota::queue_bytes, -static_cast<std::int64_t>(bytes));
}

void State::pop_queue_front(const Session& session, Outbound& outbound) {
  const Delivery delivery = outbound.queue.pop_front();
  note_unqueued(session, outbound, delivery.message ? counted_bytes(*delivery.message) : 0);
  sessions.release_ids(delivery.subscription_ids);
}

Delivery& State::apply(const record::QueuedAndBegun& sent) {
  Session& session = sessions.at(sent.session);
  Outbound& outbound = session.outbound();
  SLUICE_DCHECK(outbound.queue.empty());
  Delivery delivery{.message = sent.message, .subscription_ids = sent.subscription_ids};
  delivery.qos = sent.qos;
  delivery.retain = sent.retain;
  delivery.is_shared = sent.is_shared;
  delivery.is_volatile = sent.message->is_volatile();
  return begin(session, outbound, std::move(delivery));
}

[[gnu::cold, gnu::noinline]] void State::note_untold(Session& session) {
  constexpr std::uint16_t most = 0xffff;
  if (session.untold_ids < most) ++session.untold_ids;
}

// Into the window.
Delivery& State::begin(Session& session, Outbound& outbound, Delivery&& delivery) {
  delivery.packet_id = session.next_packet_id;  // [MQTT5-4.3.3-1]
  delivery.state = DeliveryState::published;
  // [MQTT3-2.3.1-4] [MQTT5-2.2.1-4] [MQTT3-4.3.2-1] [MQTT5-4.3.2-1]
  session.next_packet_id = after(session.next_packet_id);
  if (delivery.is_volatile) [[unlikely]]
    note_untold(session);
  else
    session.untold_ids = 0;
  outbound.window_bytes += counted_bytes(*delivery.message);
  ++outbound.unacknowledged;
  ++window_messages_;
  outbound.window.push_back(std::move(delivery));
  return outbound.window.back();
}

// At replay: it was sent before it was lost. Its identifier is taken, and nothing is left to do.
[[gnu::cold, gnu::noinline]] Delivery& State::begin_lost(Session& session, Outbound& outbound) {
  --queue_messages_;
  Delivery lost;
  lost.packet_id = session.next_packet_id;
  lost.state = DeliveryState::done;
  session.next_packet_id = after(session.next_packet_id);
  outbound.window.push_back(std::move(lost));
  return outbound.window.back();
}

Delivery& State::apply(const record::DeliveryBegun& begun) {
  Session& session = sessions.at(begun.session);
  Outbound& outbound = session.outbound();
  prefetch_message(outbound.queue.head(), 0);
  Delivery delivery = outbound.queue.pop_front();
  if (!delivery.message) [[unlikely]]
    return begin_lost(session, outbound);
  note_unqueued(session, outbound, counted_bytes(*delivery.message));
  return begin(session, outbound, std::move(delivery));
}

void State::apply(const record::QueueFrontDropped& dropped) {
  Session& session = sessions.at(dropped.session);
  pop_queue_front(session, session.outbound());
}

Delivery* State::find_delivery(Session& session, codec::PacketId packet_id) {
  Outbound* outbound = session.find_outbound();
  if (outbound == nullptr || outbound->window.empty() || packet_id == 0) return nullptr;
  std::uint32_t index = distance(outbound->window.front().packet_id, packet_id);
  if (outbound->skipped > 0) [[unlikely]]
    index = find_behind_gaps(outbound->window, index);
  if (index >= outbound->window.size()) return nullptr;
  prefetch_message(outbound->window, index);
  Delivery& delivery = outbound->window[index];
  SLUICE_ASSERT(delivery.packet_id == packet_id);
  return &delivery;
}

[[gnu::cold, gnu::noinline]] void State::count_skipped(const Session& session, Outbound& outbound) {
  const auto size = static_cast<std::uint32_t>(outbound.window.size());
  outbound.skipped =
      size == 0 ? 0 : distance(outbound.window.front().packet_id, session.next_packet_id) - size;
}

// The message is the client's, or nobody's: the window forgets it.
void State::finish(Outbound& outbound, Delivery& delivery) {
  if (delivery.state == DeliveryState::done) return;
  if (delivery.message) outbound.window_bytes -= counted_bytes(*delivery.message);
  delivery.message.reset();
  sessions.release_ids(delivery.subscription_ids);
  delivery.subscription_ids = 0;
  delivery.state = DeliveryState::done;
  --outbound.unacknowledged;
  --window_messages_;
}

bool State::apply(const record::DeliveryAcknowledged& acknowledged) {
  Session& session = sessions.at(acknowledged.session);
  Delivery* delivery = find_delivery(session, acknowledged.packet_id);
  if (delivery == nullptr) return false;
  const bool is_qos_2 = delivery->qos == codec::Qos::exactly_once;
  const DeliveryState expected = acknowledged.kind == record::AckKind::pubcomp
                                     ? DeliveryState::released
                                     : DeliveryState::published;
  if (is_qos_2 == (acknowledged.kind == record::AckKind::puback) || delivery->state != expected)
    return false;
  Outbound& outbound = session.outbound();
  if (acknowledged.kind == record::AckKind::pubrec) {
    outbound.window_bytes -= counted_bytes(*delivery->message);
    delivery->message.reset();
    delivery->state = DeliveryState::released;
    return true;
  }
  finish(outbound, *delivery);
  while (!outbound.window.empty() && outbound.window.front().state == DeliveryState::done)
    outbound.window.pop_front();
  if (outbound.skipped > 0) [[unlikely]]
    count_skipped(session, outbound);
  return true;
}

bool State::apply(const record::PacketIdReceived& received) {
  return sessions.at(received.session).received.insert(received.packet_id);
}

bool State::apply(const record::PacketIdReleased& released) {
  return sessions.at(released.session).received.erase(released.packet_id);
}

void State::apply(const record::RetainedSet& set) { retained.set(set.message); }

bool State::apply(const record::RetainedCleared& cleared) {
  return static_cast<bool>(retained.erase(cleared.topic));
}

OutboxLane& State::lane(ShardIndex other) {
  if (index_of(other) >= lanes_.size()) lanes_.resize(index_of(other) + std::size_t{1});
  return lanes_[index_of(other)];
}

void State::apply(const record::OutboxSent& sent) {
  OutboxLane& to = lane(sent.target);
  to.last_sequence = sent.entry.sequence;
  outbox_bytes_ += counted_bytes(*sent.entry.message);
  to.entries.push_back(OutboxEntry(sent.entry));
}

void State::apply(const record::OutboxApplied& applied) {
  lane(applied.source).applied = applied.sequence;
}

void State::apply(const record::OutboxConfirmed& confirmed) {
  OutboxLane& to = lane(confirmed.target);
  while (!to.entries.empty() && to.entries.front().sequence <= confirmed.sequence) {
    const OutboxEntry entry = to.entries.pop_front();
    outbox_bytes_ -= counted_bytes(*entry.message);
  }
  to.entries.shrink_if_empty(256);
  to.last_sequence = std::max(to.last_sequence, confirmed.sequence);
}

Session& State::apply(const record::SessionImaged& imaged) {
  Session& session = apply(record::SessionCreated{imaged.client_id, imaged.log_number});
  session.version = imaged.version;
  session.expiry_s = imaged.expiry_s;
  session.disconnected_at = imaged.disconnected_at;
  session.next_packet_id = imaged.packet_id;
  return session;
}

void State::apply(const record::DeliveryImaged& imaged) {
  Session& session = sessions.at(imaged.session);
  Outbound& outbound = session.outbound();
  Delivery delivery{.message = imaged.message, .subscription_ids = imaged.subscription_ids};
  delivery.qos = imaged.qos;
  delivery.retain = imaged.retain;
  delivery.is_shared = imaged.is_shared;
  delivery.is_retry = imaged.is_retry;
  delivery.state = imaged.state;
  const std::size_t bytes = imaged.message ? counted_bytes(*imaged.message) : 0;
  if (imaged.state == DeliveryState::queued) {
    outbound.queue_bytes += bytes;
    queue_bytes_ += bytes;
    ++queue_messages_;
    outbound.queue.push_back(std::move(delivery), bytes);
    return;
  }
  delivery.packet_id = session.next_packet_id;
  session.next_packet_id = after(session.next_packet_id);
  if (imaged.state != DeliveryState::done) {
    outbound.window_bytes += bytes;
    ++outbound.unacknowledged;
    ++window_messages_;
  }
  outbound.window.push_back(std::move(delivery));
}

void State::apply(const record::PacketIdsSkipped& skipped) {
  Session& session = sessions.at(skipped.session);
  session.next_packet_id = after(session.next_packet_id, skipped.count);
  if (Outbound* outbound = session.find_outbound(); outbound != nullptr)
    count_skipped(session, *outbound);
}

void State::apply(const record::OutboxImaged& imaged) {
  OutboxLane& to = lane(imaged.other);
  RingBuffer<OutboxEntry> since = std::exchange(to.entries, {});
  for (OutboxEntry& entry : imaged.entries) {
    outbox_bytes_ += counted_bytes(*entry.message);
    to.entries.push_back(std::move(entry));
  }
  imaged.entries.clear();
  while (!since.empty()) to.entries.push_back(since.pop_front());
  to.last_sequence = std::max(to.last_sequence, imaged.last_sequence);
  to.applied = std::max(to.applied, imaged.applied);
}

}  // namespace sluice::core
