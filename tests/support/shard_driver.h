// SPDX-License-Identifier: Apache-2.0
//
// A ShardDriver runs one core::Shard as the server does, in turns: what has arrived, what the log
// answers, mail and the time go in; then the effects are applied, every connection is written once,
// and the turn ends. Sockets, log and mail are in memory and may be slow.
//
// Owner:   InProcessBroker or the simulator.      Thread: one.
// Never:   a clock; the time is an argument.
#pragma once

#include "core/shard/shard.h"
#include "store/log.h"
#include "tests/support/broker_setup.h"
#include "tests/support/chunk_desk.h"
#include "tests/support/queue_mailer.h"
#include "tests/support/socket.h"

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace sluice::testing {

/// A connection on its way from the shard that accepted it to the one that it belongs to.
struct MovingConnection {
  Socket* socket = nullptr;
  core::ShardIndex target{};
  core::Opened opened;
  std::vector<std::uint8_t> bytes;
};

class ShardDriver {
 public:
  struct Setup {
    core::ShardSetup shard;
    LogAnswers log_answers = LogAnswers::at_once;
    std::uint64_t seed = 1;
    std::vector<std::vector<std::uint8_t>> log{};  ///< batches of an earlier run
  };

  ShardDriver(const Setup& setup, const core::CoreOptions& options, Log& log, Instant now);
  ~ShardDriver();

  /// Before the first turn: batches go there, and answers come from there. Outlives the driver.
  void use_log(store::ShardLog& log) { shard_log_ = &log; }

  /// A connection for the next turn. `socket` outlives it: until socket.is_released.
  void open(Socket& socket, const MovingConnection& from);
  /// Mail for the next turn.
  void deliver_mail(core::ShardIndex from, MailRecord record);
  /// The log says that the `count` oldest of its batches are safe: for the next turn.
  void answer_log(std::size_t count);
  std::size_t waiting_log_batches() const { return tickets_.size(); }

  /// Whether a turn at `now` would do something.
  bool has_work(Instant now) const;
  Instant next_deadline() const { return shard_.next_deadline(); }
  /// One turn. `read_max`: bytes taken from one socket.
  void turn(Instant now, std::size_t read_max);
  /// The order in which the next turns look at the sockets starts with this one.
  void rotate(std::size_t by) { rotation_ = by; }

  /// For turns that the caller makes himself, by what he asks of the shard.
  template <class Ask>
  void turn_with(Instant now, Ask&& ask) {
    begin(now);
    ask(shard_);
    finish(now);
  }

  core::Shard& shard() { return shard_; }
  const core::Shard& shard() const { return shard_; }
  ChunkDesk& chunk_desk() { return chunk_desk_; }
  MailQueue& outbox(std::uint16_t target) { return mailer_.outbox(target); }
  QueueMailer& mailer() { return mailer_; }
  std::vector<MovingConnection>& moving() { return moving_; }
  /// Credentials that the shard wants checked, in the order it asked.
  std::deque<core::AuthRequest>& auth_requests() { return auth_requests_; }
  /// Log batches asked for, and answered or not, since the start.
  std::uint64_t log_batches() const { return log_batches_; }
  /// All batches of the log, this run's behind those that it began with; the last
  /// waiting_log_batches() of them may be lost in a crash.
  const std::vector<std::vector<std::uint8_t>>& log() const { return setup_.log; }
  /// The first turn of a shard with a log: it becomes what the log says. No socket before it.
  void begin_run(Instant now);

 private:
  struct Conn {
    Socket* socket = nullptr;
    core::ConnId id;
    bool is_paused = false;
    bool has_backlog = false;
  };
  struct Mail {
    core::ShardIndex from;
    MailRecord record;
  };

  void begin(Instant now);
  void finish(Instant now);
  void persist(core::Ticket ticket);
  void take_durable();
  void open_new();
  void write_backlogs();
  void read(std::size_t read_max);
  void apply_effects();
  void apply(const core::Effect& effect);
  void hand_over(Conn& conn, const core::HandOver& over);
  void write(Conn& conn);
  void close(Conn& conn, bool is_gently);
  void forget(Conn& conn);
  Conn* find(core::ConnId id);
  core::ConnId new_id();

  Setup setup_;
  Rng rng_;
  core::Effects effects_;
  QueueMailer mailer_;
  core::Shard shard_;
  std::vector<Conn> conns_;           // by slot; no socket: free
  std::vector<std::uint32_t> free_;   // slots that may be used again
  std::vector<std::uint32_t> freed_;  // in this turn
  std::vector<MovingConnection> opening_;
  std::vector<MovingConnection> moving_;
  std::deque<core::AuthRequest> auth_requests_;
  std::deque<Mail> mail_;
  ChunkDesk chunk_desk_;
  store::ShardLog* shard_log_ = nullptr;
  core::Ticket durable_{0};  // answered by it
  Instant now_{};
  std::deque<core::Ticket> tickets_;                   // with the log
  std::size_t answers_ = 0;                            // of tickets_: ready
  std::vector<std::vector<std::uint8_t>> read_bytes_;  // of this turn; output may refer to them
  std::size_t checkpoint_ = 0;                         // the batch with its beginning
  std::size_t rotation_ = 0;
  std::uint64_t log_batches_ = 0;
};

}  // namespace sluice::testing
