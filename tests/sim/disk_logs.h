// SPDX-License-Identifier: Apache-2.0
//
// DiskLogs is the store of the simulated broker: the real writer and reader of a log for each
// shard, over a disk that is slow, full, failing, and that a crash leaves in any state it may. What
// it reads after a crash is what the shards are made of again.
//
// Owner:   Shards.      Thread: one.
#pragma once

#include "core/state/state_mover.h"
#include "server/durability/next_generation.h"
#include "store/recovery/store_directory.h"
#include "tests/sim/choices.h"
#include "tests/sim/totals.h"
#include "tests/support/sim_disk.h"
#include "tests/support/stepped_log.h"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace sluice::sim {

class DiskLogs {
 public:
  using Restore = std::function<Result<void>(std::uint16_t shard, const store::Batch& batch)>;

  DiskLogs(Rng& rng, const Choices& choices, Totals& totals, const HashKey& placement_key);

  /// Finds the store. This and what follows: false if the disk has failed meanwhile, or is full: to
  /// be tried again after crash(). What must not be stands in problem().
  bool find(Instant now, bool has_faults);
  /// How many logs it has.
  std::uint16_t shards() const { return directory_->manifest().shards; }
  /// Finds what the logs have of chunks; before they are read.
  bool open_chunks();
  core::ChunkStore* chunks(std::uint16_t shard) { return logs_[shard].chunks.get(); }
  /// Reads all logs, to write them anew.
  bool read_all(const Restore& restore);
  /// Logs of the next generation, and what will hold their chunks.
  bool prepare(std::uint16_t shards, const core::LogClock& clock);
  std::vector<core::ChunkStore*> next_chunks() const { return next_->chunk_stores(); }
  bool move_to(core::StateMover& mover, Instant now);
  /// Reads all logs and opens them for more.
  bool open(const Restore& restore);
  /// Something that must not be, and the end of the start.
  bool has_found(std::string what);
  store::ShardLog& log(std::uint16_t shard) { return *logs_[shard].log; }
  /// What the threads of that log do in a while. False if the process must end.
  bool step(std::uint16_t shard, Instant now, bool has_faults);
  /// The end of the process, or of the power: of what was on its way, some may be there.
  void crash();

  Instant silent_since(std::uint16_t shard) const { return logs_[shard].silent_since; }
  bool is_dead() const { return disk_.is_dead(); }
  bool is_idle() const;
  const std::string& problem() const { return problem_; }

 private:
  struct LogOf {
    std::unique_ptr<store::ChunkFiles> chunks;
    std::unique_ptr<testing::SteppedLog> log;
    Instant due = Instant::never();
    Instant silent_since = Instant::never();
    Instant silent_until{};
    store::Position last_begun{1};  // the first batch of the last commit that was answered
    store::Position answered{1};    // the first batch that was not
  };
  /// What reading a log gives.
  struct Reading {
    std::vector<std::uint64_t> digests;  // after each batch, of all up to it
    store::LogEnd end;
  };

  bool open_log(std::uint16_t shard, const Restore& restore);
  void step_chunks(LogOf& log, bool has_faults);
  void disturb(Instant now, bool has_faults);
  void note_generation();
  void fall_silent(LogOf& log, Instant now);
  bool commit(LogOf& log);
  bool has_failed(const store::Problem& problem);
  void check_damage(std::uint16_t shard);
  store::Checked<Reading> read(std::uint16_t shard);

  Rng& rng_;
  const Choices& choices_;
  Totals& totals_;
  testing::SimDisk disk_;
  const store::StoreDirectory::Birth birth_;
  std::optional<store::StoreDirectory> directory_;
  std::optional<server::NextGeneration> next_;
  std::vector<LogOf> logs_;
  std::uint64_t generation_ = 0;
  Instant full_until_{};
  std::string problem_;
};

}  // namespace sluice::sim
