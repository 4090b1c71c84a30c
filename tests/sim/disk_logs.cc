// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/disk_logs.h"

#include "store/recovery/log_reader.h"

#include <algorithm>

namespace sluice::sim {
namespace {

using testing::SimDisk;

constexpr std::uint64_t no_capacity = ~std::uint64_t{0};

}  // namespace

DiskLogs::DiskLogs(Rng& rng, const Choices& choices, Totals& totals, const HashKey& placement_key)
    : rng_(rng),
      choices_(choices),
      totals_(totals),
      birth_{.shards = choices.shards, .placement_key = placement_key, .salt = rng.next()},
      logs_(Choices::shards_max) {}

// An error that was asked for; anything else is a finding.
bool DiskLogs::has_failed(const store::Problem& problem) {
  const bool is_asked_for =
      disk_.is_dead() || (problem.kind == store::Problem::Kind::disk &&
                          (problem.code == ErrorCode::no_space || choices_.disk_error_in > 0));
  if (!is_asked_for) problem_ = "the store could not be opened: " + problem.text;
  directory_.reset();
  return false;
}

bool DiskLogs::has_found(std::string what) {
  problem_ = std::move(what);
  return false;
}

bool DiskLogs::find(Instant now, bool has_faults) {
  disturb(now, has_faults);
  if (has_faults && choices_.crash_in > 0 && rng_.chance(1, 6)) disk_.die_in(1 + rng_.below(40));
  auto opened = store::StoreDirectory::open(disk_, "d", birth_);
  if (!opened) return has_failed(opened.error());
  directory_.emplace(std::move(*opened));
  note_generation();
  const auto damaged = static_cast<std::uint16_t>(rng_.below(shards()));
  if (choices_.has_bit_flips && choices_.is_synced && !disk_.is_dead()) check_damage(damaged);
  return true;
}

// What logs of another generation had answered says nothing of these.
void DiskLogs::note_generation() {
  if (directory_->manifest().generation == generation_) return;
  generation_ = directory_->manifest().generation;
  for (LogOf& log : logs_) log.answered = log.last_begun = store::first_position;
}

bool DiskLogs::read_all(const Restore& restore) {
  for (std::uint16_t i = 0; i < shards(); ++i) {
    const auto end = store::read_log(disk_, directory_->place_of(i),
                                     [&](const store::Batch& batch) { return restore(i, batch); });
    if (!end) return has_failed(end.error());
    if (end->next < logs_[i].answered) return has_found("the log has lost what it had answered");
  }
  return true;
}

bool DiskLogs::open_chunks() {
  for (std::uint16_t i = 0; i < shards(); ++i) {
    LogOf& log = logs_[i];
    log.chunks = std::make_unique<store::ChunkFiles>(disk_, directory_->place_of(i),
                                                     choices_.chunk_file_bytes);
    if (const auto opened = log.chunks->open(); !opened)
      return has_failed({.text = opened.error().detail, .code = opened.error().code});
  }
  return true;
}

bool DiskLogs::prepare(std::uint16_t shards, const core::LogClock& clock) {
  next_.emplace(server::NextGeneration::Parts{.disk = disk_,
                                              .directory = *directory_,
                                              .sizes = choices_.segments,
                                              .chunk_file_bytes = choices_.chunk_file_bytes,
                                              .clock = clock});
  const auto prepared = next_->prepare(shards);
  return prepared ? true : has_failed(prepared.error());
}

bool DiskLogs::move_to(core::StateMover& mover, Instant now) {
  const auto moved = next_->write(mover, now);
  next_.reset();
  if (!moved) return has_failed(moved.error());
  note_generation();
  return true;
}

bool DiskLogs::open(const Restore& restore) {
  for (std::uint16_t i = 0; i < shards(); ++i)
    if (!open_log(i, restore)) return false;
  disk_.die_in(0);
  return true;
}

bool DiskLogs::open_log(std::uint16_t shard, const Restore& restore) {
  const store::LogPlace place = directory_->place_of(shard);
  auto end = store::read_log(disk_, place,
                             [&](const store::Batch& batch) { return restore(shard, batch); });
  if (!end) return has_failed(end.error());
  LogOf& log = logs_[shard];
  log.chunks->note_next(end->next);
  if (const auto dropped = log.chunks->drop_unnamed(); !dropped)
    return has_failed({.text = dropped.error().detail, .code = dropped.error().code});
  if (end->next < log.answered) problem_ = "the log has lost what it had answered";
  if (end->torn_segment != 0) ++totals_.torn_commits;
  log.log = std::make_unique<testing::SteppedLog>(
      disk_, place,
      store::WriteRules{.sizes = choices_.segments,
                        .sync = choices_.is_synced ? store::Sync::each_commit : store::Sync::never},
      *end);
  log.log->use_chunks(*log.chunks);
  if (const auto begun = log.log->open(); !begun)
    return has_failed({.text = begun.error().detail, .code = begun.error().code});
  // What was read counts from now on, whoever was told of it.
  if (end->next > log.answered) log.last_begun = log.answered;
  log.answered = end->next;
  return true;
}

void DiskLogs::fall_silent(LogOf& log, Instant now) {
  log.silent_since = now;
  log.silent_until = now + std::chrono::milliseconds(rng_.below(2'000));
  ++totals_.log_silences;
}

void DiskLogs::disturb(Instant now, bool has_faults) {
  using Operation = SimDisk::Operation;
  if (full_until_ <= now || !has_faults) disk_.set_capacity(no_capacity);
  if (!has_faults) return disk_.fail_in(0, Operation::any, ErrorCode::ok);
  if (choices_.disk_full_in > 0 && rng_.chance(1, choices_.disk_full_in)) {
    disk_.set_capacity(disk_.used_bytes() + rng_.below(50'000));
    full_until_ = now + std::chrono::milliseconds(rng_.below(4'000));
    ++totals_.disks_full;
  }
  if (choices_.disk_error_in > 0 && rng_.chance(1, choices_.disk_error_in)) {
    const Operation operations[] = {Operation::any, Operation::write, Operation::sync};
    const Operation failing = operations[rng_.below(3)];
    disk_.fail_in(1 + rng_.below(4), failing, ErrorCode::io_error);
  }
}

bool DiskLogs::step(std::uint16_t shard, Instant now, bool has_faults) {
  LogOf& log = logs_[shard];
  disturb(now, has_faults);
  if (has_faults && choices_.log_silence_in > 0 && log.silent_since.is_never() &&
      rng_.chance(1, choices_.log_silence_in))
    fall_silent(log, now);
  if (has_faults && !log.silent_since.is_never() && log.silent_until > now) return true;
  log.silent_since = Instant::never();
  step_chunks(log, has_faults);
  if (log.log->pending_bytes() == 0 && log.log->space() == store::Space::ample) return true;
  if (log.due.is_never()) {
    log.due = now;
    if (has_faults && choices_.log_delay_max > Duration{} && rng_.chance(3, 4)) {
      const auto max = static_cast<std::uint64_t>(choices_.log_delay_max.count());
      log.due = now + Duration(static_cast<std::int64_t>(rng_.below(max)));
      ++totals_.late_log;
    }
  }
  if (log.due > now) return true;
  log.due = Instant::never();
  return commit(log);
}

// They are quick or slow, whatever the log is.
void DiskLogs::step_chunks(LogOf& log, bool has_faults) {
  if (!log.log->has_requests() || disk_.is_dead()) return;
  if (!has_faults) return log.log->step_chunks(~std::size_t{0});
  if (rng_.chance(1, 2)) log.log->step_chunks(1 + rng_.below(3));
}

// Durable is what the log says, and so is the disk.
bool DiskLogs::commit(LogOf& log) {
  const auto stepped = log.log->step();
  if (stepped) {
    if (log.log->durable_to() > log.answered) log.last_begun = log.answered;
    log.answered = log.log->durable_to();
    return true;
  }
  const ErrorCode code = stepped.error().code;
  if (code == ErrorCode::no_space || code == ErrorCode::would_block) return true;
  ++totals_.disk_errors;
  return false;
}

void DiskLogs::crash() {
  for (LogOf& log : logs_) {
    log.due = log.silent_since = Instant::never();
    if (log.log == nullptr) continue;
    // What it was about to do is done, half done, or not.
    const std::uint64_t how = rng_.below(3);
    if (how == 1) disk_.fail_in(0, SimDisk::Operation::any, ErrorCode::ok);
    if (how == 2) disk_.fail_in(1 + rng_.below(4), SimDisk::Operation::any, ErrorCode::io_error);
    if (how > 0) static_cast<void>(log.log->step());
    log.log.reset();
  }
  for (LogOf& log : logs_) log.chunks.reset();
  next_.reset();
  directory_.reset();
  const bool is_power_cut = choices_.is_synced && rng_.chance(2, 3);
  if (is_power_cut) ++totals_.power_cuts;
  disk_.crash(rng_, is_power_cut ? SimDisk::Cut::power : SimDisk::Cut::process);
}

bool DiskLogs::is_idle() const {
  return std::ranges::all_of(logs_, [](const LogOf& log) {
    return log.log == nullptr ||
           (log.log->pending_bytes() == 0 && !log.log->has_requests() && !log.log->has_answers());
  });
}

store::Checked<DiskLogs::Reading> DiskLogs::read(std::uint16_t shard) {
  Reading reading;
  Trace digest;
  auto end = store::read_log(disk_, directory_->place_of(shard),
                             [&](const store::Batch& batch) -> Result<void> {
                               digest.add(batch.records);
                               reading.digests.push_back(digest.hash());
                               return {};
                             });
  if (!end) return std::unexpected(end.error());
  reading.end = std::move(*end);
  return reading;
}

// A bit of a log that was written is another one: what is read is the same, or it is refused, with
// the name of the file. Of the last commit alone nobody can tell damage from a crash.
void DiskLogs::check_damage(std::uint16_t shard) {
  const auto before = read(shard);
  if (!before || before->end.spans.empty()) return;
  const auto& span = before->end.spans[rng_.below(before->end.spans.size())];
  const bool is_last = span.number == before->end.spans.back().number;
  const std::string path = directory_->place_of(shard).path_of(span.number);
  std::vector<std::uint8_t>* bytes = disk_.bytes_of(path);
  const std::size_t used = is_last ? static_cast<std::size_t>(before->end.offset) : bytes->size();
  if (used <= store::block_bytes) return;
  const std::size_t at = store::block_bytes + rng_.below(used - store::block_bytes);
  const auto mask = static_cast<std::uint8_t>(1U << rng_.below(8));
  (*bytes)[at] ^= mask;
  ++totals_.bit_flips;
  const auto after = read(shard);
  (*bytes)[at] ^= mask;
  if (!after) {
    ++totals_.bit_flips_refused;
    if (after.error().kind == store::Problem::Kind::disk) return;
    if (!after.error().text.contains(path))
      problem_ = "it is not said where: " + after.error().text;
    return;
  }
  const LogOf& log = logs_[shard];
  const store::Position sure = before->end.next > log.answered ? log.answered : log.last_begun;
  const std::size_t count = after->digests.size();
  const bool is_prefix = count <= before->digests.size() &&
                         (count == 0 || after->digests.back() == before->digests[count - 1]);
  if (!is_prefix || (count < before->digests.size() && after->end.next < sure))
    problem_ = "byte " + std::to_string(at) + " of " + path + " was damaged, and nobody noticed";
}

}  // namespace sluice::sim
