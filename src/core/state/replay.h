// SPDX-License-Identifier: Apache-2.0
//
// Replay makes a State what it was, from the batches of a log in their order. They begin with the
// first of all, or with that of a CheckpointBegun whose checkpoint is there to its end; a later
// checkpoint, whole or not, is passed over. A record of a session that the log has not introduced
// is passed over too: its image will come, and tell what became of it.
//
// Owner:   a shard that starts.      Thread: its own.
// Never:   an assertion for what a disk can hand back.
// Limits:  those that held when the records were made.
#pragma once

#include "base/result.h"
#include "core/state/direct_chunks.h"
#include "core/state/record_writer.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <vector>

namespace sluice::core {

class Replay {
 public:
  /// `clock`: of the run that begins; the times of the log are told in it, none later than its
  /// beginning.
  /// `chunks`: where the middle of long queues was kept, and goes again, by `rules`; null: nowhere.
  Replay(State& state, const LogClock& clock, ChunkStore* chunks = nullptr,
         const SpillRules& rules = {})
      : state_(state), clock_(clock), chunks_(state, chunks, rules, clock) {}

  /// parse_error with the offset of the record that is wrong; the state is of no use then.
  Result<void> apply(ByteView batch);
  /// What was kept outside the log and could not be read.
  const std::vector<DirectChunks::Lost>& lost() const { return chunks_.lost(); }

 private:
  using Outcome = Result<void>;
  /// What was queued for a session whose image is not told to its end.
  struct QueuedSince {
    MessageRef message;
    std::vector<std::uint32_t> subscription_ids;
    codec::Qos qos;
    bool retain;
    bool is_shared;
  };
  struct LaneImage {
    std::vector<OutboxEntry> entries;
    std::uint64_t confirmed = 0;  // since the checkpoint began
  };

  Outcome on(const logged::BatchBegun& begun);
  Outcome on(const logged::RunStarted& started);
  Outcome on(const logged::Message& message);
  Outcome on(const logged::SessionCreated& created);
  Outcome on(const logged::SessionAttached& attached);
  Outcome on(const logged::SessionDetached& detached);
  Outcome on(const logged::SessionEnded& ended);
  Outcome on(const logged::WillSet& will);
  Outcome on(const logged::Subscribed& subscribed);
  Outcome on(const logged::Unsubscribed& unsubscribed);
  Outcome on(const logged::SharedTurnTaken& taken);
  Outcome on(const logged::Queued& queued);
  Outcome on(const logged::DeliveryBegun& begun);
  Outcome on(const logged::QueueFrontDropped& dropped);
  Outcome on(const logged::DeliveryAcknowledged& acknowledged);
  Outcome on(const logged::PacketIdReceived& received);
  Outcome on(const logged::PacketIdReleased& released);
  Outcome on(const logged::RetainedSet& set);
  Outcome on(const logged::RetainedCleared& cleared);
  Outcome on(const logged::OutboxSent& sent);
  Outcome on(const logged::OutboxApplied& applied);
  Outcome on(const logged::OutboxConfirmed& confirmed);
  Outcome on(const logged::CheckpointBegun& begun);
  Outcome on(const logged::MessageKept& kept);
  Outcome on(const logged::SessionImaged& imaged);
  Outcome on(const logged::DeliveryImaged& imaged);
  Outcome on(const logged::PacketIdsSkipped& skipped);
  Outcome on(const logged::PacketIdTold& told);
  void note_shared(SessionSlot slot, std::string_view topic);
  Outcome skip_packet_ids(SessionSlot slot, std::uint32_t count);
  Outcome on(const logged::ChunkImaged& imaged);
  Outcome on(const logged::SessionImageEnded& ended);
  Outcome on(const logged::OutboxImaged& imaged);
  Outcome on(const logged::OutboxImageEnded& ended);
  Outcome on(const logged::CheckpointEnded& ended);
  LaneImage& lane_image(std::uint16_t target);
  template <class Sent>
  static Result<OutboxEntry> entry_of(const Sent& sent, const MessageRef* message);
  static Failure wrong(const char* detail);
  static bool is_filter(std::string_view filter);
  /// no_session if the log has not introduced it.
  SessionSlot find(logged::SessionNumber number) const;
  /// Null if there is no such message in the batch.
  const MessageRef* find_message(logged::MessageNumber number) const;
  const MessageRef* find_kept(logged::KeptNumber number) const;
  Instant before_batch(logged::Ago ago) const { return batch_at_ - ago.value; }

  State& state_;
  const LogClock clock_;
  DirectChunks chunks_;
  boost::unordered_flat_map<logged::SessionNumber, SessionSlot> sessions_;
  std::vector<MessageRef> messages_;  // of the batch
  Instant batch_at_{};
  bool is_begun_ = false;  // the batch has told its time
  bool is_first_ = true;   // of all batches

  // While the checkpoint that replay began with is told.
  bool is_imaging_ = false;
  std::vector<MessageRef> kept_;
  logged::SessionNumber open_ = 0;  // whose deliveries are told
  std::vector<QueuedSince> since_;  // for it
  std::vector<LaneImage> lanes_;
};

}  // namespace sluice::core
