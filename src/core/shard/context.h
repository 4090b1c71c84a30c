// SPDX-License-Identifier: Apache-2.0
//
// Context is one shard's share of everything, in one place: what it was given at birth, its state,
// and the small pieces that the parts of the shard (handshake, delivery, routing) share. The parts
// hold a reference to it and no state of their own beside it, unless their header says so.
//
// Owner:   Shard (exactly one).      Thread: its shard's.
#pragma once

#include "base/log.h"
#include "base/rng.h"
#include "base/siphash.h"
#include "base/time.h"
#include "core/access/access.h"
#include "core/connection/connection.h"
#include "core/shard/census.h"
#include "core/shard/durability_rules.h"
#include "core/shard/effects.h"
#include "core/shard/journal.h"
#include "core/shard/mailer.h"
#include "core/shard/metrics.h"
#include "core/shard/options.h"
#include "core/state/checkpoint.h"
#include "core/state/chunk_store.h"
#include "core/state/record_writer.h"
#include "core/state/spill_rules.h"
#include "core/state/state.h"
#include "core/timer/timer_wheel.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace sluice::core {

/// What a shard is told once, at its birth.
struct ShardSetup {
  ShardIndex index{};
  std::uint16_t count = 1;  ///< shards of the process
  HashKey placement_key;    ///< client id to shard, topic to the shard of its retained message
  HashKey table_key;        ///< hash tables in memory
  bool has_log = false;     ///< whether records are kept beyond the process
  LogClock log_clock{};     ///< of this run of the log
  /// Keeps the middle of long queues while the shard is restored; null: all stay in memory, then
  /// and in turns.
  ChunkStore* chunks = nullptr;
  Census* census = nullptr;                     ///< of all shards; null: this is the only one
  Accounts* accounts = nullptr;                 ///< of all users; null: there are no quotas
  const DurabilityRules* durability = nullptr;  ///< of topics; null: there are none
};

/// TimerKind values of the core; the payload is what stands behind.
inline constexpr TimerKind timer_connection{0};      ///< ConnId
inline constexpr TimerKind timer_session_expiry{1};  ///< SessionSlot, generation
inline constexpr TimerKind timer_will{2};            ///< SessionSlot, generation
inline constexpr TimerKind timer_sys{3};
inline constexpr TimerKind timer_rate{4};  ///< ConnId
inline constexpr TimerKind timer_memory{5};

constexpr std::uint64_t pack(ConnId id) { return std::uint64_t{id.generation} << 32 | id.slot; }
constexpr ConnId unpack_conn(std::uint64_t value) {
  return {static_cast<std::uint32_t>(value), static_cast<std::uint32_t>(value >> 32)};
}
constexpr std::uint64_t pack(SessionSlot slot, std::uint32_t generation) {
  return std::uint64_t{generation} << 32 | index_of(slot);
}

struct Context {
  Context(const ShardSetup& s, const CoreOptions& o, Rng& r, Log& l, Effects& e, Mailer& m,
          Instant start)
      : setup(s),
        options(o),
        rng(r),
        log(l),
        effects(e),
        mailer(m),
        state(s.table_key),
        records(state, s.log_clock),
        checkpoint(state, records),
        timers(start),
        now(start) {}

  const ShardSetup setup;
  const CoreOptions& options;
  Rng& rng;
  Log& log;
  Effects& effects;
  Mailer& mailer;
  State state;
  RecordWriter records;  // behind state: holds a message of it
  Checkpoint checkpoint;
  Connections connections;
  TimerWheel timers;
  Journal journal;
  CoreMetrics metrics;
  AccessSettings access;
  LocalCensus own_census;
  Census& census = setup.census != nullptr ? *setup.census : own_census;
  Instant now;
  bool is_memory_full = false;  ///< limits.memory_bytes_max is used up, or was and little is free
  bool is_memory_long_full = false;     ///< for limits.congestion_grace
  bool is_mail_long_congested = false;  ///< the same of the rings: QoS 0 is dropped for who is full
  bool is_holding = false;  ///< publishes of QoS 1 and 2, and what is to be retained, wait
  bool is_log_full =
      false;  ///< no new durable messages: the rest of the disk is for acknowledgements
  bool is_log_behind = false;         ///< too much waits for the disk: no durable messages for now
  bool has_volatile = false;          ///< there was a message that the log did not get
  bool has_client_rates = false;      ///< some rate of client.* is set
  std::uint32_t handshakes = 0;       ///< connections whose CONNECT has not been accepted
  std::uint64_t turn_deliveries = 0;  ///< since the turn began, for its bound

  /// Changes state by a record; of a session that outlives its connection, the change goes to the
  /// log too.
  template <class Record>
  decltype(auto) commit(const Record& record, bool is_durable) {
    if (is_durable) {
      journal.note_change();
      if (setup.has_log) records.write(record, now);
    }
    return state.apply(record);
  }

  /// The same for a change that may be lost with a crash: it goes with the next batch.
  template <class Record>
  decltype(auto) commit_in_passing(const Record& record) {
    if (setup.has_log) records.write(record, now);
    return state.apply(record);
  }

  /// Tells the census that this shard has `own` of it; returns what all shards have.
  std::uint64_t count_in(Counted kind, std::uint64_t own) {
    std::uint64_t& told = told_[static_cast<std::size_t>(kind)];
    const auto change = static_cast<std::int64_t>(own - told);
    told = own;
    return census.add(kind, change);
  }

  /// Of the options as they are now.
  SpillRules spill_rules() const {
    if (setup.chunks == nullptr) return {};
    return {static_cast<std::uint64_t>(options.session.queue_memory_messages),
            static_cast<std::uint64_t>(options.session.queue_memory_bytes)};
  }

  ShardIndex home_of(std::string_view client_id) const {
    return place(client_id, setup.placement_key);
  }
  /// The shard that keeps the retained message of a topic.
  ShardIndex owner_of(std::string_view topic) const {
    return place(topic, {setup.placement_key.k1, setup.placement_key.k0});
  }
  bool is_alone() const { return setup.count == 1; }
  /// By which accounts know the retained message of a topic.
  std::uint64_t retained_key(std::string_view topic) const {
    return siphash_1_3(setup.placement_key, as_bytes(topic));
  }
  /// It is gone, or was never kept.
  void forget_retained(std::string_view topic) {
    if (setup.accounts != nullptr) setup.accounts->forget(retained_key(topic));
  }

 private:
  std::array<std::uint64_t, counted_kinds> told_{};  // to the census, by count_in()

  ShardIndex place(std::string_view text, const HashKey& key) const {
    if (setup.count == 1) return ShardIndex{0};
    return ShardIndex{static_cast<std::uint16_t>(siphash_2_4(key, as_bytes(text)) % setup.count)};
  }
};

}  // namespace sluice::core
