// SPDX-License-Identifier: Apache-2.0
#include "server/durability/shard_logs.h"

#include "base/assert.h"

namespace sluice::server {

store::Checked<std::unique_ptr<ShardLogs>> ShardLogs::open(
    Setup setup, const store::StoreDirectory::Birth& birth) {
  auto directory = store::StoreDirectory::open(setup.disk, setup.directory, birth);
  if (!directory) return std::unexpected(directory.error());
  return std::unique_ptr<ShardLogs>(new ShardLogs(std::move(setup), std::move(*directory)));
}

ShardLogs::~ShardLogs() { stop(); }

store::Checked<void> ShardLogs::open_chunks() {
  for (std::uint16_t shard = 0; shard < manifest().shards; ++shard) {
    const store::LogPlace place = directory_.place_of(shard);
    chunks_.push_back(std::make_unique<store::ChunkFiles>(
        setup_.disk, place, static_cast<std::uint64_t>(setup_.options.chunk_file_bytes)));
    if (const auto opened = chunks_.back()->open(); !opened)
      return store::disk_problem(place.directory, opened.error());
  }
  return {};
}

store::Checked<store::LogEnd> ShardLogs::replay(std::uint16_t shard,
                                                const store::BatchVisitor& visit) {
  SLUICE_ASSERT(shard == logs_.size());
  if (chunks_.empty())
    if (const auto found = open_chunks(); !found) return std::unexpected(found.error());
  const store::LogPlace place = directory_.place_of(shard);
  auto end = store::read_log(setup_.disk, place, visit);
  if (!end) return end;
  if (end->torn_segment != 0)
    setup_.log.warn("store_tail_cut",
                    {{"file", place.path_of(end->torn_segment)}, {"byte", end->torn_offset}});
  chunks_[shard]->note_next(end->next);
  if (const auto dropped = chunks_[shard]->drop_unnamed(); !dropped)
    return store::disk_problem(place.directory, dropped.error());
  replayed_.store_replayed_batches += end->batches;
  replayed_.store_replayed_bytes += end->bytes;
  const store::SegmentSizes sizes{
      .min = setup_.options.segment_bytes_min,
      .max = std::max(setup_.options.segment_bytes_min, setup_.options.segment_bytes_max)};
  store::SegmentFiles files(setup_.disk, place);
  auto writer = std::make_unique<store::LogWriter>(setup_.disk, place,
                                                   store::WriteRules{sizes, setup_.sync}, *end);
  if (const auto opened = writer->open(files); !opened)
    return store::disk_problem(place.directory, opened.error());
  logs_.push_back(std::make_unique<DurableLog>(
      DurableLog::Parts{.writer = std::move(writer),
                        .place = place,
                        .bytes = end->bytes,
                        .released_bytes = chunks_[shard]->released_bytes(),
                        .keeper = keeper_,
                        .chunks = chunk_keeper_,
                        .log = setup_.log,
                        .on_failed = setup_.on_failed}));
  SLUICE_ASSERT(keeper_.add(*logs_.back(), std::move(files)) == shard);
  SLUICE_ASSERT(chunk_keeper_.add(*logs_.back(), *chunks_[shard]) == shard);
  return end;
}

Result<void> ShardLogs::start(std::vector<std::function<void()>> wakes) {
  SLUICE_CHECK(keeper_.start());
  SLUICE_CHECK(chunk_keeper_.start());
  for (std::size_t i = 0; i < logs_.size(); ++i) SLUICE_CHECK(logs_[i]->start(std::move(wakes[i])));
  return {};
}

void ShardLogs::stop() {
  for (const auto& log : logs_) log->stop();
  chunk_keeper_.stop();
  keeper_.stop();
}

store::StoreMetrics ShardLogs::metrics() const {
  store::StoreMetrics total = replayed_;
  total.store_chunk_files = chunk_keeper_.files();
  total.store_chunk_bytes = chunk_keeper_.bytes();
  for (const auto& log : logs_) add_metrics(total, log->metrics());
  return total;
}

}  // namespace sluice::server
