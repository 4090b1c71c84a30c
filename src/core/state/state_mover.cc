// SPDX-License-Identifier: Apache-2.0
#include "core/state/state_mover.h"

#include "core/topic/sys_topic.h"

#include <algorithm>
#include <string>
#include <utility>

namespace sluice::core {

StateMover::StateMover(Places to, const HashKey& table_key) : places_(std::move(to)) {
  for (std::uint16_t i = 0; i < places_.count; ++i)
    states_.push_back(std::make_unique<State>(table_key));
}

Result<void> StateMover::move(const State& from) {
  const auto owes = [](const OutboxLane& lane) { return !lane.entries.empty(); };
  if (std::ranges::any_of(from.lanes(), owes))
    return fail(ErrorCode::invalid_argument, "messages are on their way to another thread");
  std::vector<Target> targets;
  for (const auto& state : states_) targets.push_back({*state, {}});
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
  for (const codec::PacketId id : session.received.to_vector())
    to.state.apply(record::PacketIdReceived{slot, id});
  if (session.will)
    to.state.apply(record::WillSet{slot, copy(session.will->message, to), session.will->delay});
  if (outbound != nullptr) move_deliveries(from, session, slot, to);
}

void StateMover::move_deliveries(const State& from, const Session& session, SessionSlot slot,
                                 Target& to) {
  const Outbound& outbound = *session.find_outbound();
  for (const RingBuffer<Delivery>* part : {&outbound.window, &outbound.queue}) {
    for (std::size_t i = 0; i < part->size(); ++i) {
      const Delivery& delivery = (*part)[i];
      const auto ids = from.sessions.ids(delivery.subscription_ids);
      to.state.apply(record::DeliveryImaged{.session = slot,
                                            .message = copy(delivery.message, to),
                                            .subscription_ids = to.state.sessions.store_ids(ids),
                                            .qos = delivery.qos,
                                            .retain = delivery.retain,
                                            .is_shared = delivery.is_shared,
                                            .is_retry = delivery.is_retry,
                                            .state = delivery.state});
      if (part != &outbound.window) continue;
      if (const std::uint32_t gap = gap_behind(session, outbound, i); gap > 0)
        to.state.apply(record::PacketIdsSkipped{slot, gap});
    }
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
