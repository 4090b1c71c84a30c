// SPDX-License-Identifier: Apache-2.0
//
// RecordWriter turns records of state into logged ones, one batch after the other. A message is
// written before the first record that needs it, and once as long as the records that need it
// follow each other.
//
// Owner:   Context (exactly one).      Thread: its shard's.
// Never:   a change of state: a record is written before it is applied.
// Limits:  a batch is what a turn does; its bounds are the turn's.
#pragma once

#include "core/state/logged.h"
#include "core/state/record_codec.h"
#include "core/state/state.h"

#include <cstdint>
#include <vector>

namespace sluice::core {

/// An instant and what the wall clock said then. Within a run of the broker the wall clock of the
/// log goes on with the monotonic one.
struct LogClock {
  Instant instant{};
  WallTime wall{};

  WallTime wall_at(Instant now) const { return wall + (now - instant); }
  Instant instant_at(WallTime then) const { return instant + (then - wall); }
};

/// A clock and the time by it.
struct LogClockAt {
  LogClock clock;
  Instant now{};
};

/// Hears, before the record is written, that a session's queue loses its first or its last.
class QueueWatcher {
 public:
  virtual ~QueueWatcher() = default;
  virtual void before_pop(SessionSlot session) = 0;
  virtual void before_end(SessionSlot session) = 0;
};

class RecordWriter {
 public:
  RecordWriter(State& state, const LogClock& clock) : state_(state), clock_(clock) {}

  /// `now`: of the turn. The first record of a batch gives the batch its time.
  template <class Record>
  void write(const Record& record, Instant now) {
    if (bytes_.empty()) begin(now);
    put(record);
  }
  /// The same for what a checkpoint says of the state; `record` is a logged one.
  template <class Record>
  void write_logged(const Record& record, Instant now) {
    if (bytes_.empty()) begin(now);
    append_record(bytes_, record);
  }
  /// The message stands in the batch under that number; 0 for none.
  logged::MessageNumber write_message(const MessageRef& message, Instant now) {
    if (bytes_.empty()) begin(now);
    return number_of(message);
  }
  /// Of the batch; that of `now` if it has not begun.
  Instant batch_at(Instant now) const { return bytes_.empty() ? now : batch_at_; }
  /// The batch so far is moved to `into`; the next one begins.
  void take(std::vector<std::uint8_t>& into);
  /// From now on, in place of another, until it is forgotten.
  void watch_queues(QueueWatcher& watcher) { watcher_ = &watcher; }
  void forget(const QueueWatcher& watcher) {
    if (watcher_ == &watcher) watcher_ = nullptr;
  }
  /// A session's queue is about to lose its first, of which the log is not told.
  void note_pop(SessionSlot session) {
    if (watcher_ != nullptr) watcher_->before_pop(session);
  }
  std::size_t bytes() const { return bytes_.size(); }

 private:
  void begin(Instant now);
  void put(const record::RunStarted& started);
  void put(const record::SessionCreated& created);
  void put(const record::SessionAttached& attached);
  void put(const record::SessionDetached& detached);
  void put(const record::SessionEnded& ended);
  void put(const record::WillSet& will);
  void put(const record::Subscribed& subscribed);
  void put(const record::Unsubscribed& unsubscribed);
  void put(const record::Queued& queued);
  void put(const record::QueuedAndBegun& sent);
  void put(const record::DeliveryBegun& begun);
  void put(const record::QueueFrontDropped& dropped);
  void put(const record::DeliveryAcknowledged& acknowledged);
  void put(const record::PacketIdReceived& received);
  void put(const record::PacketIdReleased& released);
  void put(const record::RetainedSet& set);
  void put(const record::RetainedCleared& cleared);
  void put(const record::PacketIdTold& told);
  void put(const record::OutboxSent& sent);
  void put(const record::OutboxApplied& applied);
  void put(const record::OutboxConfirmed& confirmed);
  logged::SessionNumber number_of(SessionSlot slot) const;
  /// Before a delivery that the log knows begins.
  void tell_packet_id(SessionSlot slot);
  /// Writes the message unless it was the last to be written.
  logged::MessageNumber number_of(const MessageRef& message);

  State& state_;
  QueueWatcher* watcher_ = nullptr;
  const LogClock clock_;
  std::vector<std::uint8_t> bytes_;
  Instant batch_at_{};
  MessageRef last_;  // held, so that its place is not another message's
  logged::MessageNumber messages_ = 0;
};

}  // namespace sluice::core
