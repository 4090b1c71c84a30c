// SPDX-License-Identifier: Apache-2.0
// What becomes of the chunks of a queue.
#include "base/assert.h"
#include "core/state/state.h"

namespace sluice::core {

Chunk* State::cut_chunk(Session& session, const Queue::Cut& rules) {
  return session.outbound().queue.cut(rules, &counted_bytes);
}

ChunkId State::chunk_leaves(Session& session, Chunk& chunk) {
  last_chunk_ = ChunkId{static_cast<std::uint64_t>(last_chunk_) + 1};
  session.outbound().queue.note_leaving(chunk, last_chunk_);
  return last_chunk_;
}

void State::chunk_left(Session& session, Chunk& chunk, std::uint32_t checksum) {
  away_messages_ += chunk.messages;
  ++away_chunks_;
  for (const Delivery& delivery : session.outbound().queue.note_away(chunk, checksum))
    sessions.release_ids(delivery.subscription_ids);
}

void State::chunk_returns(Session& session, Chunk& chunk, std::vector<Delivery> deliveries) {
  if (chunk.are_retries)
    for (Delivery& delivery : deliveries)
      delivery.is_retry |= delivery.qos == codec::Qos::at_least_once;
  away_messages_ -= chunk.messages;
  --away_chunks_;
  release_chunk({chunk.id, chunk.bytes});
  session.outbound().queue.note_back(chunk, std::move(deliveries));
}

void State::chunk_is_lost(Session& session, Chunk& chunk) {
  Outbound& outbound = session.outbound();
  outbound.queue_bytes -= chunk.bytes;
  queue_bytes_ -= chunk.bytes;
  if (session.account)
    session.account->add(Quota::queue_bytes, -static_cast<std::int64_t>(chunk.bytes));
  chunk_returns(session, chunk, std::vector<Delivery>(chunk.messages));
}

void State::apply(const record::ChunkImaged& imaged) {
  Outbound& outbound = sessions.at(imaged.session).outbound();
  note_chunk(imaged.id);
  outbound.queue_bytes += imaged.bytes;
  queue_bytes_ += imaged.bytes;
  queue_messages_ += imaged.messages;
  away_messages_ += imaged.messages;
  ++away_chunks_;
  Chunk chunk;
  chunk.id = imaged.id;
  chunk.bytes = imaged.bytes;
  chunk.messages = imaged.messages;
  chunk.checksum = imaged.checksum;
  chunk.are_retries = imaged.are_retries;
  outbound.queue.push_away(std::move(chunk));
}

// One that is leaving is released when it has arrived, and nobody is there.
void State::drop_queue(const Session& session, Outbound& outbound) {
  outbound.queue.for_each(
      [this](Delivery& delivery) { sessions.release_ids(delivery.subscription_ids); },
      [this](const Chunk& chunk) {
        away_messages_ -= chunk.messages;
        --away_chunks_;
        release_chunk({chunk.id, chunk.bytes});
      });
  queue_bytes_ -= outbound.queue_bytes;
  if (session.account)
    session.account->add(Quota::queue_bytes, -static_cast<std::int64_t>(outbound.queue_bytes));
  queue_messages_ -= outbound.queue.size();
  outbound.queue_bytes = 0;
  outbound.queue = {};
}

}  // namespace sluice::core
