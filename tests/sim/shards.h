// SPDX-License-Identifier: Apache-2.0
//
// Shards runs the broker's shards in an order that the seed chooses, with rings that deliver late,
// each pair by itself. Where there are logs, it kills them all, and makes them again of what the
// disk has kept.
//
// Owner:   World.      Thread: one.
#pragma once

#include "base/siphash.h"
#include "server/durability/instant_log.h"
#include "tests/sim/choices.h"
#include "tests/sim/disk_logs.h"
#include "tests/sim/totals.h"
#include "tests/sim/turn_driver.h"
#include "tests/support/shard_driver.h"

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

namespace sluice::sim {

class Shards {
 public:
  Shards(Rng& rng, const Choices& choices, Totals& totals, Trace& trace, Instant now);

  void accept(testing::Socket& socket);
  /// Every shard may take a turn; or the broker is killed, or starts again.
  void step(Instant now, bool has_faults);
  bool is_running() const { return is_running_; }
  /// What the broker itself found to be wrong; empty if nothing.
  const std::string& problem() const { return disk_logs_.problem(); }
  std::uint16_t home_of(std::string_view client_id) const;
  /// Since when the log of that shard has answered nothing; never, if it does.
  Instant log_silent_since(std::uint16_t shard) const { return disk_logs_.silent_since(shard); }
  /// Whether the broker has nothing left to do, and nothing in flight or queued.
  bool is_drained();
  bool has_checkpoint() const;
  core::CoreMetrics totals_of_metrics();

 private:
  struct Ring {
    struct Entry {
      Instant due;
      testing::MailRecord record;
    };
    std::deque<Entry> entries;
    Duration delay_max{};
  };

  void take_turn(std::uint16_t shard, Instant now, bool has_faults);
  void deliver_mail(std::uint16_t to, Instant now);
  void collect(std::uint16_t shard, Instant now, bool has_faults);
  void make_drivers(Instant now);
  void start(Instant now, bool has_faults);
  bool come_up(Instant now, bool has_faults);
  /// The store for that many shards instead, as the server does it. False if the disk has failed.
  bool rearrange(std::uint16_t count, Instant now);
  core::ShardSetup setup(std::uint16_t index, std::uint16_t count, Instant now);
  void use_log(std::uint16_t shard, store::ShardLog& log);
  void begin_run(Instant now);
  /// The process is gone: memory, mail and sockets with it. Maybe in the middle of a turn.
  void crash(Instant now, bool has_faults);
  bool is_killed(std::uint16_t next, Instant now, bool has_faults);
  void clear_drivers();
  void add_counters(const core::CoreMetrics& metrics);
  void take_server_turn(std::uint16_t shard, Instant now, bool has_faults);
  void may_sleep(std::uint16_t shard, Instant now, bool has_faults);
  core::Shard& shard(std::uint16_t i);
  Ring& ring(std::uint16_t from, std::uint16_t to) {
    return rings_[from * Choices::shards_max + to];
  }

  Rng& rng_;
  const Choices& choices_;
  std::uint16_t count_;
  Totals& totals_;
  Trace& trace_;
  NullLog log_;
  core::LocalCensus census_;
  HashKey placement_key_;
  HashKey table_key_{};
  std::uint64_t sockets_ = 0;
  std::vector<Ring> rings_;
  DiskLogs disk_logs_;
  std::uint64_t writes_left_;  // to sockets, before the process is dead
  bool is_running_ = false;
  Instant down_until_{};
  Instant crash_again_until_{};
  core::CoreMetrics before_{};  // the counters of the runs that were killed
  std::vector<Instant> asleep_until_;
  std::vector<std::unique_ptr<testing::ShardDriver>> drivers_;
  // Or, instead, those of the server.
  std::unique_ptr<server::RingMatrix> server_rings_;
  std::vector<std::unique_ptr<TurnDriver>> server_drivers_;
};

}  // namespace sluice::sim
