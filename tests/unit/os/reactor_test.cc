// SPDX-License-Identifier: Apache-2.0
#include "os/reactor/reactor.h"

#include "os/clock.h"
#include "os/reactor/wakeup.h"
#include "os/socket/socket_io.h"
#include "os/thread.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <optional>

namespace sluice::os {
namespace {

struct SocketPair {
  FileDescriptor left;
  FileDescriptor right;

  SocketPair() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    left = FileDescriptor(ends[0]);
    right = FileDescriptor(ends[1]);
  }
};

class ReactorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto created = Reactor::create();
    ASSERT_TRUE(created.has_value());
    reactor_ = std::move(*created);
  }
  std::optional<Ready> wait_for_one(Duration timeout = 5s) {
    const auto ready = reactor_->wait(timeout);
    if (ready.empty()) return std::nullopt;
    return ready.front();
  }

  std::unique_ptr<Reactor> reactor_;
};

TEST_F(ReactorTest, TellsAFreshConnectionWritableOnce) {
  SocketPair pair;
  ASSERT_TRUE(reactor_->add(pair.left.get(), 7, Watch::edge));
  const auto ready = wait_for_one();
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->token, 7U);
  EXPECT_TRUE(ready->writable);
  EXPECT_FALSE(ready->readable);
  EXPECT_FALSE(wait_for_one(0s)) << "an edge is told once";
}

TEST_F(ReactorTest, AWaitOfLessThanAMillisecondIsNoShorter) {
  const Instant begin = monotonic_now();
  EXPECT_TRUE(reactor_->wait(300us).empty());
  EXPECT_GE(monotonic_now() - begin, 300us);
}

TEST_F(ReactorTest, TellsOfArrivedBytesOnceAndAgainWhenMoreArrive) {
  SocketPair pair;
  ASSERT_TRUE(reactor_->add(pair.left.get(), 7, Watch::edge));
  ASSERT_TRUE(wait_for_one());
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(write_socket(pair.right.get(), as_bytes("x")));
    const auto ready = wait_for_one();
    ASSERT_TRUE(ready);
    EXPECT_TRUE(ready->readable);
    EXPECT_FALSE(ready->hangup);
    EXPECT_FALSE(wait_for_one(0s));
  }
}

TEST_F(ReactorTest, TellsAHangupAsReadable) {
  SocketPair pair;
  ASSERT_TRUE(reactor_->add(pair.left.get(), 7, Watch::edge));
  ASSERT_TRUE(wait_for_one());
  pair.right.close();
  const auto ready = wait_for_one();
  ASSERT_TRUE(ready);
  EXPECT_TRUE(ready->hangup);
  EXPECT_TRUE(ready->readable);
}

TEST_F(ReactorTest, RepeatsALevelUntilItIsRead) {
  SocketPair pair;
  ASSERT_TRUE(reactor_->add(pair.left.get(), 1, Watch::level_read));
  ASSERT_TRUE(write_socket(pair.right.get(), as_bytes("x")));
  EXPECT_TRUE(wait_for_one());
  EXPECT_TRUE(wait_for_one());
  std::array<std::uint8_t, 8> buffer{};
  ASSERT_TRUE(read_socket(pair.left.get(), buffer));
  EXPECT_FALSE(wait_for_one(0s));
}

TEST_F(ReactorTest, IsSilentAboutWhatIsNotWatched) {
  SocketPair pair;
  ASSERT_TRUE(reactor_->add(pair.left.get(), 1, Watch::nothing));
  ASSERT_TRUE(write_socket(pair.right.get(), as_bytes("x")));
  EXPECT_FALSE(wait_for_one(0s));
  ASSERT_TRUE(reactor_->modify(pair.left.get(), 2, Watch::level_read));
  const auto ready = wait_for_one();
  ASSERT_TRUE(ready);
  EXPECT_EQ(ready->token, 2U);
  reactor_->remove(pair.left.get());
  EXPECT_FALSE(wait_for_one(0s));
}

TEST_F(ReactorTest, RefusesToWatchADescriptorTwice) {
  SocketPair pair;
  ASSERT_TRUE(reactor_->add(pair.left.get(), 1, Watch::edge));
  const auto again = reactor_->add(pair.left.get(), 2, Watch::edge);
  ASSERT_FALSE(again.has_value());
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
}

TEST_F(ReactorTest, RefusesToModifyWhatIsNotThere) {
  SocketPair pair;
  const auto modified = reactor_->modify(pair.left.get(), 1, Watch::edge);
  ASSERT_FALSE(modified.has_value());
  EXPECT_EQ(modified.error().code, ErrorCode::not_found);
  reactor_->remove(pair.left.get());
}

TEST_F(ReactorTest, NeverEndsAWaitEarly) {
  const Instant start = monotonic_now();
  EXPECT_FALSE(wait_for_one(2500us));
  EXPECT_GE((monotonic_now() - start).count(), Duration(2500us).count());
}

TEST_F(ReactorTest, IsWokenFromAnotherThread) {
  auto wakeup = Wakeup::create();
  ASSERT_TRUE(wakeup.has_value());
  ASSERT_TRUE(reactor_->add((*wakeup)->fd(), 99, Watch::edge));
  auto thread = Thread::start("signaller", [&wakeup] { (*wakeup)->signal(); });
  ASSERT_TRUE(thread.has_value());
  // The first edge may be that it can be written.
  std::optional<Ready> ready;
  do {
    ready = wait_for_one();
    ASSERT_TRUE(ready);
  } while (!ready->readable);
  EXPECT_EQ(ready->token, 99U);
}

TEST_F(ReactorTest, WakeupIsToldAgainAfterItWasAcknowledged) {
  auto wakeup = Wakeup::create();
  ASSERT_TRUE(wakeup.has_value());
  ASSERT_TRUE(reactor_->add((*wakeup)->fd(), 99, Watch::edge));
  reactor_->wait(0s);
  for (int i = 0; i < 3; ++i) {
    (*wakeup)->signal();
    (*wakeup)->signal();
    ASSERT_TRUE(wait_for_one());
    EXPECT_FALSE(wait_for_one(0s)) << "two signals before an acknowledgement are one";
    (*wakeup)->signal();
    EXPECT_FALSE(wait_for_one(0s)) << "swallowed until acknowledged";
    (*wakeup)->acknowledge();
  }
}

TEST_F(ReactorTest, WakeupLosesNoWorkBetweenTwoThreads) {
  constexpr int count = 100'000;
  auto wakeup = Wakeup::create();
  ASSERT_TRUE(wakeup.has_value());
  ASSERT_TRUE(reactor_->add((*wakeup)->fd(), 99, Watch::edge));
  std::atomic<int> published{0};
  auto thread = Thread::start("publisher", [&] {
    for (int i = 1; i <= count; ++i) {
      published.store(i, std::memory_order_relaxed);
      (*wakeup)->signal();
    }
  });
  ASSERT_TRUE(thread.has_value());
  int seen = 0;
  while (seen < count) {
    ASSERT_TRUE(wait_for_one(30s)) << "asleep at " << seen;
    (*wakeup)->acknowledge();
    seen = published.load(std::memory_order_relaxed);
  }
}

}  // namespace
}  // namespace sluice::os
