// SPDX-License-Identifier: Apache-2.0
//
// A Queue is what waits for a session behind its window, oldest first. While it is short it is a
// ring in memory. What waits in the middle of a long one stands in chunks, which may leave memory:
//
//   head (always in memory) | chunks, each in memory or away | tail (in memory)
//
// Only the head is taken from: where it is empty, the first chunk is away and has to come back
// first. A queue knows nothing of disks: others say that a chunk is safe somewhere, and bring it
// back.
//
// Owner:   Outbound.      Thread: its shard's.
// Limits:  the caller's; a chunk that is away takes sizeof(Chunk).
#pragma once

#include "base/ring_buffer.h"
#include "codec/types.h"
#include "core/ids.h"
#include "core/message/message.h"

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace sluice::core {

enum class DeliveryState : std::uint8_t {
  queued,     ///< no packet identifier yet
  held,       ///< has one; waits until that is durable
  published,  ///< PUBLISH sent; PUBACK or PUBREC is awaited
  released,   ///< PUBREL sent; PUBCOMP is awaited
  done,       ///< acknowledged; waits for those in front of it to leave the window
};

/// One message for one session. Subscription identifiers: 0 = none; with the top bit set, a number
/// of Sessions' lists.
struct Delivery {
  MessageRef message;
  std::uint32_t subscription_ids = 0;
  codec::PacketId packet_id = 0;
  codec::Qos qos : 2 = codec::Qos::at_most_once;
  bool retain : 1 = false;
  bool is_retry : 1 = false;  ///< sent on an earlier connection: DUP
  bool is_shared : 1 =
      false;  ///< by a shared subscription: goes to another member if the session ends
  bool is_volatile : 1 = false;  ///< the log does not know it
  DeliveryState state = DeliveryState::queued;
};
static_assert(sizeof(Delivery) == 16);

/// Deliveries of a queue that stand together. Either they are in memory, or somebody keeps what
/// encode_chunk() has made of them under `id`.
/// A chunk that nobody needs any more.
struct ReleasedChunk {
  ChunkId id{};
  std::uint64_t bytes = 0;  ///< of its messages, as Chunk::bytes
};

struct Chunk {
  enum class Place : std::uint8_t {
    kept,       ///< in memory, for good
    refused,    ///< in memory: there was no room for it elsewhere
    leaving,    ///< in memory, until it is known to be safe
    away,       ///< not in memory
    returning,  ///< not in memory, and asked for
  };

  bool is_away() const { return place == Place::away || place == Place::returning; }

  ChunkId id{};
  std::uint64_t first = 0;  ///< number of its first delivery, counted from where chunks began
  std::uint64_t bytes = 0;  ///< of its messages, as they are counted against limits
  std::unique_ptr<std::vector<Delivery>> deliveries{};  ///< null: it is away
  std::uint32_t messages = 0;
  std::uint32_t checksum = 0;  ///< said by whoever keeps it
  Place place = Place::kept;
  bool are_retries = false;  ///< those of QoS 1 may have been seen: DUP
};
static_assert(sizeof(Chunk) <= 64);

class Queue {
 public:
  /// Where there is a rest, it is not empty.
  bool empty() const { return head_.empty() && !rest_; }
  std::size_t size() const { return head_.size() + (rest_ ? rest_size() : 0); }
  /// Whether the first can be taken now. False though not empty(): its chunk has to come back.
  bool has_front() const { return !head_.empty(); }
  const Delivery& front() const { return head_.front(); }
  /// The deliveries that can be taken before one has to come back, to look at.
  const RingBuffer<Delivery>& head() const { return head_; }
  void push_back(Delivery&& delivery, std::size_t bytes) {
    if (rest_) [[unlikely]]
      push_behind(std::move(delivery), bytes);
    else
      head_.push_back(std::move(delivery));
  }
  /// REQUIRES: has_front().
  Delivery pop_front() {
    Delivery first = head_.pop_front();
    if (rest_) [[unlikely]]
      after_pop();
    return first;
  }
  void shrink_if_empty(std::size_t keep) {
    if (!rest_) head_.shrink_if_empty(keep);
  }
  /// Memory of the entries.
  std::size_t bytes() const;

  /// How large a chunk becomes, and what stays before the first one.
  struct Cut {
    std::size_t messages = 256;
    std::size_t bytes = 64 * 1024;
  };
  /// Makes a chunk of the oldest that are in none, behind the head. Null if too few are there. The
  /// chunk stands in memory, under no id; it is valid until the queue changes. `counted` says what
  /// a message counts.
  Chunk* cut(const Cut& rules, std::size_t (*counted)(const Message&));
  /// A chunk that is away, behind all that is there.
  void push_away(Chunk chunk);
  /// Valid until the queue changes; null if it has come back, or was never here.
  Chunk* find_chunk(ChunkId id);
  /// The one that must come back first; null if the first of all chunks is in memory.
  Chunk* first_away();
  Chunk* first_refused();

  void note_leaving(Chunk& chunk, ChunkId id);
  void note_refused(Chunk& chunk);
  /// Gives the deliveries that were in memory.
  std::vector<Delivery> note_away(Chunk& chunk, std::uint32_t checksum);
  /// `deliveries`: as many as went. The chunk may be gone when this returns.
  void note_back(Chunk& chunk, std::vector<Delivery> deliveries);

  bool has_chunks() const { return rest_ && !rest_->chunks.empty(); }
  bool has_refused() const { return rest_ && rest_->refused > 0; }
  std::uint64_t away_messages() const { return rest_ ? rest_->away_messages : 0; }
  std::uint64_t away_bytes() const { return rest_ ? rest_->away_bytes : 0; }
  /// In memory, and not about to leave.
  std::size_t staying_messages() const {
    return rest_ ? size() - rest_->away_messages - rest_->leaving_messages : head_.size();
  }
  std::uint64_t leaving_bytes() const { return rest_ ? rest_->leaving_bytes : 0; }

  /// What stands there, counted from the front: a delivery in memory, or a chunk that is away and
  /// holds it.
  struct At {
    const Delivery* delivery = nullptr;
    const Chunk* chunk = nullptr;
    std::size_t in_chunk = 0;  ///< its place in that chunk
  };
  At at(std::size_t index) const;
  /// Whether `index` lies in that chunk, but not at its beginning.
  bool is_inside(const Chunk& chunk, std::size_t index) const;
  /// All that are in memory, in order; for chunks that are away, on_away(Chunk&).
  template <class OnDelivery, class OnAway>
  void for_each(OnDelivery&& on_delivery, OnAway&& on_away);
  template <class OnDelivery, class OnAway>
  void for_each(OnDelivery&& on_delivery, OnAway&& on_away) const {
    const_cast<Queue*>(this)->for_each(
        [&](Delivery& delivery) { on_delivery(std::as_const(delivery)); },
        [&](Chunk& chunk) { on_away(std::as_const(chunk)); });
  }
  template <class OnDelivery>
  void for_each_in_memory(OnDelivery&& on_delivery) const {
    for_each(on_delivery, [](const Chunk&) {});
  }

 private:
  struct Rest {
    RingBuffer<Chunk> chunks;
    RingBuffer<Delivery> tail;
    std::uint64_t popped = 0;     // of all numbers
    std::uint64_t pushed = 0;     // the number of the next to be pushed
    std::uint64_t chunk_end = 0;  // the number of the first of the tail
    std::uint64_t tail_bytes = 0;
    std::uint64_t away_messages = 0;
    std::uint64_t away_bytes = 0;
    std::uint64_t leaving_messages = 0;
    std::uint64_t leaving_bytes = 0;
    std::uint32_t refused = 0;
  };

  std::size_t rest_size() const {
    return static_cast<std::size_t>(rest_->pushed - rest_->popped) - head_.size();
  }
  void push_behind(Delivery&& delivery, std::size_t bytes);
  void after_pop();
  void refill();
  void begin_rest(std::size_t keep, std::size_t (*counted)(const Message&));

  RingBuffer<Delivery> head_;
  std::unique_ptr<Rest> rest_;  // null: all of it is the head
};

template <class OnDelivery, class OnAway>
void Queue::for_each(OnDelivery&& on_delivery, OnAway&& on_away) {
  for (std::size_t i = 0; i < head_.size(); ++i) on_delivery(head_[i]);
  if (!rest_) return;
  for (std::size_t i = 0; i < rest_->chunks.size(); ++i) {
    Chunk& chunk = rest_->chunks[i];
    if (!chunk.deliveries) {
      on_away(chunk);
      continue;
    }
    for (Delivery& delivery : *chunk.deliveries) on_delivery(delivery);
  }
  for (std::size_t i = 0; i < rest_->tail.size(); ++i) on_delivery(rest_->tail[i]);
}

}  // namespace sluice::core
