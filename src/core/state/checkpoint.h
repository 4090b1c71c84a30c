// SPDX-License-Identifier: Apache-2.0
//
// A Checkpoint writes into the log all that a State is, a little at a time, while the state goes on
// changing; once its end is durable, replay may begin where it began. What it writes is true at the
// moment it is written, and what is logged afterwards changes it as it changed the state; so most
// of it needs no order. A queue does: a session's deliveries are written as they stood when its
// turn came. One that leaves the queue earlier is written just before it leaves, one that joins it
// meanwhile is told by its own record alone, and replay puts it behind.
//
// A message that several places refer to is written once. Of a chunk that is not in memory, only
// its name is written.
//
// Owner:   Context (exactly one).      Thread: its shard's.
// Never:   a change of state.
// Limits:  go_on() writes about as much as it is told, but a session with all its subscriptions and
//          its window at once. It refers to messages that are shared until it ends.
#pragma once

#include "core/state/record_writer.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <string>
#include <vector>

namespace sluice::core {

class Checkpoint final : public QueueWatcher {
 public:
  Checkpoint(State& state, RecordWriter& writer);
  ~Checkpoint() override;
  Checkpoint(const Checkpoint&) = delete;
  Checkpoint& operator=(const Checkpoint&) = delete;

  enum class Progress : std::uint8_t { more, ended };

  bool is_running() const { return phase_ != Phase::idle; }
  /// Into the batch that is being filled; replay may begin with it once the end is durable. One
  /// that is running is given up.
  void begin(Instant now);
  /// About so many bytes more. REQUIRES: is_running().
  Progress go_on(std::size_t bytes, Instant now);
  /// Whether it has written a part of that chunk, and not all: it must stay in memory.
  bool is_inside(const Session& session, const Chunk& chunk) const;
  /// Written since begin().
  std::uint64_t bytes() const { return bytes_; }

 private:
  enum class Phase : std::uint8_t { idle, lanes, sessions, retained };
  /// The session whose deliveries are being written.
  struct OpenSession {
    SessionSlot slot = no_session;
    std::size_t written = 0;  // of its queue, from the front
    std::size_t left = 0;     // behind them
  };
  struct MessagePlace {
    logged::MessageNumber message = 0;
    logged::KeptNumber kept = 0;
  };

  void before_pop(SessionSlot session) override;
  void before_end(SessionSlot session) override;
  void write_next();
  void write_lane();
  void write_session();
  void write_window(const Session& session, const Outbound& outbound);
  void write_header(Session& session);
  void write_queue_entry();
  void write_lost(const Session& session);
  void end_session();
  void write_retained();
  void write_delivery(const Session& session, const Delivery& delivery);
  MessagePlace place_of(const MessageRef& message);
  template <class Record>
  void write(const Record& record) {
    writer_.write_logged(record, now_);
  }

  State& state_;
  RecordWriter& writer_;
  Phase phase_ = Phase::idle;
  Instant now_{};
  std::uint64_t bytes_ = 0;
  std::size_t lane_ = 0;
  std::uint64_t lane_sequence_ = 0;  // written up to there
  std::uint32_t next_slot_ = 0;
  OpenSession open_;
  std::string last_topic_;  // the retained messages are written up to there
  boost::unordered_flat_map<const Message*, logged::KeptNumber> kept_;
  std::vector<MessageRef> kept_messages_;  // so that no other takes their place
};

}  // namespace sluice::core
