// SPDX-License-Identifier: Apache-2.0
//
// ShardThread is one thread with a reactor and a Turn: it waits, dispatches, runs the turn, wakes
// the shards it has mail for. Whatever else another thread wants of its shard comes as a command
// through its mailbox.
//
// Owner:   Server.      Thread: start(), post(), stop() and join() any; all else its own.
// Limits:  server.handshakes_max: above it the thread accepts nobody; 65,536 letters in the
//          mailbox.
#pragma once

#include "net/listener.h"
#include "os/mailbox.h"
#include "os/reactor/reactor.h"
#include "os/reactor/wakeup.h"
#include "os/thread.h"
#include "server/auth/ban_desk.h"
#include "server/doors/doors.h"
#include "server/options.h"
#include "server/turn/turn.h"

#include <functional>
#include <memory>
#include <optional>
#include <variant>
#include <vector>

namespace sluice::server {

/// Whoever checks credentials for all shards.
class AuthDesk {
 public:
  virtual ~AuthDesk() = default;
  /// From a shard's thread. The answer, or nothing: then it comes by ShardThread::answer_auth().
  virtual std::optional<core::AuthAnswer> submit(core::ShardIndex from,
                                                 core::AuthRequest request) = 0;
};

class HandshakeDesk;

class ShardThread final : public TurnHost {
 public:
  using Command = std::function<void(ShardThread&)>;

  ShardThread(const core::ShardSetup& setup, const core::CoreOptions& core,
              const ServerOptions& server, std::uint64_t seed, Log& log, RingMatrix& rings);
  ~ShardThread() override;

  /// Before start(); it outlives the thread. Without one all credentials are refused.
  void set_auth_desk(AuthDesk& desk) { auth_desk_ = &desk; }
  /// Before start(); it outlives the thread. Without one nobody is banned.
  void set_ban_desk(BanDesk& desk) { ban_desk_ = &desk; }
  /// Before start(); it outlives the thread. Without one the thread computes handshakes itself.
  void set_handshake_desk(HandshakeDesk& desk) { handshake_desk_ = &desk; }
  /// Makes the reactor; then, with `peers` complete, start().
  Result<void> prepare(std::vector<Door> doors);
  Result<void> start(std::span<const std::unique_ptr<ShardThread>> peers);
  /// Before start().
  void use_log(store::ShardLog& log, std::size_t pending_bytes_max,
               std::uint64_t checkpoint_bytes_min) {
    turn_.use_log(log, pending_bytes_max, checkpoint_bytes_min);
  }
  /// Before start(), if there is a log, once it was replayed: the shard goes on from there. Bit n
  /// of the result: shard n has mail.
  std::uint64_t begin_run();
  /// Before start(): one turn. The same result.
  std::uint64_t run_once();
  /// Runs in the shard's thread soon; false if the mailbox is full.
  bool post(Command command);
  /// The answer to a question that the desk was asked; from any thread.
  void answer_auth(core::ConnId id, core::AuthAnswer answer);
  /// A step of a handshake is done; from any thread. Where the mailbox is full the connection ends.
  void answer_handshake(HandshakeLetter letter);
  /// Accept no more, tell clients, write what they are owed for at most `grace`, end.
  void stop(Duration grace);
  void join() { thread_.join(); }
  void wake() { wakeup_->signal(); }

  // In its own thread, for commands:
  core::Shard& shard() { return turn_.shard(); }
  const ServerMetrics& metrics() { return turn_.metrics(); }
  void set_core_options(const core::CoreOptions& options) { core_options_ = options; }
  /// Listens at these from now on; connections of the others stay.
  void set_doors(std::vector<Door> doors);

 private:
  struct AuthLetter {
    core::ConnId conn;
    core::AuthAnswer answer;
  };
  using Letter = std::variant<HandOverLetter, Command, AuthLetter, HandshakeLetter>;
  static constexpr std::uint64_t wakeup_token = ~std::uint64_t{0};
  static constexpr std::uint64_t door_bit = std::uint64_t{1} << 63;

  bool watch(const net::Transport& transport, core::ConnId id) override;
  void unwatch(const net::Transport& transport) override;
  bool is_time_over() override;
  void authenticate(core::AuthRequest request) override;
  WallTime wall_now() override;
  bool may_attend_churn(std::size_t done) override;
  void on_churn_attended() override;
  bool shake_hands(HandshakeLetter& letter) override;
  bool lets_in(const Peer& peer, core::EntranceId entrance) override;
  bool is_granted(const Peer& peer);
  void loop();
  Duration time_to_wait(Instant now) const;
  void dispatch(std::span<const os::Ready> batch, Instant now);
  void accept(Door& door, Instant now);
  void pace_doors(Instant now);
  void learn_churn_cost();
  void read_mailbox();
  void tell_answers();
  void send_out(std::uint64_t to_wake);
  void close_clients(Instant now);
  bool is_finished(Instant now) const;

  const core::ShardIndex index_;
  core::CoreOptions core_options_;
  const ServerOptions& options_;
  Rng rng_;
  std::unique_ptr<os::Reactor> reactor_;
  std::unique_ptr<os::Wakeup> wakeup_;
  os::Mailbox<Letter> mailbox_{65536};
  std::vector<Letter> letters_;
  std::vector<AuthLetter> answered_;  // at once, in this turn; the core hears of it in the next
  std::vector<Door> doors_;
  std::vector<std::unique_ptr<net::Transport>> accepted_;
  std::span<const std::unique_ptr<ShardThread>> peers_;
  AuthDesk* auth_desk_ = nullptr;
  BanDesk* ban_desk_ = nullptr;
  HandshakeDesk* handshake_desk_ = nullptr;
  Turn turn_;
  std::optional<Duration> stop_grace_;  // a stop was asked for, and is not carried out yet
  Instant stop_at_ = Instant::never();
  Instant turn_began_{};
  Instant churn_began_{};
  std::size_t churned_ = 0;  // in this turn
  Duration churn_cost_{0};   // of one
  bool is_held_ = false;
  os::Thread thread_;
};

}  // namespace sluice::server
