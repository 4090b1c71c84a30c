// SPDX-License-Identifier: Apache-2.0
#include "server/durability/rearrangement.h"

#include "os/clock.h"
#include "os/entropy.h"
#include "store/recovery/log_copy.h"
#include "store/recovery/log_reader.h"

#include <algorithm>
#include <limits>

namespace sluice::server {
namespace {

constexpr std::size_t batch_bytes = std::size_t{256} << 10;

}  // namespace

void begin_runs(std::span<const std::unique_ptr<ShardThread>> shards) {
  bool has_mail = false;
  for (const auto& shard : shards) has_mail |= shard->begin_run() != 0;
  while (has_mail) {
    has_mail = false;
    for (const auto& shard : shards) has_mail |= shard->run_once() != 0;
  }
}

/// What is done here stands in the logs that are being read.
class Rearrangement::InstantLog final : public store::ShardLog {
 public:
  store::Position append(core::Ticket ticket, const store::BatchTime& /*time*/,
                         ByteView /*records*/) override {
    durable_ = ticket;
    return store::first_position;
  }
  core::Ticket durable() const override { return durable_; }
  std::size_t pending_bytes() const override { return 0; }
  std::uint64_t bytes() const override { return 0; }
  store::Space space() const override { return store::Space::ample; }
  void begin_replay_at(store::Position /*position*/) override {}

 private:
  core::Ticket durable_{0};
};

Rearrangement::Rearrangement(const Parts& parts)
    : parts_(parts),
      old_count_(parts.directory.manifest().shards),
      rings_(old_count_, ring_bytes()) {}

Rearrangement::~Rearrangement() = default;

store::Checked<void> Rearrangement::run(std::uint16_t shards) {
  if (auto restored = restore(); !restored) return restored;
  // One of the new shards, to say what belongs where.
  RingMatrix rings(shards, ring_bytes());
  const std::unique_ptr<ShardThread> sample = make_shard(0, shards, rings);
  const core::Shard& knows = sample->shard();
  core::StateMover mover(
      {.count = shards,
       .home_of = [&knows](std::string_view client_id) { return knows.home_of(client_id); },
       .owner_of = [&knows](std::string_view topic) { return knows.owner_of(topic); }},
      os::random_hash_key());
  for (auto& shard : shards_) {
    if (const auto moved = mover.move(shard->shard().state()); !moved)
      return store::problem(store::Problem::Kind::damaged,
                            parts_.directory.path() + ": " + moved.error().detail);
    shard.reset();
  }
  const auto places = parts_.directory.prepare_generation(shards);
  if (!places) return std::unexpected(places.error());
  for (std::uint16_t i = 0; i < shards; ++i)
    if (auto written = write(*mover.states()[i], (*places)[i]); !written) return written;
  return parts_.directory.switch_generation(shards);
}

std::unique_ptr<ShardThread> Rearrangement::make_shard(std::uint16_t index, std::uint16_t count,
                                                       RingMatrix& rings) {
  const core::ShardSetup setup{.index = core::ShardIndex{index},
                               .count = count,
                               .placement_key = parts_.directory.manifest().placement_key,
                               .table_key = os::random_hash_key(),
                               .has_log = true,
                               .log_clock = parts_.clock};
  return std::make_unique<ShardThread>(setup, parts_.options.core, parts_.options.server,
                                       os::random_seed(), parts_.log, rings);
}

store::Checked<void> Rearrangement::restore() {
  for (std::uint16_t i = 0; i < old_count_; ++i) {
    shards_.push_back(make_shard(i, old_count_, rings_));
    logs_.push_back(std::make_unique<InstantLog>());
    core::Shard& shard = shards_.back()->shard();
    const auto end = store::read_log(
        parts_.disk, parts_.directory.place_of(i),
        [&shard](const store::Batch& batch) { return shard.restore(batch.records); });
    if (!end) return std::unexpected(end.error());
    shards_.back()->use_log(*logs_.back(), std::numeric_limits<std::size_t>::max(),
                            std::numeric_limits<std::uint64_t>::max());
  }
  begin_runs(shards_);
  return {};
}

store::Checked<void> Rearrangement::write(core::State& state, const store::LogPlace& place) {
  const auto& options = parts_.options.store.store;
  auto copy =
      store::LogCopy::open(parts_.disk, place,
                           {.min = options.segment_bytes_min,
                            .max = std::max(options.segment_bytes_min, options.segment_bytes_max)});
  if (!copy) return std::unexpected(copy.error());
  const Instant now = os::monotonic_now();
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
