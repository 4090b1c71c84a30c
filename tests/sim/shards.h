// SPDX-License-Identifier: Apache-2.0
//
// Shards runs the broker's shards in an order that the seed chooses, with rings that deliver late,
// each pair by itself, and a log that answers late or falls silent.
//
// Owner:   World.      Thread: one.
#pragma once

#include "base/siphash.h"
#include "tests/sim/choices.h"
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
  /// Every shard may take a turn.
  void step(Instant now, bool has_faults);
  std::uint16_t home_of(std::string_view client_id) const;
  /// Since when the log of that shard has answered nothing; never, if it does.
  Instant log_silent_since(std::uint16_t shard) const { return logs_[shard].silent_since; }
  /// Whether the broker has nothing left to do, and nothing in flight or queued.
  bool is_drained();
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
  struct LogOf {
    std::deque<Instant> due;
    Instant silent_since = Instant::never();
    Instant silent_until{};
  };

  void take_turn(std::uint16_t shard, Instant now, bool has_faults);
  void deliver_mail(std::uint16_t to, Instant now);
  void answer_log(std::uint16_t shard, Instant now, bool has_faults);
  void collect(std::uint16_t shard, Instant now, bool has_faults);
  void make_drivers(Instant now);
  void take_server_turn(std::uint16_t shard, Instant now, bool has_faults);
  void may_sleep(std::uint16_t shard, Instant now, bool has_faults);
  core::Shard& shard(std::uint16_t i);
  Ring& ring(std::uint16_t from, std::uint16_t to) { return rings_[from * choices_.shards + to]; }

  Rng& rng_;
  const Choices& choices_;
  Totals& totals_;
  Trace& trace_;
  NullLog log_;
  core::LocalCensus census_;
  HashKey placement_key_;
  std::uint64_t sockets_ = 0;
  std::vector<Ring> rings_;
  std::vector<LogOf> logs_;
  std::vector<Instant> asleep_until_;
  std::vector<std::unique_ptr<testing::ShardDriver>> drivers_;
  // Or, instead, those of the server.
  server::RingMatrix server_rings_;
  std::vector<std::unique_ptr<TurnDriver>> server_drivers_;
};

}  // namespace sluice::sim
