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

store::Checked<store::LogEnd> ShardLogs::replay(std::uint16_t shard,
                                                const store::BatchVisitor& visit) {
  SLUICE_ASSERT(shard == logs_.size());
  const store::LogPlace place = directory_.place_of(shard);
  auto end = store::read_log(setup_.disk, place, visit);
  if (!end) return end;
  if (end->torn_segment != 0)
    setup_.log.warn("store_tail_cut",
                    {{"file", place.path_of(end->torn_segment)}, {"byte", end->torn_offset}});
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
  logs_.push_back(std::make_unique<DurableLog>(DurableLog::Parts{.writer = std::move(writer),
                                                                 .place = place,
                                                                 .bytes = end->bytes,
                                                                 .keeper = keeper_,
                                                                 .log = setup_.log,
                                                                 .on_failed = setup_.on_failed}));
  SLUICE_ASSERT(keeper_.add(*logs_.back(), std::move(files)) == shard);
  return end;
}

Result<void> ShardLogs::start(std::vector<std::function<void()>> wakes) {
  SLUICE_CHECK(keeper_.start());
  for (std::size_t i = 0; i < logs_.size(); ++i) SLUICE_CHECK(logs_[i]->start(std::move(wakes[i])));
  return {};
}

void ShardLogs::stop() {
  for (const auto& log : logs_) log->stop();
  keeper_.stop();
}

store::StoreMetrics ShardLogs::metrics() const {
  store::StoreMetrics total = replayed_;
  for (const auto& log : logs_) add_metrics(total, log->metrics());
  return total;
}

}  // namespace sluice::server
