// SPDX-License-Identifier: Apache-2.0
//
// RingMailer is a shard's end of the rings to and from the other shards: mail that it writes goes
// into the ring of its pair, or, while that is full, behind it in an overflow list; mail that came
// is handed to a visitor in order. A record too large for any ring goes as a pointer to memory of
// its own.
//
// Owner:   a Turn.       Thread: its shard's. The rings are shared with one other thread each.
// Never:   blocks; reorders a pair's mail.
// Limits:  server.ring_bytes, server.ring_overflow_bytes_max: beyond it is_congested(), and the
//          shard stops taking publishes.
#pragma once

#include "base/spsc_ring.h"
#include "core/shard/mailer.h"
#include "server/metrics.h"

#include <algorithm>
#include <atomic>
#include <bit>
#include <cstdint>
#include <cstring>
#include <deque>
#include <limits>
#include <memory>
#include <span>
#include <vector>

namespace sluice::server {

/// The rings of a process: one for each ordered pair of shards.
class RingMatrix {
 public:
  RingMatrix(std::uint16_t shards, std::size_t ring_bytes);
  ~RingMatrix();

  SpscRing& ring(core::ShardIndex from, core::ShardIndex to) {
    return *rings_[std::size_t{core::index_of(from)} * shards_ + core::index_of(to)];
  }
  std::uint16_t shards() const { return shards_; }
  /// The number of the flush to come, of any shard. Mail carries it as it was when the mail was
  /// written, so that mail which was shown before other mail was written has a smaller one.
  std::uint64_t order() const { return order_.load(std::memory_order_acquire); }
  void note_flush() { order_.fetch_add(1, std::memory_order_acq_rel); }

 private:
  alignas(64) std::atomic<std::uint64_t> order_{1};
  std::uint16_t shards_;
  std::vector<std::unique_ptr<SpscRing>> rings_;
};

class RingMailer final : public core::Mailer {
 public:
  /// The kind of a record that is only a pointer to its bytes, and those bytes, now in `storage`.
  static constexpr std::uint8_t boxed = 0xff;
  static ByteView unbox(ByteView record, std::unique_ptr<std::vector<std::uint8_t>>& storage);

  RingMailer(RingMatrix& rings, core::ShardIndex self, std::size_t overflow_bytes_max,
             ServerMetrics& metrics);
  ~RingMailer() override;

  MutableByteView reserve(core::ShardIndex target, std::size_t size) override;
  bool is_congested() const override { return congested_ > 0; }
  bool is_congested_to(core::ShardIndex target) const override {
    return targets_[core::index_of(target)].is_congested;
  }

  /// Shows the turn's mail to the others; bit n of the result: shard n should be woken.
  std::uint64_t flush();
  /// visit(ShardIndex from, ByteView record) for all mail that has arrived; true if there was any.
  /// Mail of different shards comes in the order in which a client could have caused it: what was
  /// shown before other mail was written comes before it.
  template <class Visitor>
  bool receive(Visitor&& visit);
  /// True if some shard has shown mail since receive(), maybe to another.
  bool may_have_mail() const { return rings_.order() != received_to_; }
  /// True while mail waits for room in a ring: flush() again soon.
  bool has_overflow() const { return overflow_bytes_ > 0; }

 private:
  struct Target {
    std::deque<std::vector<std::uint8_t>> overflow;
    std::size_t overflow_bytes = 0;
    std::uint8_t* reserved = nullptr;  // a record of the ring that awaits commit()
    std::uint64_t order = 0;           // its
    bool is_congested = false;
  };

  /// In the seven bytes behind the kind, which the codec of mail leaves free.
  static std::uint64_t order_of(ByteView record) {
    static_assert(std::endian::native == std::endian::little);
    std::uint64_t word = 0;
    std::memcpy(&word, record.data(), sizeof word);
    return word >> 8;
  }
  void commit(SpscRing& ring, Target& target);
  void drain_overflow(core::ShardIndex to, Target& target);
  void note_overflow(Target& target);

  RingMatrix& rings_;
  core::ShardIndex self_;
  std::size_t overflow_bytes_max_;
  ServerMetrics& metrics_;
  std::vector<Target> targets_;
  std::size_t overflow_bytes_ = 0;
  std::uint64_t received_to_ = 0;
  std::uint32_t congested_ = 0;
};

template <class Visitor>
bool RingMailer::receive(Visitor&& visit) {
  constexpr std::uint64_t none = std::numeric_limits<std::uint64_t>::max();
  // Mail shown later waits for the next turn, however fast the others write: so this ends, and mail
  // that it could come before is all there.
  received_to_ = rings_.order();
  bool is_any = false;
  while (true) {
    std::uint64_t least = none;
    std::uint64_t next = none;
    core::ShardIndex from{};
    for (std::uint16_t i = 0; i < rings_.shards(); ++i) {
      if (core::ShardIndex{i} == self_) continue;
      const ByteView record = rings_.ring(core::ShardIndex{i}, self_).front();
      const std::uint64_t order = record.empty() ? none : order_of(record);
      next = std::min(next, std::max(order, least));
      if (order < least) from = core::ShardIndex{i};
      least = std::min(least, order);
    }
    if (least >= received_to_) break;
    is_any = true;
    SpscRing& ring = rings_.ring(from, self_);
    const std::uint64_t end = next < received_to_ ? next + 1 : received_to_;
    for (ByteView record = ring.front(); !record.empty() && order_of(record) < end;
         record = ring.front()) {
      ++metrics_.ring_records_received;
      std::unique_ptr<std::vector<std::uint8_t>> storage;
      visit(from, record[0] == boxed ? unbox(record, storage) : record);
      ring.pop();
    }
    ring.release();
  }
  return is_any;
}

}  // namespace sluice::server
