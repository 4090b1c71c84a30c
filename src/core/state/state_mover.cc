// SPDX-License-Identifier: Apache-2.0
#include "core/state/state_mover.h"

#include "core/state/chunk_codec.h"
#include "core/topic/sys_topic.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::core {

StateMover::StateMover(Places to, const HashKey& table_key, ChunkPlaces chunks)
    : places_(std::move(to)), clock_(chunks.clock) {
  for (std::uint16_t i = 0; i < places_.count; ++i) {
    ChunkStore* store = i < chunks.stores.size() ? chunks.stores[i] : nullptr;
    states_.push_back(std::make_unique<State>(table_key));
    chunks_.push_back(
        std::make_unique<DirectChunks>(*states_.back(), store, chunks.rules, chunks.clock));
  }
}

Result<void> StateMover::move(const State& from, ChunkStore* chunks) {
  from_chunks_ = chunks;
  const auto owes = [](const OutboxLane& lane) { return !lane.entries.empty(); };
  if (std::ranges::any_of(from.lanes(), owes))
    return fail(ErrorCode::invalid_argument, "messages are on their way to another thread");
  std::vector<Target> targets;
  for (std::size_t i = 0; i < states_.size(); ++i)
    targets.push_back({*states_[i], *chunks_[i], {}});
  const auto target = [&](ShardIndex shard) -> Target& { return targets[index_of(shard)]; };
  auto& sessions = const_cast<Sessions&>(from.sessions);
  for (std::uint32_t i = 0; i < sessions.end(); ++i) {
    const Session* session = sessions.find(SessionSlot{i});
    if (session != nullptr && !session->is_stand_in() && session->is_logged())
      move_session(from, *session, target(places_.home_of(session->client_id())));
  }
  from.retained.for_each([&](const MessageRef& message) {
    if (is_sys_topic(message->topic())) return;
    Target& to = target(places_.owner_of(message->topic()));
    to.state.apply(record::RetainedSet{copy(message, to)});
  });
  return {};
}

void StateMover::move_session(const State& from, const Session& session, Target& to) {
  const Outbound* outbound = session.find_outbound();
  const bool has_window = outbound != nullptr && !outbound->window.empty();
  const Session& moved = to.state.apply(record::SessionImaged{
      .client_id = session.client_id(),
      .log_number = to.state.sessions.next_log_number(),
      .version = session.version,
      .expiry_s = session.expiry_s,
      .disconnected_at = session.disconnected_at,
      .packet_id = has_window ? outbound->window.front().packet_id : session.next_packet_id});
  const SessionSlot slot = moved.slot;
  std::string text;
  from.subscriptions.for_each_of_session(
      session.slot, text, [&](std::string_view filter, const Subscription& subscription) {
        to.state.apply(
            record::Subscribed{slot, filter, subscription.options, subscription.subscription_id});
      });
  from.subscriptions.for_each_turn_taken(
      session.slot, text, [&](std::string_view filter, const Subscription&, Instant at) {
        to.state.apply(record::SharedTurnTaken{slot, filter, at});
      });
  for (const codec::PacketId id : session.received.to_vector())
    to.state.apply(record::PacketIdReceived{slot, id});
  if (session.will)
    to.state.apply(record::WillSet{slot, copy(session.will->message, to), session.will->delay});
  if (outbound != nullptr) move_deliveries(from, session, slot, to);
}

void StateMover::move_deliveries(const State& from, const Session& session, SessionSlot slot,
                                 Target& to) {
  const Outbound& outbound = *session.find_outbound();
  for (std::size_t i = 0; i < outbound.window.size(); ++i) {
    move_delivery(from, outbound.window[i], slot, to);
    if (const std::uint32_t gap = gap_behind(session, outbound, i); gap > 0)
      to.state.apply(record::PacketIdsSkipped{slot, gap});
  }
  outbound.queue.for_each(
      [&](const Delivery& delivery) {
        move_delivery(from, delivery, slot, to);
        to.chunks.after_push(slot);
      },
      [&](const Chunk& chunk) { move_chunk(chunk, slot, to); });
}

// What was lost is nobody's; in the window it has an identifier all the same.
void StateMover::move_delivery(const State& from, const Delivery& delivery, SessionSlot slot,
                               Target& to) {
  if (delivery.state == DeliveryState::queued && !delivery.message) return;
  const auto ids = from.sessions.ids(delivery.subscription_ids);
  to.state.apply(record::DeliveryImaged{.session = slot,
                                        .message = copy(delivery.message, to),
                                        .subscription_ids = to.state.sessions.store_ids(ids),
                                        .qos = delivery.qos,
                                        .retain = delivery.retain,
                                        .is_shared = delivery.is_shared,
                                        .is_retry = delivery.is_retry,
                                        .state = delivery.state});
}

void StateMover::move_chunk(const Chunk& chunk, SessionSlot slot, Target& to) {
  // Lost long ago, and told.
  if (chunk.id == ChunkId{0}) return;
  const LogClockAt at{clock_, clock_.instant};
  const auto bytes = from_chunks_ != nullptr
                         ? from_chunks_->read(chunk.id, chunk.checksum)
                         : fail(ErrorCode::not_found, "there is nothing beside the log");
  auto deliveries = bytes ? decode_chunk(to.state, *bytes, chunk.messages, at)
                          : Result<std::vector<Delivery>>(fail(bytes.error()));
  if (!deliveries) {
    lost_.push_back({std::string(to.state.sessions.at(slot).client_id()), chunk.messages});
    return;
  }
  for (const Delivery& delivery : *deliveries) {
    const bool is_retry = chunk.are_retries && delivery.qos == codec::Qos::at_least_once;
    to.state.apply(record::DeliveryImaged{.session = slot,
                                          .message = delivery.message,
                                          .subscription_ids = delivery.subscription_ids,
                                          .qos = delivery.qos,
                                          .retain = delivery.retain,
                                          .is_shared = delivery.is_shared,
                                          .is_retry = delivery.is_retry || is_retry,
                                          .state = DeliveryState::queued});
    to.chunks.after_push(slot);
  }
}

MessageRef StateMover::copy(const MessageRef& message, Target& to) {
  if (!message) return {};
  if (const auto found = to.messages.find(message.get()); found != to.messages.end())
    return found->second;
  MessageRef made = to.state.messages.make(message->fields());
  if (message->is_shared()) to.messages.emplace(message.get(), made);
  return made;
}

}  // namespace sluice::core
