// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/shards.h"

#include "core/state/state_mover.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::size_t calm_read_max = 65'536;
constexpr std::uint64_t no_bound = ~std::uint64_t{0};

}  // namespace

using testing::MailQueue;
using testing::ShardDriver;

Shards::Shards(Rng& rng, const Choices& choices, Totals& totals, Trace& trace, Instant now)
    : rng_(rng),
      choices_(choices),
      count_(choices.shards),
      totals_(totals),
      trace_(trace),
      placement_key_{rng.next(), rng.next()},
      rings_(std::size_t{Choices::shards_max} * Choices::shards_max),
      disk_logs_(rng, choices, totals, placement_key_),
      writes_left_(no_bound),
      asleep_until_(Choices::shards_max) {
  for (Ring& ring : rings_)
    ring.delay_max = Duration(static_cast<std::int64_t>(
        rng.below(static_cast<std::uint64_t>(choices.ring_delay_max.count()) + 1)));
  start(now, false);
}

core::ShardSetup Shards::setup(std::uint16_t index, std::uint16_t count, Instant now) {
  return {.index = core::ShardIndex{index},
          .count = count,
          .placement_key = placement_key_,
          .table_key = table_key_,
          .has_log = choices_.has_log,
          .log_clock = {now, WallTime{1'800'000'000'000'000'000} + (now - Instant{})},
          .chunks = choices_.has_log ? disk_logs_.chunks(index) : nullptr,
          .census = &census_};
}

void Shards::make_drivers(Instant now) {
  server_rings_ = std::make_unique<server::RingMatrix>(count_, choices_.ring_bytes);
  census_ = {};
  table_key_ = {rng_.next(), rng_.next()};
  for (std::uint16_t i = 0; i < count_; ++i) {
    if (choices_.has_server_turns)
      server_drivers_.push_back(
          std::make_unique<TurnDriver>(TurnDriver::Setup{.shard = setup(i, count_, now),
                                                         .turn = choices_.turn,
                                                         .seed = rng_.next(),
                                                         .time_over_in = choices_.time_over_in},
                                       choices_.core, log_, *server_rings_, now));
    else
      drivers_.push_back(std::make_unique<ShardDriver>(
          ShardDriver::Setup{.shard = setup(i, count_, now), .seed = rng_.next()}, choices_.core,
          log_, now));
  }
}

void Shards::use_log(std::uint16_t shard, store::ShardLog& log) {
  if (choices_.has_server_turns)
    server_drivers_[shard]->use_log(log);
  else
    drivers_[shard]->use_log(log);
}

// As the server does it: nobody connects before the shards have told each other what they found.
void Shards::begin_run(Instant now) {
  bool has_mail = false;
  for (const auto& driver : server_drivers_) has_mail |= driver->begin_run(now);
  while (has_mail) {
    has_mail = false;
    for (const auto& driver : server_drivers_) has_mail |= driver->run_once(now);
  }
  for (const auto& driver : drivers_) driver->begin_run(now);
  for (has_mail = !drivers_.empty(); has_mail;) {
    has_mail = false;
    for (std::uint16_t from = 0; from < drivers_.size(); ++from)
      for (std::uint16_t to = 0; to < drivers_.size(); ++to)
        for (MailQueue& outbox = drivers_[from]->outbox(to); !outbox.empty(); outbox.pop_front()) {
          drivers_[to]->deliver_mail(core::ShardIndex{from}, std::move(outbox.front()));
          has_mail = true;
        }
    for (const auto& driver : drivers_)
      if (has_mail) driver->turn(now, calm_read_max);
  }
}

void Shards::start(Instant now, bool has_faults) {
  if (!choices_.has_log) {
    make_drivers(now);
    is_running_ = true;
    return;
  }
  is_running_ = come_up(now, has_faults);
  if (is_running_) return;
  clear_drivers();
  disk_logs_.crash();
  down_until_ = now + 50ms;
}

