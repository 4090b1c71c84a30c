// SPDX-License-Identifier: Apache-2.0
//
// What becomes of messages that cannot be sent at once: limits, order, the end of the program.
#include "tests/e2e/library/peer_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/client.hpp>
#include <sys/resource.h>

#include <atomic>
#include <fstream>
#include <thread>

namespace sluice::e2e {
namespace {

// A sanitizer has memory of its own for what is freed.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr long grown_max_kib = 16'384;
#elif defined(__has_feature)
constexpr long grown_max_kib =
    __has_feature(thread_sanitizer) || __has_feature(address_sanitizer) ? 16'384 : 2'048;
#else
constexpr long grown_max_kib = 2'048;
#endif

using namespace std::chrono_literals;

constexpr auto queue_patience = 120s;

class LibraryQueue : public ::testing::Test {
 protected:
  LibraryQueue() { broker_.kill(); }

  std::string file() const { return (folder_.path() / "queue").string(); }
  std::vector<std::string> peer(const std::string& count, const std::string& level = "1") const {
    return {SLUICE_QUEUE_PEER, broker_.url(), file(), count, level};
  }
  /// Takes messages whose payloads count from `begin` to `end`.
  static void expect_in_order(subscription& stream, int begin, int end) {
    for (int at = begin; at < end; ++at) {
      const auto got = stream.next().get_for(queue_patience).value();
      ASSERT_TRUE(got);
      ASSERT_EQ(got->text(), std::to_string(at));
    }
  }

