// SPDX-License-Identifier: Apache-2.0
#include "core/state/direct_chunks.h"

#include "core/state/chunk_codec.h"

#include <utility>

namespace sluice::core {

void DirectChunks::after_push(SessionSlot slot) {
  if (store_ == nullptr || has_failed_) return;
  Session& session = state_.sessions.at(slot);
  const Outbound& outbound = *session.find_outbound();
  while (rules_.is_too_long(outbound) && !has_failed_) {
    Chunk* chunk = state_.cut_chunk(session, rules_.cut());
    if (chunk == nullptr) return;
    if (rules_.may_leave(*chunk)) has_failed_ = !write(session, *chunk);
  }
}

bool DirectChunks::write(Session& session, Chunk& chunk) {
  const auto bytes = encode_chunk(state_, session, chunk, {clock_, clock_.instant});
  const ChunkId id = state_.chunk_leaves(session, chunk);
  const auto checksum = store_->write(id, bytes);
  if (!checksum) {
    session.outbound().queue.note_refused(chunk);
    return false;
  }
  state_.chunk_left(session, chunk, *checksum);
  return true;
}

void DirectChunks::before_pop(SessionSlot slot) {
  Session& session = state_.sessions.at(slot);
  Queue& queue = session.outbound().queue;
  if (queue.has_front()) return;
  Chunk* chunk = queue.first_away();
  if (chunk == nullptr) return;
  if (store_ != nullptr) {
    if (const auto bytes = store_->read(chunk->id, chunk->checksum)) {
      if (auto deliveries =
              decode_chunk(state_, *bytes, chunk->messages, {clock_, clock_.instant})) {
        state_.chunk_returns(session, *chunk, std::move(*deliveries));
        return;
      }
    }
  }
  lost_.push_back({std::string(session.client_id()), chunk->messages});
  state_.chunk_is_lost(session, *chunk);
}

void DirectChunks::release() {
  for (const ReleasedChunk& chunk : state_.take_released_chunks())
    if (store_ != nullptr) store_->release(chunk.id);
}

}  // namespace sluice::core
