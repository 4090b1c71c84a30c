// SPDX-License-Identifier: Apache-2.0
#include "server/turn/checkpoints.h"

namespace sluice::server {

bool Checkpoints::is_due() const {
  if (is_asked_) return true;
  const bool is_urgent = is_stopping_ || parts_.log.space() == store::Space::low;
  const std::uint64_t least = is_urgent ? urgent_bytes_min : parts_.log_bytes_min;
  // Half of what goes with a checkpoint is what it would write again, at most. What there is to
  // keep may have shrunk since the last turn.
  const std::uint64_t freed = growth() + parts_.log.released_bytes() - begun_released_bytes_;
  return freed >= least && freed >= 2 * std::uint64_t{parts_.shard.state_bytes()};
}

void Checkpoints::on_turn(Instant now) {
  parts_.metrics.log_bytes = growth();
  if (!is_running() && is_due()) {
    running_begun_bytes_ = parts_.log.bytes();
    running_begun_released_bytes_ = parts_.log.released_bytes();
    began_ = now;
    is_asked_ = false;
    parts_.shard.begin_checkpoint();
  }
  if (has_work()) parts_.shard.go_on_with_checkpoint(parts_.turn_bytes);
}

bool Checkpoints::has_work() const {
  return parts_.shard.is_checkpoint_being_written() && is_disk_ready();
}

void Checkpoints::on_stop() { is_stopping_ = true; }

void Checkpoints::on_batch(store::Position position) {
  if (is_begun_) position_ = position;
  is_begun_ = false;
}

void Checkpoints::on_durable(Instant now) {
  parts_.log.begin_replay_at(position_);
  begun_bytes_ = running_begun_bytes_;
  begun_released_bytes_ = running_begun_released_bytes_;
  ++parts_.metrics.checkpoints;
  parts_.metrics.checkpoint_bytes += parts_.shard.checkpoint_bytes();
  const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(now - began_);
  parts_.logger.debug("checkpoint_written", {{"shard", parts_.index},
                                             {"bytes", parts_.shard.checkpoint_bytes()},
                                             {"ms", took.count()},
                                             {"log_bytes", growth()}});
}

}  // namespace sluice::server
