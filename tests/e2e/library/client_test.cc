// SPDX-License-Identifier: Apache-2.0
//
// What a program that uses the library sees: publishing, subscribing, states, ends.
#include "tests/e2e/library/peer_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/client.hpp>

#include <atomic>
#include <thread>

namespace sluice::e2e {
namespace {

using namespace std::chrono_literals;

class LibraryClient : public ::testing::Test {
 protected:
  BrokerProcess broker_;
};

TEST_F(LibraryClient, WhatIsPublishedArrivesOnAStream) {
  client mq{broker_.url()};
  auto stream = mq.subscribe("a/+").get_for(patience).value();
  EXPECT_EQ(stream.granted(), qos::at_least_once);
  for (const qos level : {qos::at_most_once, qos::at_least_once, qos::exactly_once}) {
    const publish_options options{.qos = level};
    EXPECT_TRUE(mq.publish("a/b", "x", options).get_for(patience));
    const auto got = stream.next().get_for(patience).value();
    ASSERT_TRUE(got);
    EXPECT_EQ(got->topic, "a/b");
    EXPECT_EQ(got->text(), "x");
    EXPECT_EQ(got->qos, std::min(level, qos::at_least_once));
  }
  const auto done = mq.metrics();
  EXPECT_EQ(done.messages_sent, 3U);
  EXPECT_EQ(done.messages_acknowledged, 2U);
  EXPECT_EQ(done.messages_received, 3U);
}

TEST_F(LibraryClient, PropertiesArriveAsTheyWere) {
  client mq{broker_.url()};
  auto stream = mq.subscribe("p").get_for(patience).value();
  const user_properties mine{{"a", "1"}, {"a", "2"}};
  const publish_options options{.qos = qos::at_least_once,
                                .expiry = 60s,
                                .content_type = "text/plain",
                                .response_topic = "answers",
                                .correlation_data = "77",
                                .is_text = true,
                                .user_properties = mine};
  EXPECT_TRUE(mq.publish("p", "x", options).get_for(patience));
  const message got = stream.next().get_for(patience).value().value();
  EXPECT_EQ(got.content_type, options.content_type);
  EXPECT_EQ(got.response_topic, options.response_topic);
  EXPECT_EQ(got.correlation_data, options.correlation_data);
  EXPECT_EQ(got.user_properties, mine);
  EXPECT_TRUE(got.is_text);
  EXPECT_LE(got.expiry.value(), 60s);
}

TEST_F(LibraryClient, CoroutineAwaitsOneOperationAfterTheOther) {
  client mq{broker_.url()};
  int seen = 0;
  const auto app = [&]() -> task<> {
    auto stream = (co_await mq.subscribe("c/#")).value();
    for (int at = 0; at < 100; ++at) {
      (co_await mq.publish("c/x", std::to_string(at), {.qos = qos::at_least_once})).value();
    }
    while (auto m = (co_await stream.next()).value()) {
      EXPECT_EQ(m->text(), std::to_string(seen));
      if (++seen == 100) break;
    }
  };
  EXPECT_EQ(run(app()), 0);
  EXPECT_EQ(seen, 100);
}

TEST_F(LibraryClient, HandlerMayPublishSubscribeAndEndItsOwnClient) {
  std::atomic<int> echoed = 0;
  std::optional<client> mq;
  mq.emplace(broker_.url());
  client watcher{broker_.url()};
  auto ends = watcher.subscribe("end").get_for(patience).value();
  auto asked = mq->subscribe("ask", {}, [&](const message&) {
                   mq->publish("echo", "x", {.qos = qos::at_least_once}).detach();
                 }).get_for(patience);
  auto echo = mq->subscribe("echo", {}, [&](const message&) {
                  ++echoed;
                  mq->publish("end", "x").detach();
                  mq.reset();
                }).get_for(patience);
  ASSERT_TRUE(asked && echo);
  watcher.publish("ask", "").detach();
  EXPECT_TRUE(ends.next().get_for(patience).value());
  EXPECT_EQ(echoed, 1);
}

TEST_F(LibraryClient, WaitingOnTheLoopsOwnThreadIsRefusedAndNotEndless) {
  client mq{broker_.url()};
  std::atomic<errc> code = errc::ok;
  auto stream = mq.subscribe("w", {}, [&](const message&) {
                    code = mq.publish("x", "", {.qos = qos::at_least_once}).get().error().code;
                    mq.publish("done", "").detach();
                  }).get_for(patience);
  auto done = mq.subscribe("done").get_for(patience).value();
  mq.publish("w", "").detach();
  EXPECT_TRUE(done.next().get_for(patience).value());
  EXPECT_EQ(code.load(), errc::would_deadlock);
}

TEST_F(LibraryClient, ExceptionOfAHandlerGoesToOnError) {
  std::string seen;
  client mq{broker_.url(), {.on_error = [&](std::exception_ptr thrown) {
              try {
                std::rethrow_exception(thrown);
              } catch (const std::exception& error) {
                seen = error.what();
              }
            }}};
  auto handled = mq.subscribe("x", {}, [&](const message&) {
                     throw std::runtime_error("from the handler");
                   }).get_for(patience);
  auto after = mq.subscribe("after").get_for(patience).value();
  mq.publish("x", "").detach();
  mq.publish("after", "").detach();
  EXPECT_TRUE(after.next().get_for(patience).value());
  EXPECT_EQ(seen, "from the handler");
}

TEST_F(LibraryClient, RequestIsAnswered) {
  client server{broker_.url()};
  auto served = server.serve("sum", {}, [](const message& asked) { return asked.payload + "!"; })
                    .get_for(patience);
  ASSERT_TRUE(served);
  client mq{broker_.url()};
  EXPECT_EQ(mq.request("sum", "1+1", {}).get_for(patience).value().text(), "1+1!");
  const auto nobody = mq.request("nobody", "", {.qos = qos::at_least_once}).get_for(patience);
  EXPECT_EQ(nobody.error().reason, reason_code::no_matching_subscribers);
}

TEST_F(LibraryClient, LimitOfOneOperationEndsThatOneOnly) {
  client mq{broker_.url()};
  auto stream = mq.subscribe("l").get_for(patience).value();
  EXPECT_EQ(stream.next().within(20ms).get().error().code, errc::timed_out);
  EXPECT_EQ(stream.next().get_for(20ms).error().code, errc::timed_out);
  std::stop_source stop;
  auto stopped = stream.next().with(stop.get_token());
  stop.request_stop();
  EXPECT_EQ(stopped.get_for(patience).error().code, errc::cancelled);
  mq.publish("l", "x").detach();
  EXPECT_EQ(stream.next().get_for(patience).value().value().text(), "x");
}

TEST_F(LibraryClient, WhatTimesOutUnsentIsNeverSent) {
  client mq{broker_.url()};
  ASSERT_TRUE(mq.ready().get_for(patience));
  broker_.kill();
  // Retained, so that it does not matter who is back first; what came earlier would be told first.
  const publish_options retained{.qos = qos::at_least_once, .retain = true};
  auto late = mq.publish("late/1", "1", retained).within(50ms);
  EXPECT_EQ(late.get_for(patience).error().code, errc::timed_out);
  auto kept = mq.publish("late/2", "2", retained);
  broker_.restart();
  client other{broker_.url()};
  auto stream = other.subscribe("late/+").get_for(patience).value();
  EXPECT_TRUE(kept.get_for(patience));
  const auto first = stream.next().get_for(patience).value();
  EXPECT_EQ(first.value().text(), "2");
}

TEST_F(LibraryClient, StateTellsWhatHappened) {
  client mq{broker_.url(), {.reconnect = {.first = 10ms, .max = 100ms}}};
  auto next = [&] { return mq.next_state().get_for(patience).value(); };
  EXPECT_TRUE(std::holds_alternative<connecting>(next()));
  const auto up = next();
  ASSERT_TRUE(std::holds_alternative<connected>(up));
  EXPECT_EQ(std::get<connected>(up).version, version::v5);
  EXPECT_EQ(std::get<connected>(up).client_id, mq.client_id());
  broker_.kill();
  const auto down = next();
  ASSERT_TRUE(std::holds_alternative<disconnected>(down));
  EXPECT_EQ(std::get<disconnected>(down).why.code, errc::connection_lost);
  broker_.restart();
  while (!std::holds_alternative<connected>(next())) continue;
  EXPECT_TRUE(mq.close().get_for(patience));
  while (!std::holds_alternative<closed>(next())) continue;
  EXPECT_EQ(mq.publish("x", "").get().error().code, errc::closed);
}

TEST_F(LibraryClient, SubscriptionsAreRestoredWhenTheServerHasForgottenThem) {
  client mq{broker_.url(), {.reconnect = {.first = 10ms, .max = 100ms}}};
  auto stream = mq.subscribe("r/#").get_for(patience).value();
  broker_.kill();
  broker_.restart();
  ASSERT_TRUE(mq.ready().get_for(patience));
  // Behind the SUBSCRIBE that the client sends by itself.
  EXPECT_TRUE(mq.subscribe("other").get_for(patience));
  mq.publish("r/x", "again").detach();
  EXPECT_EQ(stream.next().get_for(patience).value().value().text(), "again");
}

TEST_F(LibraryClient, BadUrlAndBadTopicAreToldAtOnce) {
  client bad{"http://x"};
  EXPECT_EQ(bad.ready().get_for(patience).error().code, errc::invalid_argument);
  EXPECT_TRUE(std::holds_alternative<fatal>(bad.state()));
  client mq{broker_.url()};
  EXPECT_EQ(mq.publish("a/#", "").get().error().code, errc::invalid_argument);
  EXPECT_EQ(mq.subscribe("a/#/b").get().error().code, errc::invalid_argument);
}

TEST_F(LibraryClient, NobodyThereIsFatalOnlyWhenReconnectIsOff) {
  broker_.kill();
  client once{broker_.url(), {.reconnect = {.enabled = false}}};
  EXPECT_EQ(once.ready().get_for(patience).error().code, errc::unreachable);
  client patient{broker_.url(), {.reconnect = {.first = 10ms, .max = 50ms}}};
  EXPECT_EQ(patient.ready().within(100ms).get().error().code, errc::timed_out);
  broker_.restart();
  EXPECT_TRUE(patient.ready().get_for(patience));
}

TEST_F(LibraryClient, ProgramsOwnLoopDrivesTheClient) {
  loop mine{loop::drive::by_caller};
  client mq{broker_.url(), {.loop = &mine}};
  // get() drives the loop itself.
  auto stream = mq.subscribe("m").get_for(patience).value();
  EXPECT_TRUE(mq.publish("m", "x", {.qos = qos::exactly_once}).get_for(patience));
  auto next = stream.next();
  while (!next.is_done()) mine.process();
  EXPECT_EQ(next.get().value().value().text(), "x");
}

TEST_F(LibraryClient, ManyThreadsUseOneClient) {
  client mq{broker_.url()};
  auto stream = mq.subscribe("t", {.queue = 10'000}).get_for(patience).value();
  std::vector<std::thread> threads;
  for (int at = 0; at < 4; ++at) {
    threads.emplace_back([&] {
      for (int sent = 0; sent < 500; ++sent) {
        mq.publish("t", "x", {.qos = qos::at_least_once}).detach();
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (int seen = 0; seen < 2'000; ++seen) {
    ASSERT_TRUE(stream.next().get_for(patience).value()) << seen;
  }
  EXPECT_TRUE(mq.flush().get_for(patience));
}

}  // namespace
}  // namespace sluice::e2e
