// SPDX-License-Identifier: Apache-2.0
//
// Checkpoints decides when a shard writes all that it keeps into its log anew, so that the
// beginning of the log can go, and chunks that it names: when the log has grown, and chunks were
// released, by twice as much as there is to keep, and by store.checkpoint_bytes_min at least;
// sooner if the disk is full. It paces the writing: a little a turn, and only while the disk keeps
// up, so that acknowledgements do not wait for it.
//
// Owner:   Turn.     Thread: its shard's.
// Limits:  store.checkpoint_bytes_min.
#pragma once

#include "base/log.h"
#include "core/shard/shard.h"
#include "server/metrics.h"
#include "store/log.h"

namespace sluice::server {

class Checkpoints {
 public:
  struct Parts {
    core::Shard& shard;
    store::ShardLog& log;
    Log& logger;
    ServerMetrics& metrics;
    std::uint64_t log_bytes_min;  ///< the log grows by so much at least
    std::uint16_t index;          ///< of the shard
    std::size_t turn_bytes;       ///< written in one turn, about
  };

  explicit Checkpoints(const Parts& parts) : parts_(parts) {}

  /// In each turn, before its batch is closed.
  void on_turn(Instant now);
  /// The broker stops: a checkpoint is written if the next start is much quicker by it.
  void on_stop();
  /// One is wanted now, due or not.
  void ask() { is_asked_ = true; }
  /// The turn's batch stands there in the log.
  void on_batch(store::Position position);
  /// What the shard has asked for.
  void on_begun() { is_begun_ = true; }
  void on_durable(Instant now);
  /// Whether another turn is wanted although nothing happened.
  bool has_work() const;
  /// Until the end of the one that runs is durable.
  bool is_running() const { return parts_.shard.has_checkpoint(); }

 private:
  static constexpr std::size_t pending_bytes_max = std::size_t{1} << 20;
  /// What it takes when the disk is full, or at a stop.
  static constexpr std::uint64_t urgent_bytes_min = std::uint64_t{1} << 20;

  std::uint64_t growth() const { return parts_.log.bytes() - begun_bytes_; }
  bool is_due() const;
  bool is_disk_ready() const { return parts_.log.pending_bytes() < pending_bytes_max; }

  const Parts parts_;
  std::uint64_t begun_bytes_ = 0;  // of the log, where replay would begin
  std::uint64_t running_begun_bytes_ = 0;
  std::uint64_t begun_released_bytes_ = 0;  // of chunks, then
  std::uint64_t running_begun_released_bytes_ = 0;
  store::Position position_{};
  Instant began_{};
  bool is_begun_ = false;  // the batch of this turn has the beginning
  bool is_stopping_ = false;
  bool is_asked_ = false;
};

}  // namespace sluice::server