bool Shards::come_up(Instant now, bool has_faults) {
  if (!disk_logs_.find(now, has_faults)) return false;
  count_ = disk_logs_.shards();
  if (choices_.changes_shards && has_faults && rng_.chance(2, 3) &&
      !rearrange(static_cast<std::uint16_t>(1 + rng_.below(Choices::shards_max)), now))
    return false;
  if (!disk_logs_.open_chunks()) return false;
  make_drivers(now);
  const auto restore = [this](std::uint16_t to, const store::Batch& batch) {
    return shard(to).restore(batch.records);
  };
  if (!disk_logs_.open(restore)) return false;
  for (std::uint16_t i = 0; i < count_; ++i) use_log(i, disk_logs_.log(i));
  begin_run(now);
  return true;
}

bool Shards::rearrange(std::uint16_t count, Instant now) {
  if (count == count_) return true;
  if (!disk_logs_.open_chunks()) return false;
  make_drivers(now);
  const auto restore = [this](std::uint16_t to, const store::Batch& batch) {
    return shard(to).restore(batch.records);
  };
  if (!disk_logs_.read_all(restore)) return false;
  std::vector<server::InstantLog> logs;
  for (std::uint16_t i = 0; i < count_; ++i) logs.emplace_back(*disk_logs_.chunks(i));
  for (std::uint16_t i = 0; i < count_; ++i) use_log(i, logs[i]);
  begin_run(now);
  core::LocalCensus census;
  core::ShardSetup knowing = setup(0, count, now);
  knowing.census = &census;
  knowing.chunks = nullptr;
  const ShardDriver sample({.shard = knowing}, choices_.core, log_, now);
  const core::Shard& knows = sample.shard();
  if (!disk_logs_.prepare(count, knowing.log_clock)) return false;
  core::StateMover mover(
      {.count = count,
       .home_of = [&knows](std::string_view client_id) { return knows.home_of(client_id); },
       .owner_of = [&knows](std::string_view topic) { return knows.owner_of(topic); }},
      table_key_,
      {.rules = {static_cast<std::uint64_t>(choices_.core.session.queue_memory_messages),
                 static_cast<std::uint64_t>(choices_.core.session.queue_memory_bytes)},
       .clock = knowing.log_clock,
       .stores = disk_logs_.next_chunks()});
  for (std::uint16_t i = 0; i < count_; ++i)
    if (const auto moved = mover.move(shard(i).state(), disk_logs_.chunks(i)); !moved)
      return disk_logs_.has_found(std::string("it cannot be moved: ") + moved.error().detail);
  if (disk_logs_.is_dead()) return false;
  if (!mover.lost().empty()) return disk_logs_.has_found("a part of a queue was not moved");
  const bool is_written = disk_logs_.move_to(mover, now);
  // Else all of it comes again.
  for (std::uint16_t i = 0; is_written && i < count_; ++i) add_counters(shard(i).metrics());
  clear_drivers();
  if (!is_written) return false;
  count_ = count;
  ++totals_.rearrangements;
  return true;
}

void Shards::add_counters(const core::CoreMetrics& m) {
  before_.messages_dropped_queue_messages_max += m.messages_dropped_queue_messages_max;
  before_.messages_dropped_queue_bytes_max += m.messages_dropped_queue_bytes_max;
  before_.messages_dropped_write_buffer_full += m.messages_dropped_write_buffer_full;
  before_.messages_dropped_maximum_packet_size += m.messages_dropped_maximum_packet_size;
  before_.messages_dropped_expired += m.messages_dropped_expired;
  before_.sessions_taken_over += m.sessions_taken_over;
  before_.queue_chunks_written += m.queue_chunks_written;
  before_.queue_chunks_read += m.queue_chunks_read;
  before_.queue_chunks_refused += m.queue_chunks_refused;
  before_.queue_chunks_unreadable += m.queue_chunks_unreadable;
}

void Shards::clear_drivers() {
  drivers_.clear();
  server_drivers_.clear();
  for (Ring& ring : rings_) ring.entries.clear();
  asleep_until_.assign(Choices::shards_max, {});
}

