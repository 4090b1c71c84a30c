// SPDX-License-Identifier: Apache-2.0
//
// Shard is one core's share of the broker as a state machine: events in, effects out. Its driver (a
// thread with a reactor, or the simulator) runs it in turns:
//
//   shard.begin_turn(now);  events: on_opened, on_bytes, on_closed, on_writable, on_mail…,
//   on_mail_end, on_answer, on_deadline shard.finish_turn();    then: the list of effects in order
//   (persist may be answered at once by on_answer), one write for
//                           each dirty lane of the output, effects.end_turn().
//
// Owner:   its driver.        Thread: one.
// Never:   I/O, a clock, randomness but the Rng it is given, a thread.
// Limits:  core/options.def.
// Spec:    MQTT 3.1, 3.1.1 and 5.0.
#pragma once

#include "base/bytes.h"
#include "base/log.h"
#include "base/peer.h"
#include "base/result.h"
#include "base/rng.h"
#include "base/time.h"
#include "core/access/entrance.h"
#include "core/connection/connection.h"
#include "core/ids.h"
#include "core/shard/context.h"
#include "core/shard/effects.h"
#include "core/shard/mailer.h"
#include "core/shard/options.h"

#include <functional>
#include <memory>

namespace sluice::core {

enum class LogState : std::uint8_t {
  good,
  behind,  ///< too much waits for the disk
  full,    ///< what is left of the disk is for acknowledgements and deletions
};

class Shard {
 public:
  /// All references outlive the shard.
  Shard(const ShardSetup& setup, const CoreOptions& options, Rng& rng, Log& log, Effects& effects,
        Mailer& mailer, Instant now);
  ~Shard();
  Shard(const Shard&) = delete;
  Shard& operator=(const Shard&) = delete;

  /// Before the first turn, if there is a log: its batches in their order. parse_error if one
  /// cannot be; the shard is of no use then.
  Result<void> restore(ByteView batch);
  /// In the first turn, if there is a log. No connection may be opened before what this mails has
  /// been handled by all shards.
  void begin_run();

  void begin_turn(Instant now);
  void on_opened(ConnId id, const Opened& opened);
  /// Any cut of the stream. `bytes` stay valid and unchanged until the turn ends: output may refer
  /// to them.
  void on_bytes(ConnId id, ByteView bytes);
  /// The transport is gone. Unknown ids are those that the shard has closed itself: nothing
  /// happens.
  void on_closed(ConnId id, CloseCause cause);
  /// The socket has taken all that waited for it.
  void on_writable(ConnId id);
  /// How the log does, if there is one; once a turn, before what it answers.
  void set_log_state(LogState state);
  /// What was to be made durable is, up to that ticket.
  void on_answer(Ticket ticket);
  /// The operating system has it, up to that ticket; on_answer() follows. Asked for where
  /// has_written_waiting().
  void on_written(Ticket ticket);
  bool has_written_waiting() const { return context_.journal.has_written_waiting(); }
  /// The answer to the effect `authenticate`. Nothing happens if the connection is gone.
  void on_auth_answer(ConnId id, AuthAnswer answer);
  /// The answer to the effect `chunk`. Nothing happens if its session is gone.
  void on_chunk(const ChunkAnswer& answer);
  /// Other rules, from now on. The old ones are not asked again once it returns.
  void set_access(const AccessSettings& access) { context_.access = access; }
  void on_mail(ShardIndex from, ByteView record);
  /// All mail that had arrived by now was handed in.
  void on_mail_end();
  void on_deadline();
  /// Publishes $SYS; the counters are those of all shards together. On one shard of the process.
  void publish_sys(const CoreMetrics& totals, Duration uptime, std::string_view version);
  /// Ends a client by the operator's will. False if it has no session here, or is not connected.
  bool kick(std::string_view client_id);
  /// The broker stops: MQTT 5 clients are told, connections close, sessions and wills stay as they
  /// are.
  void stop();
  /// Begins to write into the log all that there is, in place of what the log has held so far; one
  /// that is running is given up. In a turn, with a log.
  void begin_checkpoint();
  /// About so many bytes more of it, with the batch of this turn. REQUIRES: it is being written.
  void go_on_with_checkpoint(std::size_t bytes);
  bool is_checkpoint_being_written() const { return context_.checkpoint.is_running(); }
  /// Until its end is durable.
  bool has_checkpoint() const {
    return is_checkpoint_being_written() || checkpoint_end_ != Ticket{0};
  }
  std::uint64_t checkpoint_bytes() const { return context_.checkpoint.bytes(); }
  void finish_turn();

  /// When on_deadline() is due; Instant::never() if no timer runs.
  Instant next_deadline() const;
  /// True if a turn would do something although nothing happened outside.
  bool has_work() const;
  /// True once the turn has reached a bound on its output: read no more in this one.
  bool is_turn_full() const;
  /// Connections whose CONNECT has not been accepted yet.
  std::uint32_t handshakes() const { return context_.handshakes; }
  /// So many bytes have left for clients.
  void note_written(std::size_t bytes) { context_.metrics.bytes_sent += bytes; }

  /// What it keeps.
  const State& state() const { return context_.state; }
  /// The shard of a client; the shard that keeps the retained message of a topic.
  ShardIndex home_of(std::string_view client_id) const { return context_.home_of(client_id); }
  ShardIndex owner_of(std::string_view topic) const { return context_.owner_of(topic); }

  /// Gauges are brought up to date.
  const CoreMetrics& metrics();
  std::size_t memory_bytes() const;
  /// About as many bytes as a checkpoint would have.
  std::size_t state_bytes() const;
  struct ClientInfo {
    std::string_view client_id;
    std::string_view user;                 ///< empty if anonymous
    const Principal* principal = nullptr;  ///< null: nobody has asked
    EntranceId entrance{};                 ///< of one that is connected
    std::string peer;                      ///< empty if not connected
    codec::Version version{};
    std::uint16_t keep_alive_s = 0;
    std::uint32_t subscriptions = 0;
    Duration since{};  ///< since it connected, or since it left
    std::uint64_t queue_bytes = 0;
    std::uint32_t queue_messages = 0;
    std::uint32_t inflight_messages = 0;
    std::uint32_t session_expiry_s = 0;
    std::uint32_t drops = 0;
    bool is_connected = false;
  };
  /// In the order of their slots; `f` must not call the shard. O(sessions).
  void for_each_client(const std::function<void(const ClientInfo&)>& f) const;

 private:
  struct Parts;

  void settle_handshake(ConnId id);
  void let_go(const Held& held);
  void forget_chunks();
  void on_connection_timer(ConnId id, Instant& again);
  void on_rate_timer(ConnId id);
  void on_memory_timer(Instant& again);
  Instant on_timer(TimerKind kind, std::uint64_t payload);
  Instant deadline_of(const Connection& connection) const;

  Context context_;
  std::unique_ptr<Parts> parts_;
  Ticket checkpoint_end_{0};  // of the batch with its end; 0: there is none
  bool was_full_ = false;
};

}  // namespace sluice::core
