// SPDX-License-Identifier: Apache-2.0
#include "core/state/checkpoint.h"

#include "base/assert.h"
#include "core/topic/sys_topic.h"

namespace sluice::core {
namespace {

// A place that holds nothing costs time too.
constexpr std::size_t step_cost = 8;

}  // namespace

Checkpoint::Checkpoint(State& state, RecordWriter& writer) : state_(state), writer_(writer) {
  writer_.watch_queues(*this);
}

Checkpoint::~Checkpoint() { writer_.forget(*this); }

void Checkpoint::begin(Instant now) {
  now_ = now;
  bytes_ = 0;
  lane_ = 0;
  lane_sequence_ = 0;
  next_slot_ = 0;
  open_ = {};
  last_topic_.clear();
  kept_.clear();
  kept_messages_.clear();
  phase_ = Phase::lanes;
  write(logged::CheckpointBegun{state_.sessions.next_log_number() - 1});
}

Checkpoint::Progress Checkpoint::go_on(std::size_t bytes, Instant now) {
  SLUICE_ASSERT(is_running());
  now_ = now;
  const std::size_t before = writer_.bytes();
  for (std::size_t cost = 0; cost + (writer_.bytes() - before) < bytes; cost += step_cost) {
    write_next();
    if (is_running()) continue;
    write(logged::CheckpointEnded{});
    bytes_ += writer_.bytes() - before;
    kept_ = {};
    kept_messages_ = {};
    return Progress::ended;
  }
  bytes_ += writer_.bytes() - before;
  return Progress::more;
}

void Checkpoint::write_next() {
  switch (phase_) {
    case Phase::lanes:
      if (lane_ < state_.lanes().size()) return write_lane();
      phase_ = Phase::sessions;
      return;
    case Phase::sessions:
      if (open_.slot != no_session) return write_queue_entry();
      if (next_slot_ < state_.sessions.end()) return write_session();
      phase_ = Phase::retained;
      return;
    case Phase::retained:
      return write_retained();
    case Phase::idle:
      return;
  }
}

// What was confirmed meanwhile has left at the front, and is not needed.
void Checkpoint::write_lane() {
  const OutboxLane& lane = state_.lanes()[lane_];
  const auto target = static_cast<std::uint16_t>(lane_);
  const RingBuffer<OutboxEntry>& entries = lane.entries;
  if (!entries.empty() && entries[entries.size() - 1].sequence > lane_sequence_) {
    const std::uint64_t first = entries.front().sequence;
    const OutboxEntry& entry = entries[lane_sequence_ < first ? 0 : lane_sequence_ + 1 - first];
    const auto [message, kept] = place_of(entry.message);
    write(logged::OutboxImaged{.target = target,
                               .sequence = entry.sequence,
                               .message = message,
                               .kept = kept,
                               .shared = entry.shared,
                               .is_for_subscribers = entry.is_for_subscribers,
                               .is_to_retain = entry.is_to_retain});
    lane_sequence_ = entry.sequence;
    return;
  }
  write(logged::OutboxImageEnded{target, lane.last_sequence, lane.applied});
  lane_sequence_ = 0;
  ++lane_;
}

void Checkpoint::write_session() {
  Session* session = state_.sessions.find(SessionSlot{next_slot_++});
  if (session == nullptr || session->is_stand_in() || !session->is_logged()) return;
  write_header(*session);
  // One that ends with its connection is known for its will alone: what becomes of its deliveries
  // is not logged.
  const Outbound* outbound = session->is_durable() ? session->find_outbound() : nullptr;
  open_ = {.slot = session->slot};
  if (outbound != nullptr) {
    write_window(*session, *outbound);
    open_.left = outbound->queue.size();
  }
  if (open_.left == 0) end_session();
}

void Checkpoint::write_window(const Session& session, const Outbound& outbound) {
  for (std::size_t i = 0; i < outbound.window.size(); ++i) {
    // The log does not know it, but the identifier is taken.
    const bool is_volatile = outbound.window[i].is_volatile;
    if (!is_volatile) write_delivery(session, outbound.window[i]);
    const std::uint32_t gap = gap_behind(session, outbound, i) + (is_volatile ? 1 : 0);
    if (gap > 0) write(logged::PacketIdsSkipped{session.log_number, gap});
  }
}

void Checkpoint::write_header(Session& session) {
  const Outbound* outbound = session.find_outbound();
  const bool is_connected = session.disconnected_at.is_never();
  const Instant batch_at = writer_.batch_at(now_);
  write(logged::SessionImaged{
      .session = session.log_number,
      .client_id = session.client_id(),
      .version = session.version,
      .expiry_s = session.expiry_s,
      .is_connected = is_connected,
      .disconnected = {is_connected ? Duration{} : batch_at - session.disconnected_at},
      .packet_id = outbound != nullptr && !outbound->window.empty()
                       ? outbound->window.front().packet_id
                       : session.next_packet_id});
  std::string text;
  state_.subscriptions.for_each_of_session(
      session.slot, text, [&](std::string_view filter, const Subscription& subscription) {
        write(logged::Subscribed{session.log_number, filter, subscription.options,
                                 subscription.subscription_id});
      });
  state_.subscriptions.for_each_turn_taken(
      session.slot, text, [&](std::string_view filter, const Subscription&, Instant at) {
        write(logged::SharedTurnTaken{session.log_number, filter, {batch_at - at}});
      });
  for (const codec::PacketId id : session.received.to_vector())
    write(logged::PacketIdReceived{session.log_number, id});
  if (!session.will) return;
  const auto delay = std::chrono::duration_cast<std::chrono::seconds>(session.will->delay);
  const logged::MessageNumber message = writer_.write_message(session.will->message, now_);
  write(logged::WillSet{session.log_number, message, static_cast<std::uint32_t>(delay.count())});
}

void Checkpoint::write_delivery(const Session& session, const Delivery& delivery) {
  const auto [message, kept] = place_of(delivery.message);
  // Whether it has left already is a matter of this run.
  const bool is_held = delivery.state == DeliveryState::held;
  write(logged::DeliveryImaged{.session = session.log_number,
                               .message = message,
                               .kept = kept,
                               .qos = delivery.qos,
                               .retain = delivery.retain,
                               .is_shared = delivery.is_shared,
                               .is_retry = delivery.is_retry,
                               .state = is_held ? DeliveryState::published : delivery.state,
                               .subscription_ids = state_.sessions.ids(delivery.subscription_ids)});
}

void Checkpoint::write_queue_entry() {
  const Session& session = state_.sessions.at(open_.slot);
  // Since its first deliveries were written, a CONNECT may have made it one that does not last.
  if (!session.is_durable()) return end_session();
  const Outbound* outbound = session.find_outbound();
  SLUICE_ASSERT(outbound != nullptr && open_.left > 0);
  const Queue::At at = outbound->queue.at(open_.written);
  std::size_t count = 1;
  if (at.chunk != nullptr) {
    SLUICE_ASSERT(at.in_chunk == 0 && at.chunk->messages <= open_.left);
    count = at.chunk->messages;
    write(logged::ChunkImaged{.session = session.log_number,
                              .chunk = static_cast<std::uint64_t>(at.chunk->id),
                              .checksum = at.chunk->checksum,
                              .messages = at.chunk->messages,
                              .bytes = at.chunk->bytes,
                              .are_retries = at.chunk->are_retries});
  } else if (at.delivery->is_volatile) {
    // It goes on without.
  } else if (at.delivery->message) {
    write_delivery(session, *at.delivery);
  } else {
    write_lost(session);
  }
  open_.written += count;
  open_.left -= count;
  if (open_.left == 0) end_session();
}

bool Checkpoint::is_inside(const Session& session, const Chunk& chunk) const {
  if (session.slot != open_.slot) return false;
  const Queue& queue = session.find_outbound()->queue;
  return queue.is_inside(chunk, open_.written) ||
         queue.is_inside(chunk, open_.written + open_.left);
}

// A chunk that nobody has says the same of it.
void Checkpoint::write_lost(const Session& session) {
  write(logged::ChunkImaged{.session = session.log_number, .messages = 1});
}

void Checkpoint::end_session() {
  write(logged::SessionImageEnded{state_.sessions.at(open_.slot).log_number});
  open_ = {};
}

void Checkpoint::before_pop(SessionSlot session) {
  if (session != open_.slot) return;
  if (open_.written == 0) write_queue_entry();
  // If that was the last of them, the session is told.
  if (open_.slot == session) --open_.written;
}

void Checkpoint::before_end(SessionSlot session) {
  if (session == open_.slot) open_ = {};
}

void Checkpoint::write_retained() {
  const SortedTopics& topics = state_.retained.topics();
  SortedTopics::Position at = topics.lower_bound(last_topic_);
  if (!topics.is_end(at) && !last_topic_.empty() && topics.at(at)->topic() == last_topic_)
    at = topics.next(at);
  constexpr std::size_t page = 16;
  for (std::size_t i = 0; i < page; ++i, at = topics.next(at)) {
    if (topics.is_end(at)) {
      phase_ = Phase::idle;
      return;
    }
    if (!is_reserved_topic(topics.at(at)->topic()) && !topics.at(at)->is_volatile()) {
      const logged::MessageNumber message = writer_.write_message(topics.at(at), now_);
      write(logged::RetainedSet{message});
    }
    if (i + 1 == page) last_topic_ = topics.at(at)->topic();
  }
}

Checkpoint::MessagePlace Checkpoint::place_of(const MessageRef& message) {
  if (!message) return {};
  if (const auto found = kept_.find(message.get()); found != kept_.end())
    return {.kept = found->second};
  const bool is_shared = message->is_shared();
  const logged::MessageNumber number = writer_.write_message(message, now_);
  if (!is_shared) return {.message = number};
  write(logged::MessageKept{number});
  kept_messages_.push_back(message);
  const auto kept = static_cast<logged::KeptNumber>(kept_messages_.size());
  kept_.emplace(message.get(), kept);
  return {.message = number};
}

}  // namespace sluice::core
