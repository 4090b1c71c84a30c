// SPDX-License-Identifier: Apache-2.0
#include "server/turn/ring_mailer.h"

#include "base/assert.h"
#include "core/shard/mail_codec.h"

#include <algorithm>
#include <cstring>

namespace sluice::server {
namespace {

using Box = std::vector<std::uint8_t>*;
constexpr std::size_t boxed_bytes = 8 + sizeof(Box);

}  // namespace

RingMatrix::RingMatrix(std::uint16_t shards, std::size_t ring_bytes) : shards_(shards) {
  rings_.resize(std::size_t{shards} * shards);
  for (std::uint16_t from = 0; from < shards; ++from)
    for (std::uint16_t to = 0; to < shards; ++to)
      if (from != to)
        rings_[std::size_t{from} * shards + to] = std::make_unique<SpscRing>(ring_bytes);
}

// After the threads have ended: what nobody took still holds memory.
RingMatrix::~RingMatrix() {
  for (const auto& ring : rings_) {
    if (!ring) continue;
    ring->flush();
    for (ByteView record = ring->front(); !record.empty(); record = ring->front()) {
      std::unique_ptr<std::vector<std::uint8_t>> storage;
      const bool is_boxed = record[0] == RingMailer::boxed;
      core::mail::discard(is_boxed ? RingMailer::unbox(record, storage) : record);
      ring->pop();
    }
  }
}

RingMailer::RingMailer(RingMatrix& rings, core::ShardIndex self, std::size_t overflow_bytes_max,
                       ServerMetrics& metrics)
    : rings_(rings),
      self_(self),
      overflow_bytes_max_(overflow_bytes_max),
      metrics_(metrics),
      targets_(rings.shards()) {}

RingMailer::~RingMailer() {
  for (Target& target : targets_)
    for (const auto& record : target.overflow) core::mail::discard(record);
}

MutableByteView RingMailer::reserve(core::ShardIndex to, std::size_t size) {
  Target& target = targets_[core::index_of(to)];
  SpscRing& ring = rings_.ring(self_, to);
  commit(ring, target);
  ++metrics_.ring_records_sent;
  metrics_.ring_bytes_sent += size;
  if (target.overflow.empty() && size <= ring.record_bytes_max()) {
    const MutableByteView room = ring.try_push(size);
    if (!room.empty()) {
      target.reserved = room.data();
      target.order = rings_.order();
      return room;
    }
  }
  ++metrics_.ring_overflows;
  target.overflow.emplace_back(size);
  target.overflow_bytes += size;
  overflow_bytes_ += size;
  note_overflow(target);
  return target.overflow.back();
}

void RingMailer::commit(SpscRing& ring, Target& target) {
  if (target.reserved == nullptr) return;
  const std::uint64_t word = target.order << 8 | target.reserved[0];
  std::memcpy(target.reserved, &word, sizeof word);
  ring.commit();
  target.reserved = nullptr;
}

void RingMailer::note_overflow(Target& target) {
  const bool is_congested = target.overflow_bytes > overflow_bytes_max_;
  if (is_congested == target.is_congested) return;
  target.is_congested = is_congested;
  congested_ = is_congested ? congested_ + 1 : congested_ - 1;
}

void RingMailer::drain_overflow(core::ShardIndex to, Target& target) {
  SpscRing& ring = rings_.ring(self_, to);
  while (!target.overflow.empty()) {
    std::vector<std::uint8_t>& record = target.overflow.front();
    const std::size_t size = record.size();
    const bool is_boxed = size > ring.record_bytes_max();
    const MutableByteView room = ring.try_push(is_boxed ? boxed_bytes : size);
    if (room.empty()) break;
    if (is_boxed) {
      std::memset(room.data(), 0, 8);
      room[0] = boxed;
      const Box box = std::make_unique<std::vector<std::uint8_t>>(std::move(record)).release();
      std::memcpy(room.data() + 8, &box, sizeof box);
    } else {
      std::memcpy(room.data(), record.data(), size);
    }
    target.reserved = room.data();
    target.order = rings_.order();
    commit(ring, target);
    target.overflow.pop_front();
    target.overflow_bytes -= size;
    overflow_bytes_ -= size;
  }
  note_overflow(target);
}

ByteView RingMailer::unbox(ByteView record, std::unique_ptr<std::vector<std::uint8_t>>& storage) {
  SLUICE_ASSERT(record.size() == boxed_bytes);
  Box box = nullptr;
  std::memcpy(&box, record.data() + 8, sizeof box);
  storage.reset(box);
  return *storage;
}

std::uint64_t RingMailer::flush() {
  std::uint64_t to_wake = 0;
  for (std::uint16_t i = 0; i < targets_.size(); ++i) {
    const core::ShardIndex to{i};
    if (to == self_) continue;
    Target& target = targets_[i];
    SpscRing& ring = rings_.ring(self_, to);
    commit(ring, target);
    if (!target.overflow.empty()) drain_overflow(to, target);
    if (ring.flush()) to_wake |= std::uint64_t{1} << i;
  }
  if (to_wake != 0) rings_.note_flush();
  metrics_.ring_overflow_bytes = overflow_bytes_;
  return to_wake;
}

}  // namespace sluice::server
