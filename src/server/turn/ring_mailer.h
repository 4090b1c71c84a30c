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

#include <cstdint>
#include <deque>
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

 private:
  std::uint16_t shards_;
  std::vector<std::unique_ptr<SpscRing>> rings_;
};

class RingMailer final : public core::Mailer {
 public:
  RingMailer(RingMatrix& rings, core::ShardIndex self, std::size_t overflow_bytes_max,
             ServerMetrics& metrics);
  ~RingMailer() override;

  MutableByteView reserve(core::ShardIndex target, std::size_t size) override;
  bool is_congested() const override { return congested_ > 0; }

  /// Shows the turn's mail to the others; bit n of the result: shard n should be woken.
  std::uint64_t flush();
  /// visit(ShardIndex from, ByteView record) for all mail that has arrived; true if there was any.
  template <class Visitor>
  bool receive(Visitor&& visit);
  /// True while mail waits for room in a ring: flush() again soon.
  bool has_overflow() const { return overflow_bytes_ > 0; }

 private:
  struct Target {
    std::deque<std::vector<std::uint8_t>> overflow;
    std::size_t overflow_bytes = 0;
    bool is_reserved = false;  // a record of the ring awaits commit()
    bool is_congested = false;
  };

  static constexpr std::uint8_t boxed = 0xff;  // a record that is a pointer to its bytes

  void drain_overflow(core::ShardIndex to, Target& target);
  void note_overflow(Target& target);
  static ByteView unbox(ByteView record, std::unique_ptr<std::vector<std::uint8_t>>& storage);

  RingMatrix& rings_;
  core::ShardIndex self_;
  std::size_t overflow_bytes_max_;
  ServerMetrics& metrics_;
  std::vector<Target> targets_;
  std::size_t overflow_bytes_ = 0;
  std::uint32_t congested_ = 0;
};

template <class Visitor>
bool RingMailer::receive(Visitor&& visit) {
  bool is_any = false;
  for (std::uint16_t i = 0; i < rings_.shards(); ++i) {
    const core::ShardIndex from{i};
    if (from == self_) continue;
    SpscRing& ring = rings_.ring(from, self_);
    // What was there when we began fits the ring: no more than that, however fast the other writes.
    std::size_t bytes = 0;
    for (ByteView record = ring.front(); !record.empty() && bytes < ring.capacity();
         record = ring.front()) {
      is_any = true;
      bytes += record.size();
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
