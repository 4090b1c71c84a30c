// SPDX-License-Identifier: Apache-2.0
//
// Replay makes a State what it was, from the batches of a log in their order. A record of a session
// that the log has not introduced is passed over: it belongs to what a checkpoint has made
// obsolete.
//
// Owner:   a shard that starts.      Thread: its own.
// Never:   an assertion for what a disk can hand back.
// Limits:  those that held when the records were made.
#pragma once

#include "base/result.h"
#include "core/state/record_writer.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <vector>

namespace sluice::core {

class Replay {
 public:
  /// `clock`: of the run that begins; the times of the log are told in it, none later than its
  /// beginning.
  Replay(State& state, const LogClock& clock) : state_(state), clock_(clock) {}

  /// parse_error with the offset of the record that is wrong; the state is of no use then.
  Result<void> apply(ByteView batch);

 private:
  using Outcome = Result<void>;

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
  /// no_session if the log has not introduced it.
  SessionSlot find(logged::SessionNumber number) const;
  /// Null if there is no such message in the batch.
  const MessageRef* find_message(logged::MessageNumber number) const;
  Instant before_batch(logged::Ago ago) const { return batch_at_ - ago.value; }

  State& state_;
  const LogClock clock_;
  boost::unordered_flat_map<logged::SessionNumber, SessionSlot> sessions_;
  std::vector<MessageRef> messages_;  // of the batch
  Instant batch_at_{};
  bool is_begun_ = false;  // the batch has told its time
};

}  // namespace sluice::core
