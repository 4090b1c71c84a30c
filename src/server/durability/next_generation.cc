// SPDX-License-Identifier: Apache-2.0
#include "server/durability/next_generation.h"

#include "core/state/checkpoint.h"
#include "store/recovery/log_copy.h"

namespace sluice::server {

store::Checked<void> NextGeneration::write(core::StateMover& mover, Instant now) {
  const auto shards = static_cast<std::uint16_t>(mover.states().size());
  const auto places = parts_.directory.prepare_generation(shards);
  if (!places) return std::unexpected(places.error());
  for (std::uint16_t i = 0; i < shards; ++i)
    if (auto written = write(*mover.states()[i], (*places)[i], now); !written) return written;
  return parts_.directory.switch_generation(shards);
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
