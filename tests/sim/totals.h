// SPDX-License-Identifier: Apache-2.0
//
// Totals counts what a run has shown, each kind of fault by itself; Trace folds every event of a
// run into 64 bits, so that two runs of one seed can be told to be the same.
#pragma once

#include "base/bytes.h"
#include "base/time.h"

#include <cstdint>

namespace sluice::sim {

struct Totals {
  std::uint64_t turns = 0;
  std::uint64_t publishes = 0;
  std::uint64_t deliveries = 0;
  std::uint64_t redeliveries = 0;
  std::uint64_t retained = 0;
  std::uint64_t wills = 0;
  std::uint64_t connects = 0;
  std::uint64_t resumed = 0;
  std::uint64_t takeovers = 0;  ///< a new connection while the broker still had the old one
  std::uint64_t goodbyes = 0;
  std::uint64_t losses = 0;       ///< the peer was told
  std::uint64_t half_open = 0;    ///< the peer was not told
  std::uint64_t cut_streams = 0;  ///< bytes under way were lost with the connection
  std::uint64_t clogs = 0;
  std::uint64_t slow_reads = 0;
  std::uint64_t split_writes = 0;
  std::uint64_t late_mail = 0;
  std::uint64_t late_log = 0;
  std::uint64_t log_silences = 0;
  std::uint64_t shard_pauses = 0;
  std::uint64_t crashes = 0;
  std::uint64_t power_cuts = 0;    ///< of them, those that took what was not synced
  std::uint64_t torn_commits = 0;  ///< found, and cut off, at a start
  std::uint64_t disk_errors = 0;
  std::uint64_t disks_full = 0;
  std::uint64_t bit_flips = 0;
  std::uint64_t bit_flips_refused = 0;  ///< the others were of no consequence
  std::uint64_t drops = 0;              ///< by limits, as the broker counts them

  void add(const Totals& other);
};

/// Name and value of each number, for printing.
template <class F>
void for_each_total(Totals& t, F&& f) {
  f("turns", t.turns), f("publishes", t.publishes), f("deliveries", t.deliveries);
  f("redeliveries", t.redeliveries), f("retained", t.retained), f("wills", t.wills);
  f("connects", t.connects), f("resumed", t.resumed), f("takeovers", t.takeovers);
  f("goodbyes", t.goodbyes), f("losses", t.losses), f("half_open", t.half_open);
  f("cut_streams", t.cut_streams), f("clogs", t.clogs), f("slow_reads", t.slow_reads);
  f("split_writes", t.split_writes), f("late_mail", t.late_mail), f("late_log", t.late_log);
  f("log_silences", t.log_silences), f("shard_pauses", t.shard_pauses), f("crashes", t.crashes);
  f("power_cuts", t.power_cuts), f("torn_commits", t.torn_commits);
  f("disk_errors", t.disk_errors), f("disks_full", t.disks_full);
  f("bit_flips", t.bit_flips), f("bit_flips_refused", t.bit_flips_refused);
  f("drops", t.drops);
}

inline void Totals::add(const Totals& other) {
  Totals copy = other;
  std::uint64_t values[32];
  std::size_t count = 0;
  for_each_total(copy, [&](const char*, std::uint64_t& value) { values[count++] = value; });
  count = 0;
  for_each_total(*this, [&](const char*, std::uint64_t& value) { value += values[count++]; });
}

class Trace {
 public:
  void add(std::uint64_t value) {
    hash_ = (hash_ ^ value) * 0x9e3779b97f4a7c15U;
    hash_ ^= hash_ >> 29;
  }
  void add(ByteView bytes) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3U;
    add(hash);
  }
  std::uint64_t hash() const { return hash_; }

 private:
  std::uint64_t hash_ = 0x51;
};

}  // namespace sluice::sim
