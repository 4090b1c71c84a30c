// SPDX-License-Identifier: Apache-2.0
#include "server/durability/durable_log.h"

#include "os/clock.h"

#include <algorithm>

namespace sluice::server {

DurableLog::DurableLog(Parts parts)
    : parts_(std::move(parts)),
      next_(parts_.writer->next()),
      bytes_(parts_.bytes),
      released_bytes_(parts_.released_bytes),
      room_(parts_.writer->room()) {}

DurableLog::~DurableLog() {
  stop();
  std::unique_ptr<store::Segment>(made_.exchange(nullptr));
}

Result<void> DurableLog::start(std::function<void()> wake) {
  wake_ = std::move(wake);
  SLUICE_TRY(thread_,
             os::Thread::start("log-" + std::to_string(parts_.place.shard), [this] { run(); }));
  return {};
}

void DurableLog::stop() {
  is_stopping_ = true;
  event_.signal();
  thread_.join();
}

store::Position DurableLog::append(core::Ticket ticket, const store::BatchTime& time,
                                   ByteView records) {
  auto commit = slot_.fill();
  const store::Position position = next_;
  if (!records.empty()) {
    const std::size_t before = commit->bytes();
    commit->add(position, time, records);
    appended_.fetch_add(commit->bytes() - before, std::memory_order_relaxed);
    bytes_ += records.size();
    next_ = store::Position{static_cast<std::uint64_t>(next_) + 1};
  }
  commit->put_behind(ticket);
  if (std::exchange(is_written_awaited_, false)) commit->await_written();
  slot_.put(std::move(commit));
  event_.signal();
  return position;
}

void DurableLog::begin_replay_at(store::Position position) {
  replay_at_.store(static_cast<std::uint64_t>(position), std::memory_order_release);
  event_.signal();
}

void DurableLog::on_segment(store::Segment segment) {
  std::unique_ptr<store::Segment>(
      made_.exchange(std::make_unique<store::Segment>(std::move(segment)).release()));
  event_.signal();
}

void DurableLog::on_space(store::Space space) { space_.store(space, std::memory_order_relaxed); }

void DurableLog::on_keeper_failed(const Error& error) {
  parts_.on_failed(parts_.place.directory, error);
}

void DurableLog::on_chunk(core::ChunkAnswer answer) {
  if (answers_.send(std::move(answer)) == os::Sent::first) wake_();
}

void DurableLog::on_chunks_synced(store::Clearance clearance) {
  parts_.keeper.clear(parts_.place.shard, std::move(clearance));
}

void DurableLog::run() {
  while (!is_dead_) {
    look_around();
    auto commit = slot_.take();
    if (!commit) {
      if (is_stopping_) return;
      event_.wait();
      continue;
    }
    this->commit(*commit);
    slot_.give_back(std::move(commit));
  }
}

void DurableLog::look_around() {
  if (std::unique_ptr<store::Segment> made{made_.exchange(nullptr)}) {
    parts_.writer->take(std::move(*made));
    is_wished_ = false;
  }
  const store::Position replay_at{replay_at_.exchange(0)};
  if (replay_at != store::Position{0})
    if (auto clearance = parts_.writer->begin_replay_at(replay_at))
      parts_.chunks.sync(parts_.place.shard, std::move(*clearance));
  if (is_wished_) return;
  if (const auto wish = parts_.writer->wish()) {
    parts_.keeper.wish(parts_.place.shard, *wish);
    is_wished_ = true;
  }
}

void DurableLog::commit(store::Commit& commit) {
  if (commit.has_batches()) {
    const Instant begin = os::monotonic_now();
    if (!write(commit)) return;
    note_commit(commit, os::monotonic_now() - begin);
  }
  durable_.store(commit.ticket(), std::memory_order_release);
  wake_();
}

// False: there is no room and the log is to stop, or the disk has failed.
bool DurableLog::write(store::Commit& commit) {
  bool was_full = false;
  const auto on_written = [&] {
    if (!commit.is_written_awaited()) return;
    written_.store(commit.ticket(), std::memory_order_release);
    wake_();
  };
  while (true) {
    const auto written = parts_.writer->write(commit, on_written);
    if (written) {
      room_.store(parts_.writer->room(), std::memory_order_relaxed);
      if (was_full) space_.store(store::Space::ample, std::memory_order_relaxed);
      return true;
    }
    const ErrorCode code = written.error().code;
    if (code == ErrorCode::would_block) {
      room_.store(0, std::memory_order_relaxed);
      numbers_.waits_segment.fetch_add(1, std::memory_order_relaxed);
      // It may not have been wished for yet.
      if (!is_wished_) look_around();
    } else if (code == ErrorCode::no_space) {
      was_full = true;
      numbers_.waits_space.fetch_add(1, std::memory_order_relaxed);
      space_.store(store::Space::low, std::memory_order_relaxed);
      parts_.keeper.try_again(parts_.place.shard);
    } else {
      is_dead_ = true;
      parts_.on_failed(parts_.place.directory, written.error());
      return false;
    }
    if (is_stopping_ && space() == store::Space::low) return false;
    event_.wait();
    look_around();
  }
}

void DurableLog::note_commit(const store::Commit& commit, Duration took) {
  const auto add = [](std::atomic<std::uint64_t>& number, std::uint64_t n) {
    number.store(number.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
  };
  synced_.fetch_add(commit.bytes(), std::memory_order_release);
  add(numbers_.commits, 1);
  add(numbers_.batches, commit.batches());
  add(numbers_.bytes, commit.bytes());
  const auto bucket =
      static_cast<std::size_t>(std::ranges::lower_bound(store::commit_time_bounds, took) -
                               store::commit_time_bounds.begin());
  add(numbers_.times[bucket], 1);
  add(numbers_.times.back(), static_cast<std::uint64_t>(took.count()));
}

store::StoreMetrics DurableLog::metrics() const {
  const auto get = [](const std::atomic<std::uint64_t>& number) {
    return number.load(std::memory_order_relaxed);
  };
  store::StoreMetrics metrics;
  metrics.store_commits = get(numbers_.commits);
  metrics.store_batches = get(numbers_.batches);
  metrics.store_bytes = get(numbers_.bytes);
  metrics.store_waits_segment = get(numbers_.waits_segment);
  metrics.store_waits_space = get(numbers_.waits_space);
  metrics.store_pending_bytes = pending_bytes();
  metrics.store_full = space() == store::Space::low ? 1 : 0;
  for (std::size_t i = 0; i < numbers_.times.size(); ++i)
    metrics.store_commit_seconds[i] = get(numbers_.times[i]);
  return metrics;
}

}  // namespace sluice::server