void Shards::crash(Instant now, bool has_faults) {
  // What one shard was about to do in this turn is done in part.
  writes_left_ = rng_.below(8);
  const auto busy = static_cast<std::uint16_t>(rng_.below(count_));
  if (has_faults && choices_.has_server_turns) take_server_turn(busy, now, has_faults);
  if (has_faults && !choices_.has_server_turns) take_turn(busy, now, has_faults);
  if (has_checkpoint()) ++totals_.checkpoint_crashes;
  for (const auto& driver : server_drivers_) totals_.checkpoints += driver->checkpoints();
  for (std::uint16_t i = 0; i < count_; ++i) add_counters(shard(i).metrics());
  clear_drivers();
  disk_logs_.crash();
  writes_left_ = no_bound;
  is_running_ = false;
  const auto down_max = static_cast<std::uint64_t>(choices_.down_max.count()) + 1;
  down_until_ = now + Duration(static_cast<std::int64_t>(rng_.below(down_max)));
  crash_again_until_ = rng_.chance(1, 4) ? down_until_ + 300ms : Instant{};
  ++totals_.crashes;
}

core::Shard& Shards::shard(std::uint16_t i) {
  return choices_.has_server_turns ? server_drivers_[i]->shard() : drivers_[i]->shard();
}

std::uint16_t Shards::home_of(std::string_view client_id) const {
  return static_cast<std::uint16_t>(siphash_2_4(placement_key_, as_bytes(client_id)) % count_);
}

void Shards::accept(testing::Socket& socket) {
  if (!is_running_) {
    socket.is_closed_by_broker = socket.is_released = true;
    return;
  }
  socket.writes_left = &writes_left_;
  Peer peer;
  peer.kind = PeerKind::memory;
  peer.id = static_cast<std::uint32_t>(++sockets_);
  const std::uint64_t shard = rng_.below(count_);
  if (choices_.has_server_turns)
    server_drivers_[shard]->accept(socket, peer);
  else
    drivers_[shard]->open(socket,
                          {.socket = nullptr, .target = {}, .opened = {peer, {}, {}}, .bytes = {}});
}

void Shards::deliver_mail(std::uint16_t to, Instant now) {
  for (std::uint16_t from = 0; from < count_; ++from) {
    auto& entries = ring(from, to).entries;
    for (; !entries.empty() && entries.front().due <= now; entries.pop_front())
      drivers_[to]->deliver_mail(core::ShardIndex{from}, std::move(entries.front().record));
  }
}

void Shards::collect(std::uint16_t shard, Instant now, bool has_faults) {
  ShardDriver& driver = *drivers_[shard];
  for (std::uint16_t to = 0; to < count_; ++to) {
    Ring& ring = this->ring(shard, to);
    MailQueue& outbox = driver.outbox(to);
    if (outbox.empty()) continue;
    // What a turn wrote becomes visible together.
    Instant due = now;
    if (has_faults && ring.delay_max > Duration{})
      due = now + Duration(static_cast<std::int64_t>(
                      rng_.below(static_cast<std::uint64_t>(ring.delay_max.count()))));
    if (!ring.entries.empty()) due = std::max(due, ring.entries.back().due);
    if (due > now) ++totals_.late_mail;
    for (; !outbox.empty(); outbox.pop_front())
      ring.entries.push_back({due, std::move(outbox.front())});
  }
  for (const auto& moving : driver.moving())
    drivers_[core::index_of(moving.target)]->open(*moving.socket, moving);
  driver.moving().clear();
}

void Shards::take_turn(std::uint16_t shard, Instant now, bool has_faults) {
  if (has_faults && asleep_until_[shard] > now) return;
  ShardDriver& driver = *drivers_[shard];
  deliver_mail(shard, now);
  if (!driver.has_work(now)) return;
  driver.rotate(rng_.below(64));
  driver.turn(now, has_faults ? choices_.read_max : calm_read_max);
  collect(shard, now, has_faults);
  ++totals_.turns;
  trace_.add(static_cast<std::uint64_t>(now.ns) * 16 + shard);
  may_sleep(shard, now, has_faults);
}

