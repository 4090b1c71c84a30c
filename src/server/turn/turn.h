// SPDX-License-Identifier: Apache-2.0
//
// Turn drives one Shard: it owns the shard's connections, reads each that is ready once, hands in
// mail, time and answers, then carries out what the shard asked for and writes once to each
// connection that has something to be sent. It waits for nothing: whoever calls it (a thread with a
// reactor, or the simulator) waits between turns.
//
//   turn.begin(now);  add / on_ready / adopt…;  turn.run();  turn.finish();
//
// Connections that talk are read first. Those that come or go (a handshake, the first packet, an
// end) have turns in between, in their order, each no longer than the host says.
//
// Owner:   ShardThread or the simulator.     Thread: one.
// Never:   blocks, reads a clock.
// Limits:  server.write_timeout, server.linger; a turn writes at most write_bytes_max to one
//          connection.
#pragma once

#include "base/log.h"
#include "base/rng.h"
#include "core/shard/shard.h"
#include "net/transport/transport.h"
#include "server/metrics.h"
#include "server/turn/checkpoints.h"
#include "server/turn/input_arena.h"
#include "server/turn/ring_mailer.h"
#include "store/log.h"

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

namespace sluice::server {

/// A connection in the handshake of its transport, on its way to another thread and back.
struct HandshakeLetter {
  core::ConnId conn{};
  std::unique_ptr<net::Transport> transport;
  Peer before{};        ///< who the peer was before this step
  Instant late{};       ///< from when on nobody waits for it
  Result<void> done{};  ///< what the step came to
};

/// What a Turn asks of whoever runs it.
class TurnHost {
 public:
  virtual ~TurnHost() = default;
  /// Events of the transport's descriptor are to arrive as on_ready(id, …). False if that cannot
  /// be.
  virtual bool watch(const net::Transport& transport, core::ConnId id) = 0;
  /// The transport is about to be closed, or to move to another thread.
  virtual void unwatch(const net::Transport& transport) = 0;
  /// Somebody is to check these credentials and to say so by Shard::on_auth_answer() in a later
  /// turn.
  virtual void authenticate(core::AuthRequest request) = 0;
  /// Whether a client may come in by that listener whose proxy has just said who it is.
  virtual bool lets_in(const Peer&, core::EntranceId) { return true; }
  /// Whether the turn has taken its time and should read no more; asked now and then.
  virtual bool is_time_over() { return false; }
  /// The time of day, for the log; asked at most once a turn.
  virtual WallTime wall_now() { return {}; }
  /// Whether another connection that comes or goes may be attended in this turn, after `done` of
  /// them: each costs as much as hundreds of messages, a handshake of TLS as thousands.
  virtual bool may_attend_churn(std::size_t /*done*/) { return true; }
  /// Those of this turn were attended.
  virtual void on_churn_attended() {}
  /// Takes a step of a handshake that computes much to another thread, and what came of it to
  /// Turn::on_shaken(). False if nobody does: the turn does it itself.
  virtual bool shake_hands(HandshakeLetter& /*letter*/) { return false; }
};

struct TurnOptions {
  Duration write_timeout = 60s;
  Duration linger = 2s;
  std::size_t input_bytes_max = std::size_t{1} << 20;
  std::size_t ring_overflow_bytes_max = std::size_t{16} << 20;
  std::size_t checkpoint_turn_bytes = std::size_t{64} << 10;
};

/// A connection on its way to the shard of its client.
struct HandOverLetter {
  std::unique_ptr<net::Transport> transport;
  std::vector<std::uint8_t> bytes;
  core::Opened opened;
  core::ShardIndex target{};
};

struct ReadyFor {
  bool readable = false;
  bool writable = false;
  bool hangup = false;
};

class Turn {
 public:
  Turn(const core::ShardSetup& setup, const core::CoreOptions& options,
       const TurnOptions& turn_options, Rng& rng, Log& log, RingMatrix& rings, TurnHost& host,
       Instant now);
  ~Turn();
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  /// Before the first turn: what must be durable goes there, and acknowledgements wait for it. The
  /// log outlives the turn. Without one, memory is as durable as it gets.
  /// While more than `pending_bytes_max` wait for the disk, no durable messages are read.
  /// `checkpoint_bytes_min`: as in Checkpoints.
  void use_log(store::ShardLog& log, std::size_t pending_bytes_max,
               std::uint64_t checkpoint_bytes_min = std::uint64_t{64} << 20);
  /// The broker stops: see Checkpoints::on_stop().
  void begin_last_checkpoint() {
    if (checkpoints_) checkpoints_->on_stop();
  }
  /// A checkpoint is wanted now, due or not.
  void ask_for_checkpoint() {
    if (checkpoints_) checkpoints_->ask();
  }
  bool has_checkpoint() const { return checkpoints_ && checkpoints_->is_running(); }

  void begin(Instant now);
  /// A new connection; it is read at once.
  void add(std::unique_ptr<net::Transport> transport, const core::Opened& opened);
  /// One that another shard accepted.
  void adopt(HandOverLetter letter);
  void on_ready(core::ConnId id, ReadyFor ready);
  /// A step of a handshake that the host took elsewhere is done. One that nobody waits for any more
  /// ends here.
  void on_shaken(HandshakeLetter letter);
  /// Mail, deadlines, and one read of every connection that can be read.
  void run();
  /// Effects and writes. Connections to hand over stand in hand_overs() until the next begin(). Bit
  /// n of the result: shard n has mail.
  std::uint64_t finish();

