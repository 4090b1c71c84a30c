// SPDX-License-Identifier: Apache-2.0
//
// What the machine takes from the heap once it is warm.
#include "tests/unit/client/counted_heap.h"
#include "tests/unit/client/scripted_server.h"

#include <gtest/gtest.h>

namespace sluice::client {
namespace {

constexpr int rounds = 10'000;
const std::vector<std::uint8_t> connack{0x20, 2, 0, 0};

/// How often the heap was asked while `round` ran many times, after it had run some times.
template <class Round>
std::uint64_t allocations_of(Round round) {
  for (int at = 0; at < 100; ++at) round();
  const std::uint64_t before = heap_requests();
  for (int at = 0; at < rounds; ++at) round();
  return heap_requests() - before;
}

class Warm : public ::testing::Test {
 protected:
  Warm() : machine_(options(), events_) {
    machine_.on_opened(Instant{});
    machine_.on_bytes(connack, Instant{});
    machine_.consume(machine_.output().size());
  }

  static MachineOptions options() {
    MachineOptions options;
    options.version = codec::Version::v3_1_1;
    return options;
  }

  NoClientEvents events_;
  ClientMachine machine_;
};

TEST_F(Warm, PublishingAtQos0TakesNothingFromTheHeap) {
  const codec::Publish publish = message("sensors/1/temperature", "21.5", codec::Qos::at_most_once);
  EXPECT_EQ(allocations_of([&] {
              ASSERT_TRUE(machine_.publish(publish, Instant{}));
              machine_.consume(machine_.output().size());
            }),
            0U);
}

TEST_F(Warm, PublishingAtQos1TakesNothingFromTheHeap) {
  const codec::Publish publish =
      message("sensors/1/temperature", "21.5", codec::Qos::at_least_once);
  EXPECT_EQ(allocations_of([&] {
              const auto id = machine_.publish(publish, Instant{});
              ASSERT_TRUE(id);
              machine_.on_bytes(codec::encode_ack(codec::PacketType::puback, *id), Instant{});
              machine_.consume(machine_.output().size());
            }),
            0U);
}

TEST_F(Warm, ReceivingTakesNothingFromTheHeapEvenOfCutPackets) {
  const std::vector<std::uint8_t> packets{0x30, 5, 0, 1,   'a', 'x', 'y', 0x32,
                                          6,    0, 1, 'a', 0,   9,   'x'};
  EXPECT_EQ(allocations_of([&] {
              machine_.on_bytes(ByteView(packets).first(9), Instant{});
              machine_.on_bytes(ByteView(packets).subspan(9), Instant{});
              machine_.consume(machine_.output().size());
            }),
            0U);
}

}  // namespace
}  // namespace sluice::client
