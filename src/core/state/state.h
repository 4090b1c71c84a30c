// SPDX-License-Identifier: Apache-2.0
//
// State is what a shard keeps for its clients: sessions, subscriptions, messages, retained
// messages. It changes only in apply(record), the same call live and at replay; everybody else
// reads. What is a session's connection, its socket, its send window on this connection is not
// state and stands elsewhere.
//
// Owner:   Shard (exactly one).      Thread: its shard's.
// Never:   I/O, clock, randomness, options; a decision: what a record says is done.
// Limits:  looked at by whoever makes the record.
// Spec:    MQTT 5.0 §4.1 (session state).
#pragma once

#include "base/siphash.h"
#include "core/message/message_pool.h"
#include "core/retained/retained_store.h"
#include "core/session/sessions.h"
#include "core/state/records.h"
#include "core/topic/subscription_tree.h"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::core {

class State {
 public:
  explicit State(const HashKey& key);
  ~State();

  void apply(const record::RunStarted& started);
  Session& apply(const record::SessionCreated& created);
  void apply(const record::SessionAttached& attached);
  void apply(const record::SessionDetached& detached);
  void apply(const record::SessionEnded& ended);
  void apply(const record::WillSet& will);
  SubscribeOutcome apply(const record::Subscribed& subscribed);
  /// False if there was none.
  bool apply(const record::Unsubscribed& unsubscribed);
  void apply(const record::SharedTurnTaken& taken);
  void apply(const record::Queued& queued);
  /// The delivery in the window; valid until the next apply() for that session.
  Delivery& apply(const record::QueuedAndBegun& sent);
  Delivery& apply(const record::DeliveryBegun& begun);
  void apply(const record::QueueFrontDropped& dropped);
  /// False if no delivery of that packet identifier waits for such an acknowledgement.
  bool apply(const record::DeliveryAcknowledged& acknowledged);
  /// False if the identifier was there.
  bool apply(const record::PacketIdReceived& received);
  /// False if the identifier was not there.
  bool apply(const record::PacketIdReleased& released);
  void apply(const record::RetainedSet& set);
  bool apply(const record::RetainedCleared& cleared);
  void apply(const record::OutboxSent& sent);
  void apply(const record::OutboxApplied& applied);
  void apply(const record::OutboxConfirmed& confirmed);
  Session& apply(const record::SessionImaged& imaged);
  void apply(const record::PacketIdsSkipped& skipped);
  void apply(const record::PacketIdTold& told) { sessions.at(told.session).untold_ids = 0; }
  void apply(const record::DeliveryImaged& imaged);
  void apply(const record::OutboxImaged& imaged);
  void apply(const record::ChunkImaged& imaged);

  // Where the middle of a long queue is kept is not state: what follows changes what is in memory,
  // and nothing that anybody is told.

  /// A chunk of the session's queue, in memory still; null if there is none to make.
  Chunk* cut_chunk(Session& session, const Queue::Cut& rules);
  /// It is being written somewhere, under a name that no other has.
  ChunkId chunk_leaves(Session& session, Chunk& chunk);
  /// It is safe there.
  void chunk_left(Session& session, Chunk& chunk, std::uint32_t checksum);
  /// Read again; `deliveries` as many as went. Whoever keeps it may forget it.
  void chunk_returns(Session& session, Chunk& chunk, std::vector<Delivery> deliveries);
  /// It cannot be read: deliveries without message take the place of those that were lost.
  void chunk_is_lost(Session& session, Chunk& chunk);
  /// Nobody needs that chunk.
  void release_chunk(ReleasedChunk chunk) { released_chunks_.push_back(chunk); }
  /// Those that nobody needs any more, since the last call.
  std::vector<ReleasedChunk> take_released_chunks() { return std::exchange(released_chunks_, {}); }
  bool has_released_chunks() const { return !released_chunks_.empty(); }
  /// No chunk made from now on has a name up to that.
  void note_chunk(ChunkId id) { last_chunk_ = std::max(last_chunk_, id); }
  /// Messages of all queues that are not in memory, and in how many chunks they are.
  std::uint64_t away_messages() const { return away_messages_; }
  std::uint64_t away_chunks() const { return away_chunks_; }

  /// Where the delivery of that packet identifier is in the window, or nullptr.
  Delivery* find_delivery(Session& session, codec::PacketId packet_id);
  /// A QoS 1 message leaves before the log has its packet identifier. So those that a run before
  /// may have given are given to no other message soon after it was killed: its client may still
  /// acknowledge one that it was sent then.
  static constexpr std::uint32_t packet_ids_skipped_at_start = 8'192;
  std::uint64_t queue_messages() const { return queue_messages_; }
  std::uint64_t queue_bytes() const { return queue_bytes_; }
  std::uint64_t window_messages() const { return window_messages_; }
  std::uint64_t wills() const { return wills_; }
  /// What is between this shard and that one.
  OutboxLane& lane(ShardIndex other);
  /// By the index of the other shard; maybe shorter than there are shards.
  const std::vector<OutboxLane>& lanes() const { return lanes_; }
  /// Of all lanes.
  std::uint64_t outbox_bytes() const { return outbox_bytes_; }

  MessagePool messages;  // first: outlives every MessageRef below
  Sessions sessions;
  SubscriptionTree subscriptions;
  RetainedStore retained;

 private:
  void note_unqueued(const Session& session, Outbound& outbound, std::size_t bytes);
  void pop_queue_front(const Session& session, Outbound& outbound);
  void drop_queue(const Session& session, Outbound& outbound);
  Delivery& begin_lost(Session& session, Outbound& outbound);
  Delivery& begin(Session& session, Outbound& outbound, Delivery&& delivery);
  static void note_untold(Session& session);
  static void count_skipped(const Session& session, Outbound& outbound);
  void finish(Outbound& outbound, Delivery& delivery);

  std::vector<OutboxLane> lanes_;
  std::uint64_t outbox_bytes_ = 0;
  std::uint64_t queue_messages_ = 0;
  std::uint64_t queue_bytes_ = 0;
  std::uint64_t window_messages_ = 0;
  std::uint64_t wills_ = 0;
  ChunkId last_chunk_{0};
  std::uint64_t away_messages_ = 0;
  std::uint64_t away_chunks_ = 0;
  std::vector<ReleasedChunk> released_chunks_;
};

/// What a queued or sent message counts against byte limits.
inline std::size_t counted_bytes(const Message& message) {
  return message.topic().size() + message.properties().size() + message.payload().size();
}

}  // namespace sluice::core