  std::vector<HandOverLetter>& hand_overs() { return hand_overs_; }
  /// True if the next turn should follow at once.
  bool has_work() const;
  Instant next_deadline() const;
  std::size_t connections() const { return open_; }
  /// Those of them whose transport is not ready yet: TLS, WebSocket, PROXY.
  std::size_t handshakes() const { return handshakes_; }
  /// Ends these, without a word.
  void drop_handshakes();
  core::Shard& shard() { return *shard_; }
  ServerMetrics& metrics() { return metrics_; }

 private:
  static constexpr std::size_t write_bytes_max = std::size_t{1} << 20;
  /// Of one message, where it is larger: so that whoever gets or sends it keeps nobody waiting.
  static constexpr std::size_t write_piece_max = std::size_t{256} << 10;
  static constexpr std::size_t bulk_bytes_max = std::size_t{64} << 10;
  static constexpr std::size_t reads_max = 512;
  static constexpr std::size_t slices_max = 256;

  enum class Phase : std::uint8_t {
    free,
    open,
    closing,    ///< the shard has let go of it: write what is left, then half-close
    lingering,  ///< half-closed: read and throw away until the peer closes
  };
  struct Slot {
    std::unique_ptr<net::Transport> transport;  // null while its handshake is done elsewhere
    Instant deadline =
        Instant::never();  // of closing, lingering, or for the next byte of a full socket
    std::uint32_t generation = 0;
    Phase phase = Phase::free;
    bool is_readable : 1 = false;
    bool is_listed : 1 = false;  // in readable_ or churn_
    bool is_writable : 1 = true;
    bool is_paused : 1 = false;
    bool is_watched : 1 = false;
    bool is_hung_up : 1 = false;
    bool is_blocked : 1 = false;  // in blocked_
    bool is_broken : 1 = false;   // for writing; open, and read to its end
    bool is_handshaking : 1 = false;
    bool is_new : 1 = true;       // nothing was read from it yet
    bool is_bulk : 1 = false;     // it had more than its last read had room for
    core::EntranceId entrance{};  // while handshaking

    bool comes_or_goes() const {
      return is_new || is_hung_up || is_handshaking || phase != Phase::open;
    }
  };

  core::ConnId take_slot(std::unique_ptr<net::Transport> transport);
  Slot* find(core::ConnId id);
  void free_slot(core::ConnId id);
  void list_readable(core::ConnId id, Slot& slot);
  void take_mail();
  bool read_all(std::size_t most);
  void attend(core::ConnId id, Slot& slot);
  bool has_churn() const;
  bool has_room_for_churn(std::size_t done);
  void attend_churn();
  void adopt_now(HandOverLetter letter);
  void read(core::ConnId id, Slot& slot);
  void shake_hands(core::ConnId id, Slot& slot);
  bool shake_hands_elsewhere(core::ConnId id, Slot& slot);
  void conclude(core::ConnId id, Slot& slot, const Peer& before, const Result<void>& done);
  bool watch(core::ConnId id, Slot& slot);
  void discard_input(core::ConnId id, Slot& slot);
  void end_gently(core::ConnId id, Slot& slot);
  void lose(core::ConnId id, core::CloseCause cause);
  void end_handshake(core::ConnId id, Slot& slot);
  void fail_handshake(const Slot& slot, std::string_view why);
  void apply_effects();
  void persist(core::Ticket ticket);
  void take_durable();
  void take_written();
  void take_chunks();
  void hand_over(core::ConnId id, core::HandOver& hand_over);
  void write_all();
  void write(core::ConnId id);
  bool write_once(core::ConnId id, Slot& slot);
  void flush(core::ConnId id, Slot& slot);
  void on_written(core::ConnId id, Slot& slot);
  void note_blocked(core::ConnId id, Slot& slot);
  void note_broken(core::ConnId id, Slot& slot);
  void finish_closing(core::ConnId id, Slot& slot);
  void check_deadlines();

  ServerMetrics metrics_;
  const TurnOptions options_;
  TurnHost& host_;
  store::ShardLog* log_ = nullptr;
  std::size_t log_pending_bytes_max_ = 0;
  core::Ticket durable_{0};                       // answered up to here
  core::Ticket written_{0};                       // the same of what is not on the disk yet
  std::vector<core::ChunkAnswer> chunk_answers_;  // of this turn
  std::optional<Checkpoints> checkpoints_;
  RingMailer mailer_;
  core::Effects effects_;
  std::unique_ptr<core::Shard> shard_;
  InputArena input_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<core::ConnId> readable_;  // to be read: in turn, once each
  std::vector<core::ConnId> round_;
  std::vector<core::ConnId> churn_;     // to be attended: they come or go
  std::deque<HandOverLetter> adopted_;  // came from another shard
  bool churn_waits_ = false;            // the turn before had no time for it
  std::vector<core::ConnId> to_write_;  // their sockets have room again, or had more room
  std::vector<core::ConnId> drained_;   // have taken all that waited
  std::vector<core::ConnId> closing_;
  std::vector<core::ConnId> blocked_;  // with a deadline
  std::vector<HandOverLetter> hand_overs_;
  std::vector<std::pair<core::ConnId, core::CloseCause>>
      lost_;  // found while writing: told in the next turn
  Instant now_;
  Instant next_check_ = Instant::never();
  std::size_t open_ = 0;
  std::size_t handshakes_ = 0;
  const Duration connect_timeout_;
  const core::ShardIndex index_;
  Log& logger_;
};

}  // namespace sluice::server
