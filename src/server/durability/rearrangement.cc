// SPDX-License-Identifier: Apache-2.0
#include "server/durability/rearrangement.h"

#include "os/clock.h"
#include "os/entropy.h"
#include "server/durability/next_generation.h"
#include "store/recovery/log_reader.h"

#include <algorithm>
#include <limits>

namespace sluice::server {

void begin_runs(std::span<const std::unique_ptr<ShardThread>> shards) {
  bool has_mail = false;
  for (const auto& shard : shards) has_mail |= shard->begin_run() != 0;
  while (has_mail) {
    has_mail = false;
    for (const auto& shard : shards) has_mail |= shard->run_once() != 0;
  }
}

Rearrangement::Rearrangement(const Parts& parts)
    : parts_(parts),
      old_count_(parts.directory.manifest().shards),
      rings_(old_count_, ring_bytes()) {}

Rearrangement::~Rearrangement() = default;

store::Checked<void> Rearrangement::run(std::uint16_t shards) {
  if (auto restored = restore(); !restored) return restored;
  const auto& store = parts_.options.store.store;
  const auto& session = parts_.options.core.session;
  const store::SegmentSizes sizes{
      .min = store.segment_bytes_min,
      .max = std::max(store.segment_bytes_min, store.segment_bytes_max)};
  NextGeneration next({.disk = parts_.disk,
                       .directory = parts_.directory,
                       .sizes = sizes,
                       .chunk_file_bytes = static_cast<std::uint64_t>(store.chunk_file_bytes),
                       .clock = parts_.clock});
  if (auto prepared = next.prepare(shards); !prepared) return prepared;
  // One of the new shards, to say what belongs where.
  RingMatrix rings(shards, ring_bytes());
  const std::unique_ptr<ShardThread> sample = make_shard(0, shards, rings, nullptr);
  const core::Shard& knows = sample->shard();
  core::StateMover mover(
      {.count = shards,
       .home_of = [&knows](std::string_view client_id) { return knows.home_of(client_id); },
       .owner_of = [&knows](std::string_view topic) { return knows.owner_of(topic); }},
      os::random_hash_key(),
      {.rules = {static_cast<std::uint64_t>(session.queue_memory_messages),
                 static_cast<std::uint64_t>(session.queue_memory_bytes)},
       .clock = parts_.clock,
       .stores = next.chunk_stores()});
  for (std::size_t i = 0; i < shards_.size(); ++i) {
    if (const auto moved = mover.move(shards_[i]->shard().state(), chunks_[i].get()); !moved)
      return store::problem(store::Problem::Kind::damaged,
                            parts_.directory.path() + ": " + moved.error().detail);
    shards_[i].reset();
  }
  if (!mover.lost().empty()) {
    if (auto dropped = parts_.directory.drop_generation(); !dropped) return dropped;
    return refuse(mover.lost());
  }
  return next.write(mover, os::monotonic_now());
}

// What is there now would go: it is for the operator to say that the rest is enough.
std::unexpected<store::Problem> Rearrangement::refuse(
    const std::vector<core::DirectChunks::Lost>& lost) const {
  std::uint64_t messages = 0;
  for (const core::DirectChunks::Lost& each : lost) messages += each.messages;
  const std::string& path = parts_.directory.path();
  return store::problem(store::Problem::Kind::damaged,
                        path + ": " + std::to_string(messages) +
                            " messages that wait for clients (the first of them '" +
                            lost.front().client_id +
                            "') cannot be read, so the store stays as it is; "
                            "start with --threads " +
                            std::to_string(old_count_) +
                            " as before, or leave them out by `sluice store repair " + path + "`");
}

std::unique_ptr<ShardThread> Rearrangement::make_shard(std::uint16_t index, std::uint16_t count,
                                                       RingMatrix& rings,
                                                       core::ChunkStore* chunks) {
  const core::ShardSetup setup{.index = core::ShardIndex{index},
                               .count = count,
                               .placement_key = parts_.directory.manifest().placement_key,
                               .table_key = os::random_hash_key(),
                               .has_log = true,
                               .log_clock = parts_.clock,
                               .chunks = chunks};
  return std::make_unique<ShardThread>(setup, parts_.options.core, parts_.options.server,
                                       os::random_seed(), parts_.log, rings);
}

store::Checked<void> Rearrangement::open_chunks(std::uint16_t shard) {
  const store::LogPlace place = parts_.directory.place_of(shard);
  chunks_.push_back(std::make_unique<store::ChunkFiles>(
      parts_.disk, place, static_cast<std::uint64_t>(parts_.options.store.store.chunk_file_bytes)));
  if (const auto opened = chunks_.back()->open(); !opened)
    return store::disk_problem(place.directory, opened.error());
  return {};
}

store::Checked<void> Rearrangement::restore() {
  for (std::uint16_t i = 0; i < old_count_; ++i) {
    if (auto opened = open_chunks(i); !opened) return opened;
    shards_.push_back(make_shard(i, old_count_, rings_, chunks_[i].get()));
    logs_.push_back(std::make_unique<InstantLog>(*chunks_[i]));
    core::Shard& shard = shards_.back()->shard();
    const auto end = store::read_log(
        parts_.disk, parts_.directory.place_of(i),
        [&shard](const store::Batch& batch) { return shard.restore(batch.records); });
    if (!end) return std::unexpected(end.error());
    // What a start that was refused has left.
    if (const auto dropped = chunks_[i]->drop_unnamed(); !dropped)
      return store::disk_problem(parts_.directory.place_of(i).directory, dropped.error());
    shards_.back()->use_log(*logs_.back(), std::numeric_limits<std::size_t>::max(),
                            std::numeric_limits<std::uint64_t>::max());
  }
  begin_runs(shards_);
  return {};
}

}  // namespace sluice::server