void Shards::may_sleep(std::uint16_t shard, Instant now, bool has_faults) {
  if (!has_faults || choices_.sleep_in == 0 || !rng_.chance(1, choices_.sleep_in)) return;
  asleep_until_[shard] = now + std::chrono::milliseconds(rng_.below(300));
  ++totals_.shard_pauses;
}

void Shards::take_server_turn(std::uint16_t shard, Instant now, bool has_faults) {
  if (has_faults && asleep_until_[shard] > now) return;
  TurnDriver& driver = *server_drivers_[shard];
  if (has_faults && choices_.checkpoint_in > 0 && rng_.chance(1, choices_.checkpoint_in))
    driver.ask_for_checkpoint();
  driver.turn(now, has_faults ? choices_.read_max : calm_read_max);
  for (server::HandOverLetter& letter : driver.hand_overs())
    server_drivers_[core::index_of(letter.target)]->adopt(std::move(letter));
  ++totals_.turns;
  trace_.add(static_cast<std::uint64_t>(now.ns) * 16 + shard);
  may_sleep(shard, now, has_faults);
}

void Shards::step(Instant now, bool has_faults) {
  if (!is_running_) {
    if (now >= down_until_ || !has_faults) start(now, has_faults);
    return;
  }
  const std::uint64_t rounds = 1 + rng_.below(3);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto first = static_cast<std::uint16_t>(rng_.below(count_));
    for (std::uint16_t i = 0; i < count_; ++i) {
      const auto shard = static_cast<std::uint16_t>((first + i) % count_);
      if (is_killed(shard, now, has_faults)) return crash(now, has_faults);
      if (choices_.has_server_turns)
        take_server_turn(shard, now, has_faults);
      else
        take_turn(shard, now, has_faults);
    }
  }
}

// Between the turns of any two shards; or the disk makes it end itself.
bool Shards::is_killed(std::uint16_t next, Instant now, bool has_faults) {
  if (!choices_.has_log) return false;
  // Rarely; but soon after a start, and while a checkpoint is being written.
  const std::uint64_t often = now < crash_again_until_ || has_checkpoint() ? 50 : 1;
  if (has_faults && choices_.crash_in > 0 && rng_.chance(1, choices_.crash_in * count_ * 2 / often))
    return true;
  return !disk_logs_.step(next, now, has_faults);
}

core::CoreMetrics Shards::totals_of_metrics() {
  core::CoreMetrics sum = before_;
  for (std::uint16_t i = 0; is_running_ && i < count_; ++i) {
    const core::CoreMetrics& m = shard(i).metrics();
    sum.queue_messages += m.queue_messages;
    sum.inflight_messages += m.inflight_messages;
    sum.messages_dropped_queue_messages_max += m.messages_dropped_queue_messages_max;
    sum.messages_dropped_queue_bytes_max += m.messages_dropped_queue_bytes_max;
    sum.messages_dropped_write_buffer_full += m.messages_dropped_write_buffer_full;
    sum.messages_dropped_maximum_packet_size += m.messages_dropped_maximum_packet_size;
    sum.messages_dropped_expired += m.messages_dropped_expired;
    sum.sessions_taken_over += m.sessions_taken_over;
    sum.queue_chunks_written += m.queue_chunks_written;
    sum.queue_chunks_read += m.queue_chunks_read;
    sum.queue_chunks_refused += m.queue_chunks_refused;
    sum.queue_chunks_unreadable += m.queue_chunks_unreadable;
    sum.sessions += m.sessions;
  }
  return sum;
}

bool Shards::has_checkpoint() const {
  return std::ranges::any_of(server_drivers_,
                             [](const auto& driver) { return driver->has_checkpoint(); });
}

bool Shards::is_drained() {
  if (!is_running_ || (choices_.has_log && !disk_logs_.is_idle())) return false;
  if (choices_.has_server_turns)
    return std::ranges::none_of(server_drivers_,
                                [](const auto& driver) { return driver->has_work(); });
  return std::ranges::all_of(rings_, [](const Ring& ring) { return ring.entries.empty(); });
}

}  // namespace sluice::sim
