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
  std::uint64_t takeovers = 0;
  std::uint64_t goodbyes = 0;
  std::uint64_t losses = 0;
  std::uint64_t half_open = 0;
  std::uint64_t cut_streams = 0;
  std::uint64_t clogs = 0;
  std::uint64_t slow_reads = 0;
  std::uint64_t split_writes = 0;
  std::uint64_t late_mail = 0;
  std::uint64_t late_log = 0;
  std::uint64_t log_silences = 0;
  std::uint64_t shard_pauses = 0;
  std::uint64_t crashes = 0;
  std::uint64_t power_cuts = 0;
  std::uint64_t checkpoint_crashes = 0;
  std::uint64_t torn_commits = 0;
  std::uint64_t checkpoints = 0;
  std::uint64_t rearrangements = 0;
  std::uint64_t disk_errors = 0;
  std::uint64_t disks_full = 0;
  std::uint64_t bit_flips = 0;
  std::uint64_t bit_flips_refused = 0;
  std::uint64_t drops = 0;
  std::uint64_t chunks_written = 0;
  std::uint64_t chunks_read = 0;
  std::uint64_t chunks_refused = 0;

  void add(const Totals& other);
};

/// Name and value of each number, for printing.
template <class F>
void for_each_total(Totals& t, F&& f) {
  f("turns of a shard", t.turns);
  f("messages published, wills among them", t.publishes);
  f("messages delivered, the first time they were sent", t.deliveries);
  f("messages delivered again (DUP)", t.redeliveries);
  f("of the deliveries: retained messages", t.retained);
  f("of the deliveries: wills", t.wills);
  f("CONNECTs sent", t.connects);
  f("sessions resumed", t.resumed);
  f("sessions taken over from a connection that the broker still had", t.takeovers);
  f("connections ended by DISCONNECT", t.goodbyes);
  f("connections lost, the broker was told", t.losses);
  f("connections lost, the broker was not told", t.half_open);
  f("connections lost with bytes under way", t.cut_streams);
  f("clogged connections", t.clogs);
  f("clients that read slowly", t.slow_reads);
  f("writes that arrived in pieces", t.split_writes);
  f("late mail between shards", t.late_mail);
  f("late answers of the log", t.late_log);
  f("silences of the log", t.log_silences);
  f("pauses of a shard", t.shard_pauses);
  f("crashes of the broker", t.crashes);
  f("of the crashes: power cuts", t.power_cuts);
  f("of the crashes: while a checkpoint was being written", t.checkpoint_crashes);
  f("torn commits cut off at a start", t.torn_commits);
  f("checkpoints written", t.checkpoints);
  f("restarts with another number of shards", t.rearrangements);
  f("disk errors", t.disk_errors);
  f("full disks", t.disks_full);
  f("bits flipped in the log", t.bit_flips);
  f("of the flipped bits: refused (the others were of no consequence)", t.bit_flips_refused);
  f("messages dropped by limits", t.drops);
  f("parts of queues that left memory", t.chunks_written);
  f("parts of queues that came back", t.chunks_read);
  f("parts of queues that could not leave", t.chunks_refused);
}

inline void Totals::add(const Totals& other) {
  Totals copy = other;
  std::uint64_t values[64];
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
