// SPDX-License-Identifier: Apache-2.0
#include "base/spsc_ring.h"

#include "base/rng.h"
#include "os/thread.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <thread>
#include <vector>

namespace sluice {
namespace {

bool push(SpscRing& ring, std::size_t size, std::uint8_t fill) {
  const MutableByteView room = ring.try_push(size);
  if (room.empty()) return false;
  std::ranges::fill(room, fill);
  ring.commit();
  return true;
}

bool is_filled_with(ByteView record, std::size_t size, std::uint8_t fill) {
  return record.size() == size &&
         std::ranges::all_of(record, [fill](std::uint8_t byte) { return byte == fill; });
}

TEST(SpscRing, ShowsRecordsOnlyAfterFlush) {
  SpscRing ring(1024);
  ASSERT_TRUE(push(ring, 5, 1));
  ASSERT_TRUE(push(ring, 9, 2));
  EXPECT_TRUE(ring.front().empty());
  EXPECT_TRUE(ring.flush());
  EXPECT_TRUE(is_filled_with(ring.front(), 5, 1));
  ring.pop();
  EXPECT_TRUE(is_filled_with(ring.front(), 9, 2));
  ring.pop();
  EXPECT_TRUE(ring.front().empty());
}

TEST(SpscRing, SaysWhetherThereWasSomethingToShow) {
  SpscRing ring(1024);
  EXPECT_FALSE(ring.flush());
  ASSERT_TRUE(push(ring, 1, 1));
  EXPECT_TRUE(ring.flush());
  EXPECT_FALSE(ring.flush());
}

TEST(SpscRing, DoesNotCarryARecordThatWasNotCommitted) {
  SpscRing ring(1024);
  ASSERT_FALSE(ring.try_push(100).empty());
  ASSERT_TRUE(push(ring, 3, 7));
  ring.flush();
  EXPECT_TRUE(is_filled_with(ring.front(), 3, 7));
  ring.pop();
  EXPECT_TRUE(ring.front().empty());
}

TEST(SpscRing, GivesRoomBackOnlyAtRelease) {
  SpscRing ring(64);
  ASSERT_TRUE(push(ring, 24, 1));
  ASSERT_TRUE(push(ring, 24, 2));
  EXPECT_FALSE(push(ring, 1, 3));
  ring.flush();
  ASSERT_FALSE(ring.front().empty());
  ring.pop();
  EXPECT_FALSE(push(ring, 1, 3)) << "popped, but still readable until released";
  ring.release();
  EXPECT_TRUE(push(ring, 24, 3));
}

TEST(SpscRing, TakesTheLargestRecordWhereverItsEndsStand) {
  SpscRing ring(256);
  for (std::size_t offset = 0; offset < 256; offset += 8) {
    const std::size_t largest = ring.record_bytes_max();
    ASSERT_TRUE(push(ring, largest, 9)) << "at offset " << offset;
    ring.flush();
    ASSERT_TRUE(is_filled_with(ring.front(), largest, 9));
    ring.pop();
    ring.release();
    ASSERT_TRUE(push(ring, 8, 1));  // moves both ends on by a step
    ring.flush();
    ASSERT_FALSE(ring.front().empty());
    ring.pop();
    ring.release();
  }
}

TEST(SpscRing, AlignsEveryRecord) {
  SpscRing ring(1024);
  for (std::size_t size = 1; size < 200; ++size) {
    const MutableByteView room = ring.try_push(size);
    ASSERT_FALSE(room.empty());
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(room.data()) % 8, 0U);
    ring.commit();
    ring.flush();
    ASSERT_EQ(ring.front().size(), size);
    ring.pop();
    ring.release();
  }
}

TEST(SpscRing, BehavesAsAQueueUnderRandomUse) {
  Rng rng(20);
  SpscRing ring(512);
  std::deque<std::pair<std::size_t, std::uint8_t>> model;
  std::size_t shown = 0;
  std::size_t delivered = 0;
  for (int step = 0; step < 200'000; ++step) {
    const auto size = static_cast<std::size_t>(1 + rng.below(ring.record_bytes_max()));
    const auto fill = static_cast<std::uint8_t>(rng.below(256));
    switch (rng.below(4)) {
      case 0:
        if (push(ring, size, fill)) model.emplace_back(size, fill);
        break;
      case 1:
        ring.flush();
        shown = model.size();
        break;
      case 2:
        ring.release();
        break;
      default:
        ASSERT_EQ(ring.front().empty(), shown == 0);
        if (shown == 0) break;
        ASSERT_TRUE(is_filled_with(ring.front(), model.front().first, model.front().second));
        ring.pop();
        model.pop_front();
        --shown;
        ++delivered;
    }
  }
  EXPECT_GT(delivered, 10'000U);
}

/// Record n holds its number in 8 bytes, then 0 to 99 bytes of its low byte.
std::size_t size_of_record(std::uint64_t number) { return 8 + number * 2654435761 % 100; }

void produce(SpscRing& ring, std::uint64_t count) {
  for (std::uint64_t number = 0; number < count;) {
    const MutableByteView room = ring.try_push(size_of_record(number));
    if (room.empty()) {
      ring.flush();
      std::this_thread::yield();
      continue;
    }
    std::memcpy(room.data(), &number, sizeof number);
    std::ranges::fill(room.subspan(8), static_cast<std::uint8_t>(number));
    ring.commit();
    if (number % 7 == 0) ring.flush();
    ++number;
  }
  ring.flush();
}

/// The number of the first record that is wrong, or `count`.
std::uint64_t consume(SpscRing& ring, std::uint64_t count) {
  for (std::uint64_t number = 0; number < count;) {
    const ByteView record = ring.front();
    if (record.empty()) {
      ring.release();
      std::this_thread::yield();
      continue;
    }
    std::uint64_t found = 0;
    if (record.size() != size_of_record(number)) return number;
    std::memcpy(&found, record.data(), sizeof found);
    if (found != number) return number;
    if (!is_filled_with(record.subspan(8), record.size() - 8, static_cast<std::uint8_t>(number)))
      return number;
    ring.pop();
    ++number;
  }
  ring.release();
  return count;
}

TEST(SpscRing, CarriesAMillionRecordsBetweenTwoThreadsInOrder) {
  constexpr std::uint64_t count = 1'000'000;
  SpscRing ring(65536);
  auto producer = os::Thread::start("producer", [&ring] { produce(ring, count); });
  ASSERT_TRUE(producer.has_value());
  const std::uint64_t right = consume(ring, count);
  // A wrong record must fail the test, not leave the producer waiting for room.
  for (std::uint64_t number = right; number < count;) {
    if (!ring.front().empty()) {
      ring.pop();
      ++number;
    }
    ring.release();
  }
  producer->join();
  EXPECT_EQ(right, count);
}

}  // namespace
}  // namespace sluice
