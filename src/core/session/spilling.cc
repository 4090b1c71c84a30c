// SPDX-License-Identifier: Apache-2.0
#include "core/session/spilling.h"

#include "core/state/chunk_codec.h"

#include <utility>

namespace sluice::core {

void Spilling::shorten(Session& session) {
  if (c_.now < next_try_) return;
  const SpillRules rules = c_.spill_rules();
  Outbound& outbound = session.outbound();
  while (writes_ < writes_max) {
    Chunk* refused = outbound.queue.first_refused();
    if (refused == nullptr) break;
    send_away(session, *refused);
  }
  while (writes_ < writes_max && rules.is_too_long(outbound)) {
    Chunk* chunk = c_.state.cut_chunk(session, rules.cut());
    if (chunk == nullptr) return;
    if (rules.may_leave(*chunk)) send_away(session, *chunk);
  }
}

void Spilling::send_away(Session& session, Chunk& chunk) {
  ++writes_;
  auto bytes = encode_chunk(c_.state, session, chunk, {c_.setup.log_clock, c_.now});
  c_.effects.add(EffectKind::chunk, {}, c_.effects.chunk_requests.size());
  c_.effects.chunk_requests.push_back({.kind = ChunkRequest::Kind::write,
                                       .id = c_.state.chunk_leaves(session, chunk),
                                       .session = session.slot,
                                       .session_number = session.number,
                                       .bytes = std::move(bytes)});
}

void Spilling::look_ahead(Session& session) {
  Queue& queue = session.outbound().queue;
  Chunk* chunk = queue.first_away();
  if (chunk == nullptr || chunk->place != Chunk::Place::away ||
      queue.head().size() > chunk->messages)
    return;
  chunk->place = Chunk::Place::returning;
  c_.effects.add(EffectKind::chunk, {}, c_.effects.chunk_requests.size());
  c_.effects.chunk_requests.push_back({.kind = ChunkRequest::Kind::read,
                                       .id = chunk->id,
                                       .session = session.slot,
                                       .session_number = session.number,
                                       .checksum = chunk->checksum});
}

// A session that came in the place of the one that asked is not meant.
Session* Spilling::find(const ChunkAnswer& answer) {
  Session* session = c_.state.sessions.find(answer.session);
  return session != nullptr && session->number == answer.session_number ? session : nullptr;
}

void Spilling::on_written(const ChunkAnswer& answer) {
  --writes_;
  Session* session = find(answer);
  Outbound* outbound = session != nullptr ? session->find_outbound() : nullptr;
  Chunk* chunk = outbound != nullptr ? outbound->queue.find_chunk(answer.id) : nullptr;
  if (answer.done) {
    is_refused_ = false;
    ++c_.metrics.queue_chunks_written;
  } else {
    ++c_.metrics.queue_chunks_refused;
    next_try_ = c_.now + refusal_pause;
    if (!std::exchange(is_refused_, true))
      c_.log.warn("queue_chunk_refused", {{"reason", answer.done.error().detail}});
  }
  if (answer.done && chunk != nullptr && !c_.checkpoint.is_inside(*session, *chunk)) {
    c_.state.chunk_left(*session, *chunk, answer.checksum);
    return;
  }
  // Its client was quicker, or the session ended; or a checkpoint has written a part of it.
  if (answer.done) c_.state.release_chunk({answer.id, chunk != nullptr ? chunk->bytes : 0});
  if (chunk != nullptr) outbound->queue.note_refused(*chunk);
}

bool Spilling::on_read(const ChunkAnswer& answer) {
  Session* session = find(answer);
  Outbound* outbound = session != nullptr ? session->find_outbound() : nullptr;
  Chunk* chunk = outbound != nullptr ? outbound->queue.find_chunk(answer.id) : nullptr;
  if (chunk == nullptr || !chunk->is_away()) return false;
  auto deliveries = answer.done ? decode_chunk(c_.state, answer.bytes, chunk->messages,
                                               {c_.setup.log_clock, c_.now})
                                : Result<std::vector<Delivery>>(fail(answer.done.error()));
  if (deliveries) {
    ++c_.metrics.queue_chunks_read;
    c_.state.chunk_returns(*session, *chunk, std::move(*deliveries));
    return true;
  }
  ++c_.metrics.queue_chunks_unreadable;
  c_.log.error("queue_chunk_unreadable", {{"client", session->client_id()},
                                          {"messages", chunk->messages},
                                          {"reason", deliveries.error().detail}});
  c_.state.chunk_is_lost(*session, *chunk);
  return true;
}

}  // namespace sluice::core
