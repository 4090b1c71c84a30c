// SPDX-License-Identifier: Apache-2.0
//
// A SpscRing carries records of any size from one producer to one consumer, without a lock and in
// order. Each record lies in one piece, 8-byte aligned; where it would cross the end of the buffer,
// a padding record fills the rest. A producer's records become visible together at flush(); the
// consumer gives their room back together at release(). Both ends may be the same thread (the
// simulator).
//
//   if (auto room = ring.try_push(size); !room.empty()) { fill(room); ring.commit(); }
//   if (ring.flush()) wakeup.signal();                             // once a turn
//   for (auto r = ring.front(); !r.empty(); r = ring.front()) { use(r); ring.pop(); }
//   ring.release();                                                // once a batch
//
// Owner:   whoever built the pair of ends.  Thread: one producer, one consumer.
// Never:   blocks, allocates after construction, moves a record.
// Limits:  capacity (a power of two); a record of at most record_bytes_max().
#pragma once

#include "base/bytes.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice {

class SpscRing {
 public:
  static constexpr std::size_t default_capacity = std::size_t{4} << 20;

  /// REQUIRES: capacity is a power of two, 64 B to 1 GiB.
  explicit SpscRing(std::size_t capacity = default_capacity);
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  std::size_t capacity() const { return mask_ + 1; }
  /// The largest record that an empty ring takes wherever its ends stand: a little under half.
  std::size_t record_bytes_max() const { return capacity() / 2 - header_bytes; }

  /// Producer: room for a record of `size` bytes, to be filled before commit(); empty if there is
  /// not enough now. Calling it again before commit() gives up the first room. REQUIRES: 0 < size
  /// <= record_bytes_max().
  MutableByteView try_push(std::size_t size);
  /// Producer: the room of the last try_push is a record. REQUIRES: there is one.
  void commit();
  /// Producer: shows all committed records to the consumer; false if there was none to show.
  bool flush();
  /// Producer: bytes committed and not yet released by the consumer (an upper bound).
  std::size_t used_bytes() const;

  /// Consumer: the oldest record, valid until release(); empty if there is none.
  ByteView front();
  /// Consumer: steps over the record of front(). REQUIRES: front() returned one.
  void pop();
  /// Consumer: gives the room of all popped records back to the producer.
  void release();

 private:
  static constexpr std::size_t header_bytes = 8;
  static constexpr std::size_t line_bytes = 64;

  std::uint8_t* at(std::uint64_t position) const { return bytes_.get() + (position & mask_); }

  const std::unique_ptr<std::uint8_t[]> bytes_;
  const std::size_t mask_;

  struct Producer {
    std::uint64_t written = 0;        ///< end of the committed records
    std::uint64_t reserved = 0;       ///< end of the room given out; 0 if none
    std::uint64_t shown = 0;          ///< what the consumer was last shown
    std::uint64_t released_seen = 0;  ///< the consumer's `released`, as last read
  };
  struct Consumer {
    std::uint64_t read = 0;        ///< start of the next record
    std::uint64_t returned = 0;    ///< what the producer was last given back
    std::uint64_t shown_seen = 0;  ///< the producer's `shown`, as last read
  };

  // Each on a cache line of its own: what one side writes often never disturbs the other.
  alignas(line_bytes) Producer producer_;
  alignas(line_bytes) Consumer consumer_;
  alignas(line_bytes) std::atomic<std::uint64_t> shown_{0};
  alignas(line_bytes) std::atomic<std::uint64_t> released_{0};
};

}  // namespace sluice
