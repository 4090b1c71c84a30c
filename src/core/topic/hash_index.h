// SPDX-License-Identifier: Apache-2.0
//
// A HashIndex finds record numbers by a 32-bit hash: eight bytes a place, linear probing, no
// tombstones. The caller compares the record, so equal hashes are no harm. It is cut into segments
// that grow one by one: no insertion ever moves more than a small part of the whole.
//
// Owner:   whoever holds it.     Thread: one.
// Never:   an order that could be seen: it has no iteration.
// Limits:  the caller's on records; no value may be 0xffffffff.
#pragma once

#include "base/assert.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace sluice::core::topic {

class HashIndex {
 public:
  static constexpr std::uint32_t absent = 0xffffffffU;

  HashIndex() = default;
  HashIndex(const HashIndex&) = delete;
  HashIndex& operator=(const HashIndex&) = delete;

  /// The same pair may not be inserted twice.
  void insert(std::uint32_t hash, std::uint32_t value);
  /// REQUIRES: the pair stands here.
  void erase(std::uint32_t hash, std::uint32_t value);

  /// The first value of this hash for which is_it(value), or `absent`.
  template <class IsIt>
  std::uint32_t find(std::uint32_t hash, IsIt&& is_it) const {
    const Segment& segment = segment_of(hash);
    if (segment.size == 0) return absent;
    for (std::uint32_t i = hash & segment.mask;; i = (i + 1) & segment.mask) {
      const Place place = segment.places[i];
      if (place.value == absent) return absent;
      if (place.hash == hash && is_it(place.value)) return place.value;
    }
  }
  /// Some value of this hash; for a look at the record before it is compared.
  std::uint32_t candidate(std::uint32_t hash) const {
    return find(hash, [](std::uint32_t) { return true; });
  }
  void prefetch(std::uint32_t hash) const {
    const Segment& segment = segment_of(hash);
    __builtin_prefetch(segment.places.get() + (hash & segment.mask));
  }

  std::size_t size() const { return size_; }
  std::size_t bytes() const { return bytes_; }

 private:
  static constexpr unsigned segment_bits = 6;
  static constexpr std::uint32_t places_min = 8;

  struct Place {
    std::uint32_t hash = 0;
    std::uint32_t value = absent;
  };
  struct Segment {
    std::unique_ptr<Place[]> places;
    std::uint32_t mask = 0;
    std::uint32_t size = 0;
  };

  Segment& segment_of(std::uint32_t hash) { return segments_[hash >> (32 - segment_bits)]; }
  const Segment& segment_of(std::uint32_t hash) const {
    return segments_[hash >> (32 - segment_bits)];
  }
  void resize(Segment& segment, std::uint32_t places);
  static void put(Segment& segment, Place place);

  std::array<Segment, std::size_t{1} << segment_bits> segments_;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace sluice::core::topic
