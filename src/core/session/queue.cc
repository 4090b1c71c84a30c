// SPDX-License-Identifier: Apache-2.0
#include "core/session/queue.h"

#include "base/assert.h"

#include <algorithm>
#include <utility>

namespace sluice::core {

std::size_t Queue::bytes() const {
  std::size_t sum = head_.bytes();
  if (!rest_) return sum;
  sum += sizeof(Rest) + rest_->chunks.bytes() + rest_->tail.bytes();
  for (std::size_t i = 0; i < rest_->chunks.size(); ++i)
    if (const auto& deliveries = rest_->chunks[i].deliveries)
      sum += deliveries->capacity() * sizeof(Delivery);
  return sum;
}

void Queue::push_behind(Delivery&& delivery, std::size_t bytes) {
  rest_->tail.push_back(std::move(delivery));
  rest_->tail_bytes += bytes;
  ++rest_->pushed;
}

void Queue::after_pop() {
  ++rest_->popped;
  if (head_.empty()) refill();
}

// Whatever stands next in memory becomes the head.
void Queue::refill() {
  while (head_.empty() && rest_) {
    RingBuffer<Chunk>& chunks = rest_->chunks;
    if (chunks.empty()) {
      head_ = std::move(rest_->tail);
      rest_.reset();
      return;
    }
    Chunk& first = chunks.front();
    if (!first.deliveries) return;
    if (first.place == Chunk::Place::leaving) {
      rest_->leaving_messages -= first.messages;
      rest_->leaving_bytes -= first.bytes;
    }
    if (first.place == Chunk::Place::refused) --rest_->refused;
    for (Delivery& delivery : *first.deliveries) head_.push_back(std::move(delivery));
    chunks.pop_front();
  }
}

void Queue::begin_rest(std::size_t keep, std::size_t (*counted)(const Message&)) {
  rest_ = std::make_unique<Rest>();
  rest_->pushed = head_.size();
  rest_->chunk_end = keep;
  for (std::size_t i = keep; i < head_.size(); ++i) {
    rest_->tail_bytes += counted(*head_[i].message);
    rest_->tail.push_back(std::move(head_[i]));
  }
  RingBuffer<Delivery> kept;
  for (std::size_t i = 0; i < keep; ++i) kept.push_back(head_.pop_front());
  head_ = std::move(kept);
}

Chunk* Queue::cut(const Cut& rules, std::size_t (*counted)(const Message&)) {
  if (!rest_) {
    // As large as a chunk, so that there is time to bring the first one back.
    std::size_t keep = 0;
    for (std::size_t bytes = 0;
         keep < std::min(head_.size(), rules.messages) && (keep == 0 || bytes < rules.bytes);
         ++keep)
      if (head_[keep].message) bytes += counted(*head_[keep].message);
    if (keep == head_.size()) return nullptr;
    for (std::size_t i = keep; i < head_.size(); ++i)
      if (!head_[i].message) return nullptr;
    begin_rest(keep, counted);
  }
  RingBuffer<Delivery>& tail = rest_->tail;
  if (tail.empty() || (tail.size() < rules.messages && rest_->tail_bytes < rules.bytes))
    return nullptr;
  Chunk chunk;
  chunk.first = rest_->chunk_end;
  chunk.deliveries = std::make_unique<std::vector<Delivery>>();
  chunk.deliveries->reserve(std::min(tail.size(), rules.messages));
  while (!tail.empty() && chunk.messages < rules.messages && chunk.bytes < rules.bytes) {
    chunk.bytes += counted(*tail.front().message);
    chunk.deliveries->push_back(tail.pop_front());
    ++chunk.messages;
  }
  rest_->tail_bytes -= chunk.bytes;
  rest_->chunk_end += chunk.messages;
  rest_->chunks.push_back(std::move(chunk));
  return &rest_->chunks.back();
}

void Queue::push_away(Chunk chunk) {
  if (!rest_) {
    rest_ = std::make_unique<Rest>();
    rest_->pushed = rest_->chunk_end = head_.size();
  }
  // What is in no chunk stands behind all chunks: where another follows, it becomes one.
  if (!rest_->tail.empty()) {
    Chunk kept;
    kept.first = rest_->chunk_end;
    kept.deliveries = std::make_unique<std::vector<Delivery>>();
    kept.bytes = std::exchange(rest_->tail_bytes, 0);
    while (!rest_->tail.empty()) kept.deliveries->push_back(rest_->tail.pop_front());
    kept.messages = static_cast<std::uint32_t>(kept.deliveries->size());
    rest_->chunk_end += kept.messages;
    rest_->chunks.push_back(std::move(kept));
  }
  chunk.first = rest_->chunk_end;
  chunk.place = Chunk::Place::away;
  rest_->chunk_end += chunk.messages;
  rest_->pushed += chunk.messages;
  rest_->away_messages += chunk.messages;
  rest_->away_bytes += chunk.bytes;
  rest_->chunks.push_back(std::move(chunk));
}

// Those that are asked for stand at the front, those that leave at the back.
Chunk* Queue::find_chunk(ChunkId id) {
  if (!rest_) return nullptr;
  RingBuffer<Chunk>& chunks = rest_->chunks;
  if (!chunks.empty() && chunks.front().id == id) return &chunks.front();
  for (std::size_t i = chunks.size(); i > 0; --i)
    if (chunks[i - 1].id == id) return &chunks[i - 1];
  return nullptr;
}

Chunk* Queue::first_away() {
  if (!has_chunks() || !rest_->chunks.front().is_away()) return nullptr;
  return &rest_->chunks.front();
}

Chunk* Queue::first_refused() {
  for (std::size_t i = 0; has_refused() && i < rest_->chunks.size(); ++i)
    if (rest_->chunks[i].place == Chunk::Place::refused) return &rest_->chunks[i];
  return nullptr;
}

void Queue::note_leaving(Chunk& chunk, ChunkId id) {
  if (chunk.place == Chunk::Place::refused) --rest_->refused;
  chunk.id = id;
  chunk.place = Chunk::Place::leaving;
  rest_->leaving_messages += chunk.messages;
  rest_->leaving_bytes += chunk.bytes;
}

void Queue::note_refused(Chunk& chunk) {
  SLUICE_ASSERT(chunk.place == Chunk::Place::leaving);
  rest_->leaving_messages -= chunk.messages;
  rest_->leaving_bytes -= chunk.bytes;
  chunk.id = {};
  chunk.place = Chunk::Place::refused;
  ++rest_->refused;
}

std::vector<Delivery> Queue::note_away(Chunk& chunk, std::uint32_t checksum) {
  SLUICE_ASSERT(chunk.place == Chunk::Place::leaving);
  rest_->leaving_messages -= chunk.messages;
  rest_->leaving_bytes -= chunk.bytes;
  rest_->away_messages += chunk.messages;
  rest_->away_bytes += chunk.bytes;
  chunk.place = Chunk::Place::away;
  chunk.checksum = checksum;
  return std::move(*std::exchange(chunk.deliveries, nullptr));
}

void Queue::note_back(Chunk& chunk, std::vector<Delivery> deliveries) {
  SLUICE_ASSERT(chunk.is_away() && deliveries.size() == chunk.messages);
  rest_->away_messages -= chunk.messages;
  rest_->away_bytes -= chunk.bytes;
  chunk.id = {};
  chunk.place = Chunk::Place::kept;
  chunk.deliveries = std::make_unique<std::vector<Delivery>>(std::move(deliveries));
  if (head_.empty()) refill();
}

Queue::At Queue::at(std::size_t index) const {
  if (index < head_.size()) return {.delivery = &head_[index]};
  const std::uint64_t number = rest_->popped + index;
  if (number >= rest_->chunk_end)
    return {.delivery = &rest_->tail[static_cast<std::size_t>(number - rest_->chunk_end)]};
  const RingBuffer<Chunk>& chunks = rest_->chunks;
  std::size_t low = 0;
  std::size_t high = chunks.size();
  while (high - low > 1) {
    const std::size_t middle = low + (high - low) / 2;
    (chunks[middle].first <= number ? low : high) = middle;
  }
  const Chunk& chunk = chunks[low];
  const auto in_chunk = static_cast<std::size_t>(number - chunk.first);
  if (chunk.deliveries) return {.delivery = &(*chunk.deliveries)[in_chunk]};
  return {.chunk = &chunk, .in_chunk = in_chunk};
}

bool Queue::is_inside(const Chunk& chunk, std::size_t index) const {
  const std::uint64_t number = rest_->popped + index;
  return number > chunk.first && number < chunk.first + chunk.messages;
}

}  // namespace sluice::core
