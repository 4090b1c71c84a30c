// SPDX-License-Identifier: Apache-2.0
#include "server/durability/next_generation.h"

#include "core/state/checkpoint.h"
#include "store/recovery/log_copy.h"

namespace sluice::server {

store::Checked<void> NextGeneration::prepare(std::uint16_t shards) {
  auto places = parts_.directory.prepare_generation(shards);
  if (!places) return std::unexpected(places.error());
  places_ = std::move(*places);
  for (const store::LogPlace& place : places_)
    chunks_.push_back(
        std::make_unique<store::ChunkFiles>(parts_.disk, place, parts_.chunk_file_bytes));
  return {};
}

std::vector<core::ChunkStore*> NextGeneration::chunk_stores() const {
  std::vector<core::ChunkStore*> stores;
  for (const auto& chunks : chunks_) stores.push_back(chunks.get());
  return stores;
}

store::Checked<void> NextGeneration::write(core::StateMover& mover, Instant now) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (const auto synced = chunks_[i]->sync(); !synced)
      return store::disk_problem(places_[i].directory, synced.error());
    if (auto written = write(*mover.states()[i], places_[i], now); !written) return written;
  }
  return parts_.directory.switch_generation(static_cast<std::uint16_t>(places_.size()));
}

store::Checked<void> NextGeneration::write(core::State& state, const store::LogPlace& place,
                                           Instant now) {
  auto copy = store::LogCopy::open(parts_.disk, place, parts_.sizes);
  if (!copy) return std::unexpected(copy.error());
  core::RecordWriter writer(state, parts_.clock);
  core::Checkpoint checkpoint(state, writer);
  std::vector<std::uint8_t> batch;
  checkpoint.begin(now);
  while (checkpoint.is_running()) {
    checkpoint.go_on(batch_bytes, now);
    writer.take(batch);
    if (const auto added = (*copy)->add({parts_.clock.wall_at(now), now}, batch); !added)
      return store::disk_problem(place.directory, added.error());
  }
  if (const auto finished = (*copy)->finish(); !finished)
    return store::disk_problem(place.directory, finished.error());
  return {};
}

}  // namespace sluice::server
