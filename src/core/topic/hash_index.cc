// SPDX-License-Identifier: Apache-2.0
#include "core/topic/hash_index.h"

#include <utility>

namespace sluice::core::topic {

void HashIndex::put(Segment& segment, Place place) {
  std::uint32_t i = place.hash & segment.mask;
  while (segment.places[i].value != absent) i = (i + 1) & segment.mask;
  segment.places[i] = place;
}

void HashIndex::resize(Segment& segment, std::uint32_t places) {
  const std::uint32_t old_places = segment.places != nullptr ? segment.mask + 1 : 0;
  const auto old = std::exchange(segment.places, std::make_unique<Place[]>(places));
  segment.mask = places - 1;
  for (std::uint32_t i = 0; i < old_places; ++i)
    if (old[i].value != absent) put(segment, old[i]);
  bytes_ += (std::size_t{places} - old_places) * sizeof(Place);
}

void HashIndex::insert(std::uint32_t hash, std::uint32_t value) {
  SLUICE_ASSERT(value != absent);
  Segment& segment = segment_of(hash);
  if (segment.places == nullptr) {
    resize(segment, places_min);
  } else if (std::uint64_t{segment.size + 1} * 5 > (std::uint64_t{segment.mask} + 1) * 4) {
    SLUICE_ASSERT(segment.mask < 1U << 30);
    resize(segment, (segment.mask + 1) * 2);
  }
  put(segment, {hash, value});
  ++segment.size;
  ++size_;
}

void HashIndex::erase(std::uint32_t hash, std::uint32_t value) {
  Segment& segment = segment_of(hash);
  SLUICE_ASSERT(segment.size > 0);
  std::uint32_t hole = hash & segment.mask;
  while (segment.places[hole].value != value || segment.places[hole].hash != hash) {
    SLUICE_ASSERT(segment.places[hole].value != absent);
    hole = (hole + 1) & segment.mask;
  }
  // Close the gap: whatever a probe would no longer reach moves into it.
  for (std::uint32_t i = (hole + 1) & segment.mask; segment.places[i].value != absent;
       i = (i + 1) & segment.mask) {
    const std::uint32_t home = segment.places[i].hash & segment.mask;
    if (((i - home) & segment.mask) < ((i - hole) & segment.mask)) continue;
    segment.places[hole] = segment.places[i];
    hole = i;
  }
  segment.places[hole] = {};
  --segment.size;
  --size_;
  const std::uint32_t places = segment.mask + 1;
  if (places > places_min && segment.size < places / 8) resize(segment, places / 2);
}

}  // namespace sluice::core::topic