  BrokerProcess broker_;
  TemporaryFolder folder_;
};

TEST_F(LibraryQueue, WhatIsQueuedOfflineArrivesInOrder) {
  client mq{broker_.url(), {.reconnect = {.first = 10ms, .max = 50ms}}};
  for (int at = 0; at < 500; ++at) {
    const auto level = static_cast<qos>(at % 3);
    mq.publish("q", std::to_string(at), {.qos = level}).detach();
  }
  EXPECT_EQ(mq.metrics().messages_queued, 500U);
  // The subscriber comes first, because the publisher does not wait for it.
  broker_.restart();
  client other{broker_.url()};
  auto stream = other.subscribe("q2", {.qos = qos::exactly_once}).get_for(queue_patience).value();
  for (int at = 0; at < 500; ++at)
    mq.publish("q2", std::to_string(at), {.qos = qos::exactly_once}).detach();
  expect_in_order(stream, 0, 500);
}

TEST_F(LibraryQueue, FullQueueRefusesTheNewest) {
  client mq{broker_.url(), {.close_timeout = 0ms, .offline = {.max_messages = 2}}};
  auto first = mq.publish("q", "1", {.qos = qos::at_least_once});
  auto second = mq.publish("q", "2", {.qos = qos::at_least_once});
  EXPECT_EQ(mq.publish("q", "3", {.qos = qos::at_least_once}).get().error().code, errc::queue_full);
  EXPECT_FALSE(first.is_done() || second.is_done());
  EXPECT_EQ(mq.metrics().messages_dropped, 1U);
}

TEST_F(LibraryQueue, FullQueueDropsTheOldest) {
  client mq{
      broker_.url(),
      {.close_timeout = 0ms, .offline = {.max_messages = 2, .on_full = overflow::drop_oldest}}};
  auto first = mq.publish("q", "1", {.qos = qos::at_least_once});
  mq.publish("q", "2", {.qos = qos::at_least_once}).detach();
  mq.publish("q", "3", {.qos = qos::at_least_once}).detach();
  EXPECT_EQ(first.get_for(queue_patience).error().code, errc::dropped);
  EXPECT_EQ(mq.metrics().messages_queued, 2U);
}

TEST_F(LibraryQueue, FlushDoesNotWaitForMessagesThatMadeRoom) {
  client mq{broker_.url(),
            {.reconnect = {.first = 10ms, .max = 50ms},
             .offline = {.max_bytes = 1'000, .on_full = overflow::drop_oldest}}};
  for (int at = 0; at < 5; ++at) mq.publish("q", "x").detach();
  auto flushed = mq.flush();
  mq.publish("q", std::string(900, 'x')).detach();
  EXPECT_EQ(mq.metrics().messages_queued, 1U);
  broker_.restart();
  EXPECT_TRUE(flushed.get_for(queue_patience));
}

TEST_F(LibraryQueue, FlushEndsWhileAnotherThreadGoesOnPublishing) {
  broker_.restart();
  client mq{broker_.url(), {.offline = {.on_full = overflow::backpressure}}};
  std::atomic<bool> is_over = false;
  std::thread publisher([&] {
    while (!is_over) mq.publish("q", "x").detach();
  });
  for (int at = 0; at < 100; ++at) EXPECT_TRUE(mq.flush().get_for(queue_patience));
  is_over = true;
  publisher.join();
}

TEST_F(LibraryQueue, FullQueueMakesThePublisherWait) {
  client mq{broker_.url(),
            {.reconnect = {.first = 10ms, .max = 50ms},
             .offline = {.max_messages = 10, .on_full = overflow::backpressure}}};
  broker_.restart();
  client other{broker_.url()};
  auto stream = other.subscribe("q", {.queue = 5'000}).get_for(queue_patience).value();
  ASSERT_TRUE(mq.ready().get_for(queue_patience));
  for (int at = 0; at < 2'000; ++at) {
    mq.publish("q", std::to_string(at), {.qos = qos::at_least_once}).detach();
  }
  expect_in_order(stream, 0, 2'000);
  EXPECT_EQ(mq.metrics().messages_dropped, 0U);
}

TEST_F(LibraryQueue, FullQueueNeverGrowsTheMemory) {
  client mq{broker_.url(),
            {.close_timeout = 0ms,
             .offline = {.max_bytes = 1'000'000, .on_full = overflow::drop_oldest}}};
  const std::string payload(1'000, 'x');
  const auto publish_many = [&] {
    for (int at = 0; at < 100'000; ++at) mq.publish("q", payload).detach();
  };
  publish_many();
  rusage before{};
  ::getrusage(RUSAGE_SELF, &before);
  for (int round = 0; round < 5; ++round) publish_many();
  rusage after{};
  ::getrusage(RUSAGE_SELF, &after);
  // Half a gigabyte went through.
  EXPECT_LE(after.ru_maxrss - before.ru_maxrss, grown_max_kib);
  EXPECT_LE(mq.metrics().bytes_queued, 1'000'000U);
}

TEST_F(LibraryQueue, ExpiredMessageIsNotSent) {
  client mq{broker_.url(), {.reconnect = {.first = 10ms, .max = 50ms}}};
  const publish_options brief{.qos = qos::at_least_once, .expiry = 0s};
  auto late = mq.publish("q", "1", brief);
  broker_.restart();
  EXPECT_EQ(late.get_for(queue_patience).error().code, errc::expired);
}

TEST_F(LibraryQueue, KilledProgramsMessagesAreAllDeliveredInOrderByTheNextRun) {
  for (const char* level : {"1", "2"}) {
    PeerProcess killed(peer("10000", level));
    ASSERT_NE(killed.wait_for_line("queued"), "");
    killed.kill();
    broker_.restart();
    client other{broker_.url()};
    auto stream =
        other.subscribe("queued", {.qos = qos::exactly_once}).get_for(queue_patience).value();
    PeerProcess next(peer("0"));
    expect_in_order(stream, 0, 10'000);
    EXPECT_EQ(next.wait(), 0);
    EXPECT_FALSE(stream.try_next());
    broker_.kill();
  }
}

TEST_F(LibraryQueue, DamagedEndOfTheFileCostsOnlyWhatIsDamaged) {
  {
    PeerProcess killed(peer("100"));
    ASSERT_NE(killed.wait_for_line("queued"), "");
  }
  {
    std::fstream damaged(file(), std::ios::in | std::ios::out | std::ios::binary);
    damaged.seekp(-3, std::ios::end);
    damaged.put('?');
  }
  broker_.restart();
  client other{broker_.url()};
  auto stream = other.subscribe("queued").get_for(queue_patience).value();
  PeerProcess next(peer("0"));
  expect_in_order(stream, 0, 99);
  EXPECT_EQ(next.wait(), 0);
  EXPECT_FALSE(stream.try_next());
}

TEST_F(LibraryQueue, FileOfAnotherClientIsRefused) {
  client one{broker_.url(), {.close_timeout = 0ms, .offline = {.path = file()}}};
  client two{broker_.url(), {.offline = {.path = file()}}};
  EXPECT_EQ(two.ready().get_for(queue_patience).error().code, errc::io_error);
}

}  // namespace
}  // namespace sluice::e2e
