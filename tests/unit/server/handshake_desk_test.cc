// SPDX-License-Identifier: Apache-2.0
#include "server/handshake_desk.h"

#include "net/transport/layered_transport.h"
#include "net/transport/memory/memory_transport.h"
#include "os/clock.h"

#include <gtest/gtest.h>

#include <latch>

namespace sluice::testing {
namespace {

using server::HandshakeLetter;

// Says in which thread its handshake was done.
class Noting final : public net::LayeredTransport {
 public:
  Noting(std::unique_ptr<net::Transport> beneath, os::ThreadId& thread)
      : LayeredTransport(std::move(beneath)), thread_(thread) {}
  Result<std::size_t> read(MutableByteView into) override { return beneath().read(into); }
  Result<std::size_t> write(std::span<const net::IoSlice> slices) override {
    return beneath().write(slices);
  }
  void shutdown_write() override { beneath().shutdown_write(); }
  Result<void> handshake() override {
    thread_ = os::this_thread();
    return {};
  }

 private:
  os::ThreadId& thread_;
};

HandshakeLetter letter_of(std::uint32_t slot, os::ThreadId& thread, Instant late) {
  return {.conn = {slot, 1},
          .transport = std::make_unique<Noting>(net::MemoryTransport::make_pair({}).first, thread),
          .before = {},
          .late = late,
          .done = {}};
}

TEST(HandshakeDesk, ComputesInAThreadOfItsOwnAndGivesBackToWhoeverAsked) {
  constexpr int count = 20;
  std::latch all(count);
  std::vector<os::ThreadId> threads(count);
  std::vector<core::ShardIndex> answered(count);
  server::HandshakeDesk desk(2, [&](core::ShardIndex to, HandshakeLetter letter) {
    EXPECT_TRUE(letter.done);
    EXPECT_NE(letter.transport, nullptr);
    answered[letter.conn.slot] = to;
    all.count_down();
  });
  for (std::uint32_t i = 0; i < count; ++i) {
    HandshakeLetter letter = letter_of(i, threads[i], Instant::never());
    ASSERT_TRUE(desk.submit(core::ShardIndex{static_cast<std::uint16_t>(i % 3)}, letter));
    EXPECT_EQ(letter.transport, nullptr);
  }
  all.wait();
  for (std::uint32_t i = 0; i < count; ++i) {
    EXPECT_NE(threads[i], os::ThreadId{});
    EXPECT_NE(threads[i], os::this_thread());
    EXPECT_EQ(core::index_of(answered[i]), i % 3);
  }
}

TEST(HandshakeDesk, WhatIsLateIsNotComputed) {
  std::latch done(1);
  os::ThreadId thread{};
  std::string why;
  server::HandshakeDesk desk(1, [&](core::ShardIndex, HandshakeLetter letter) {
    if (!letter.done) why = letter.done.error().detail;
    done.count_down();
  });
  HandshakeLetter letter = letter_of(0, thread, os::monotonic_now());
  ASSERT_TRUE(desk.submit(core::ShardIndex{0}, letter));
  done.wait();
  EXPECT_EQ(why, "it took too long");
  EXPECT_EQ(thread, os::ThreadId{});
}

TEST(HandshakeDesk, EndsWithWorkThatNobodyHasTaken) {
  std::vector<os::ThreadId> threads(100);
  server::HandshakeDesk desk(1, [](core::ShardIndex, HandshakeLetter) {});
  for (std::uint32_t i = 0; i < threads.size(); ++i) {
    HandshakeLetter letter = letter_of(i, threads[i], Instant::never());
    ASSERT_TRUE(desk.submit(core::ShardIndex{0}, letter));
  }
}

}  // namespace
}  // namespace sluice::testing
