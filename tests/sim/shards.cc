// SPDX-License-Identifier: Apache-2.0
#include "tests/sim/shards.h"

#include <algorithm>

namespace sluice::sim {
namespace {

constexpr std::size_t calm_read_max = 65'536;

}  // namespace

using testing::MailQueue;
using testing::ShardDriver;

Shards::Shards(Rng& rng, const Choices& choices, Totals& totals, Trace& trace, Instant now)
    : rng_(rng),
      choices_(choices),
      totals_(totals),
      trace_(trace),
      placement_key_{rng.next(), rng.next()},
      rings_(std::size_t{choices.shards} * choices.shards),
      logs_(choices.shards),
      asleep_until_(choices.shards),
      server_rings_(choices.shards, choices.ring_bytes) {
  for (Ring& ring : rings_)
    ring.delay_max = Duration(static_cast<std::int64_t>(
        rng.below(static_cast<std::uint64_t>(choices.ring_delay_max.count()) + 1)));
  make_drivers(now);
}

void Shards::make_drivers(Instant now) {
  core::ShardSetup setup{.count = choices_.shards,
                         .placement_key = placement_key_,
                         .table_key = {rng_.next(), rng_.next()},
                         .has_log = choices_.has_log,
                         .census = &census_};
  for (std::uint16_t i = 0; i < choices_.shards; ++i) {
    setup.index = core::ShardIndex{i};
    if (choices_.has_server_turns)
      server_drivers_.push_back(
          std::make_unique<TurnDriver>(TurnDriver::Setup{.shard = setup,
                                                         .turn = choices_.turn,
                                                         .seed = rng_.next(),
                                                         .time_over_in = choices_.time_over_in},
                                       choices_.core, log_, server_rings_, now));
    else
      drivers_.push_back(std::make_unique<ShardDriver>(
          ShardDriver::Setup{.shard = setup,
                             .log_answers = choices_.has_log ? testing::LogAnswers::later
                                                             : testing::LogAnswers::at_once,
                             .seed = rng_.next()},
          choices_.core, log_, now));
  }
}

core::Shard& Shards::shard(std::uint16_t i) {
  return choices_.has_server_turns ? server_drivers_[i]->shard() : drivers_[i]->shard();
}

std::uint16_t Shards::home_of(std::string_view client_id) const {
  return static_cast<std::uint16_t>(siphash_2_4(placement_key_, as_bytes(client_id)) %
                                    choices_.shards);
}

void Shards::accept(testing::Socket& socket) {
  Peer peer;
  peer.kind = PeerKind::memory;
  peer.id = static_cast<std::uint32_t>(++sockets_);
  const std::uint64_t shard = rng_.below(choices_.shards);
  if (choices_.has_server_turns)
    server_drivers_[shard]->accept(socket, peer);
  else
    drivers_[shard]->open(socket,
                          {.socket = nullptr, .target = {}, .opened = {peer, {}, {}}, .bytes = {}});
}

void Shards::deliver_mail(std::uint16_t to, Instant now) {
  for (std::uint16_t from = 0; from < choices_.shards; ++from) {
    auto& entries = ring(from, to).entries;
    for (; !entries.empty() && entries.front().due <= now; entries.pop_front())
      drivers_[to]->deliver_mail(core::ShardIndex{from}, std::move(entries.front().record));
  }
}

void Shards::answer_log(std::uint16_t shard, Instant now, bool has_faults) {
  if (!choices_.has_log) return;
  LogOf& log = logs_[shard];
  if (has_faults && choices_.log_silence_in > 0 && log.silent_since.is_never() &&
      rng_.chance(1, choices_.log_silence_in)) {
    log.silent_since = now;
    log.silent_until = now + std::chrono::milliseconds(rng_.below(2'000));
    ++totals_.log_silences;
  }
  if (!log.silent_since.is_never() && log.silent_until > now) return;
  log.silent_since = Instant::never();
  for (; !log.due.empty() && log.due.front() <= now; log.due.pop_front())
    drivers_[shard]->answer_log(1);
}

void Shards::collect(std::uint16_t shard, Instant now, bool has_faults) {
  ShardDriver& driver = *drivers_[shard];
  for (std::uint16_t to = 0; to < choices_.shards; ++to) {
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
  LogOf& log = logs_[shard];
  while (log.due.size() < driver.waiting_log_batches()) {
    Instant due = now;
    if (has_faults && choices_.log_delay_max > Duration{} && rng_.chance(3, 4)) {
      due = now + Duration(static_cast<std::int64_t>(
                      rng_.below(static_cast<std::uint64_t>(choices_.log_delay_max.count()))));
      ++totals_.late_log;
    }
    log.due.push_back(log.due.empty() ? due : std::max(due, log.due.back()));
  }
}

void Shards::take_turn(std::uint16_t shard, Instant now, bool has_faults) {
  if (has_faults && asleep_until_[shard] > now) return;
  ShardDriver& driver = *drivers_[shard];
  answer_log(shard, now, has_faults);
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
  driver.turn(now, has_faults ? choices_.read_max : calm_read_max);
  for (server::HandOverLetter& letter : driver.hand_overs())
    server_drivers_[core::index_of(letter.target)]->adopt(std::move(letter));
  ++totals_.turns;
  trace_.add(static_cast<std::uint64_t>(now.ns) * 16 + shard);
  may_sleep(shard, now, has_faults);
}

void Shards::step(Instant now, bool has_faults) {
  const std::uint64_t rounds = 1 + rng_.below(3);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    const auto first = static_cast<std::uint16_t>(rng_.below(choices_.shards));
    for (std::uint16_t i = 0; i < choices_.shards; ++i) {
      const auto shard = static_cast<std::uint16_t>((first + i) % choices_.shards);
      if (choices_.has_server_turns)
        take_server_turn(shard, now, has_faults);
      else
        take_turn(shard, now, has_faults);
    }
  }
}

core::CoreMetrics Shards::totals_of_metrics() {
  core::CoreMetrics sum{};
  for (std::uint16_t i = 0; i < choices_.shards; ++i) {
    const core::CoreMetrics& m = shard(i).metrics();
    sum.queue_messages += m.queue_messages;
    sum.inflight_messages += m.inflight_messages;
    sum.messages_dropped_queue_messages_max += m.messages_dropped_queue_messages_max;
    sum.messages_dropped_queue_bytes_max += m.messages_dropped_queue_bytes_max;
    sum.messages_dropped_write_buffer_full += m.messages_dropped_write_buffer_full;
    sum.messages_dropped_maximum_packet_size += m.messages_dropped_maximum_packet_size;
    sum.messages_dropped_expired += m.messages_dropped_expired;
    sum.sessions_taken_over += m.sessions_taken_over;
    sum.sessions += m.sessions;
  }
  return sum;
}

bool Shards::is_drained() {
  if (choices_.has_server_turns)
    return std::ranges::none_of(server_drivers_,
                                [](const auto& driver) { return driver->has_work(); });
  for (const Ring& ring : rings_)
    if (!ring.entries.empty()) return false;
  for (std::uint16_t i = 0; i < choices_.shards; ++i)
    if (!logs_[i].due.empty() || drivers_[i]->waiting_log_batches() > 0) return false;
  return true;
}

}  // namespace sluice::sim
