// SPDX-License-Identifier: Apache-2.0
//
// A TurnDriver runs one shard by the server's own Turn, over rings of the server's own, with
// sockets in memory: what happens in a thread of the broker, without the thread.
//
// Owner:   Shards.      Thread: one.
#pragma once

#include "server/turn/turn.h"
#include "tests/support/shard_driver.h"

#include <memory>
#include <vector>

namespace sluice::sim {

class TurnDriver final : public server::TurnHost {
 public:
  struct Setup {
    core::ShardSetup shard;
    server::TurnOptions turn;
    std::uint64_t seed = 1;
    std::uint64_t time_over_in = 0;  ///< one turn in so many is cut short by its clock
  };

  TurnDriver(const Setup& setup, const core::CoreOptions& options, Log& log,
             server::RingMatrix& rings, Instant now);

  /// Before the first turn; the log outlives it.
  void use_log(store::ShardLog& log) { turn_.use_log(log, log_pending_bytes_max); }
  /// The first turn of a shard with a log, and those in which the shards tell each other of it:
  /// true if there is mail.
  bool begin_run(Instant now);
  bool run_once(Instant now);

  void accept(testing::Socket& socket, const Peer& peer);
  void adopt(server::HandOverLetter letter) { letters_.push_back(std::move(letter)); }
  /// One turn. `read_max`: bytes taken from one socket at once.
  void turn(Instant now, std::size_t read_max);
  std::vector<server::HandOverLetter>& hand_overs() { return turn_.hand_overs(); }
  void ask_for_checkpoint() { turn_.ask_for_checkpoint(); }
  bool has_checkpoint() const { return turn_.has_checkpoint(); }
  std::uint64_t checkpoints() { return turn_.metrics().checkpoints; }
  bool has_work() const { return turn_.has_work() || !letters_.empty() || !accepted_.empty(); }
  core::Shard& shard() { return turn_.shard(); }

  static constexpr std::size_t log_pending_bytes_max = 64 * 1024;

 private:
  struct Watched {
    const net::Transport* transport = nullptr;
    core::ConnId id;
  };

  bool watch(const net::Transport& transport, core::ConnId id) override;
  void unwatch(const net::Transport& transport) override;
  bool is_time_over() override;
  bool may_attend_churn(std::size_t done) override;
  WallTime wall_now() override { return clock_.wall_at(now_); }
  // No credentials are asked for here.
  void authenticate(core::AuthRequest) override {}

  Rng rng_;
  const core::LogClock clock_;
  Instant now_{};
  const std::uint64_t time_over_in_;
  std::size_t read_max_ = 0;
  std::vector<Watched> watched_;
  std::vector<std::pair<std::unique_ptr<net::Transport>, core::Opened>> accepted_;
  std::vector<server::HandOverLetter> letters_;
  server::Turn turn_;
};

}  // namespace sluice::sim
