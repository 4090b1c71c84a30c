// SPDX-License-Identifier: Apache-2.0
#include "tests/support/state_dump.h"

#include "core/state/chunk_codec.h"

#include <algorithm>
#include <vector>

namespace sluice::testing {
namespace {

using core::Delivery;
using core::Session;

std::string number(std::int64_t value) { return std::to_string(value) + " "; }

std::string dump(const core::Message& message) {
  return "[" + std::string(message.topic()) + "|" + std::string(as_text(message.properties())) +
         "|" + std::string(as_text(message.payload())) + "|" +
         number(static_cast<int>(message.qos())) + number(message.retain() ? 1 : 0) +
         number(message.expiry_s()) + std::to_string(message.received().ns) + "]";
}

std::string dump(const core::State& state, const Delivery& delivery) {
  std::string text = "    " + number(delivery.packet_id) + number(static_cast<int>(delivery.qos)) +
                     number(delivery.retain ? 1 : 0) + number(delivery.is_shared ? 1 : 0) +
                     number(delivery.is_retry ? 1 : 0) + number(static_cast<int>(delivery.state)) +
                     "ids";
  for (const std::uint32_t id : state.sessions.ids(delivery.subscription_ids))
    text += "," + std::to_string(id);
  return text + " " + (delivery.message ? dump(*delivery.message) : "-") + "\n";
}

std::string dump_away(const core::Chunk& chunk, core::ChunkStore* chunks,
                      const core::LogClock& clock) {
  const std::string name = "    chunk " + std::to_string(static_cast<std::uint64_t>(chunk.id));
  if (chunks == nullptr) return name + "\n";
  const auto bytes = chunks->read(chunk.id, chunk.checksum);
  if (!bytes) return name + " cannot be read\n";
  core::State scratch(HashKey{1, 2});
  auto deliveries =
      core::decode_chunk(scratch, *bytes, chunk.messages, {clock, clock.instant + 24h});
  if (!deliveries) return name + " is no chunk\n";
  std::string text;
  for (core::Delivery& delivery : *deliveries) {
    delivery.is_retry |= chunk.are_retries && delivery.qos == codec::Qos::at_least_once;
    text += dump(scratch, delivery);
  }
  deliveries->clear();
  return text;
}

std::string dump(const core::State& state, const Session& session, core::ChunkStore* chunks,
                 const core::LogClock& clock) {
  std::string text = "session " + std::string(session.client_id()) + "\n  " +
                     number(static_cast<std::int64_t>(session.log_number)) +
                     number(static_cast<int>(session.version)) + number(session.expiry_s) +
                     number(session.disconnected_at.ns) + number(session.next_packet_id) + "\n";
  if (session.will)
    text += "  will " + number(session.will->delay.count()) + dump(*session.will->message) + "\n";
  text += "  received";
  for (const auto id : session.received.to_vector()) text += " " + std::to_string(id);
  text += "\n";
  std::vector<std::string> filters;
  std::string scratch;
  state.subscriptions.for_each_of_session(
      session.slot, scratch, [&](std::string_view filter, const core::Subscription& subscription) {
        filters.push_back("  " + std::string(filter) + " " +
                          number(subscription.options.to_byte()) +
                          number(subscription.subscription_id) + "\n");
      });
  std::ranges::sort(filters);
  for (const std::string& filter : filters) text += filter;
  const core::Outbound* outbound = session.find_outbound();
  if (outbound == nullptr) return text;
  if (outbound->window.empty() && outbound->queue.empty()) return text;
  text += "  window " + number(outbound->unacknowledged) +
          number(static_cast<std::int64_t>(outbound->window_bytes)) + "\n";
  for (std::size_t i = 0; i < outbound->window.size(); ++i)
    text += dump(state, outbound->window[i]);
  text += "  queue " + number(static_cast<std::int64_t>(outbound->queue_bytes)) + "\n";
  outbound->queue.for_each(
      [&](const Delivery& delivery) { text += dump(state, delivery); },
      [&](const core::Chunk& chunk) { text += dump_away(chunk, chunks, clock); });
  return text;
}

}  // namespace

std::string dump(const core::State& state, core::ChunkStore* chunks, const core::LogClock& clock) {
  std::vector<std::string> sessions;
  auto& table = const_cast<core::Sessions&>(state.sessions);
  for (std::uint32_t i = 0; i < table.end(); ++i)
    if (const Session* session = table.find(core::SessionSlot{i});
        session != nullptr && !session->is_stand_in() && session->is_logged())
      sessions.push_back(dump(state, *session, chunks, clock));
  std::ranges::sort(sessions);
  std::string text;
  for (const std::string& session : sessions) text += session;
  state.retained.for_each(
      [&](const core::MessageRef& message) { text += "retained " + dump(*message) + "\n"; });
  for (std::size_t i = 0; i < state.lanes().size(); ++i) {
    const core::OutboxLane& lane = state.lanes()[i];
    if (lane.last_sequence == 0 && lane.applied == 0) continue;
    text += "lane " + std::to_string(i) + " " + std::to_string(lane.last_sequence) + " " +
            std::to_string(lane.applied) + "\n";
    for (std::size_t k = 0; k < lane.entries.size(); ++k)
      text += "  " + std::to_string(lane.entries[k].sequence) + lane.entries[k].shared +
              number(lane.entries[k].is_for_subscribers ? 1 : 0) +
              number(lane.entries[k].is_to_retain ? 1 : 0) + dump(*lane.entries[k].message) + "\n";
  }
  return text;
}

}  // namespace sluice::testing
