// SPDX-License-Identifier: Apache-2.0
//
// What a program meets when hosts are dead or silent, and when it asks for what cannot be.
#include "os/socket/listening_socket.h"
#include "tests/e2e/library/peer_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sluice/client.hpp>
#include <sys/mman.h>

#include <array>
#include <atomic>
#include <memory>
#include <span>

namespace sluice::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Takes connections, for the system does so by itself, and never says a word.
class SilentServer {
 public:
  std::string host() const { return listening_.address.text(); }

 private:
  os::ListeningSocket listening_ = *os::listen_on(*os::SocketAddress::from_ip("127.0.0.1", 0), {});
};

class LibraryTrouble : public ::testing::Test {
 protected:
  std::string broker_host() const { return "127.0.0.1:" + std::to_string(broker_.port()); }

  BrokerProcess broker_;
  // What a handler uses that may still run when the test is over.
  std::unique_ptr<client> ending_;
  std::atomic<int> ended_ = 0;
};

TEST_F(LibraryTrouble, HostThatTakesTheConnectionAndSaysNothingIsPassedOver) {
  const SilentServer silent;
  const client_options options{.connect_timeout = 1s, .reconnect = {.first = 10min, .max = 10min}};
  client mq{"mqtt://" + silent.host() + "," + broker_host(), options};
  EXPECT_TRUE(mq.publish("a", "x", {.qos = qos::at_least_once}).get_for(patience));
}

TEST_F(LibraryTrouble, HostsThatAreDeadOrHaveNoNameArePassedOver) {
  std::string dead;
  {
    const SilentServer was;
    dead = was.host();
  }
  client mq{"mqtt://" + dead + ",nobody.invalid," + broker_host()};
  EXPECT_TRUE(mq.ready().get_for(patience));
}

TEST_F(LibraryTrouble, SilentServerIsToldAsTheReason) {
  const SilentServer silent;
  client mq{"mqtt://" + silent.host(),
            {.connect_timeout = 20ms, .reconnect = {.first = 10min, .max = 10min}}};
  auto state = mq.next_state().get_for(patience).value();
  while (!std::holds_alternative<disconnected>(state))
    state = mq.next_state().get_for(patience).value();
  EXPECT_EQ(std::get<disconnected>(state).why.code, errc::timed_out);
}

// As behind a cable that was pulled: the connection stands, and nobody answers.
TEST_F(LibraryTrouble, ServerThatFallsSilentIsLeftAndLaterGetsWhatItHadNotAcknowledged) {
  client mq{broker_.url(),
            {.client_id = "c",
             .keep_alive = 1s,
             .session_expiry = 1h,
             .ping_timeout = 500ms,
             .reconnect = {.first = 10ms, .max = 50ms}}};
  auto taken = mq.subscribe("a", {.qos = qos::exactly_once}).get_for(patience).value();
  ASSERT_EQ(::kill(broker_.id(), SIGSTOP), 0);
  auto once = mq.publish("a", "once", {.qos = qos::exactly_once});
  auto state = mq.next_state().get_for(patience).value();
  while (!std::holds_alternative<disconnected>(state))
    state = mq.next_state().get_for(patience).value();
  EXPECT_EQ(std::get<disconnected>(state).why.code, errc::timed_out);
  ASSERT_EQ(::kill(broker_.id(), SIGCONT), 0);
  EXPECT_TRUE(once.get_for(patience));
  EXPECT_EQ(taken.next().get_for(patience).value()->text(), "once");
  EXPECT_TRUE(mq.publish("a", "end", {.qos = qos::exactly_once}).get_for(patience));
  EXPECT_EQ(taken.next().get_for(patience).value()->text(), "end");
  EXPECT_GE(mq.metrics().connects, 2U);
}

TEST_F(LibraryTrouble, MistakesInTheUrlAreToldWithWhatIsAllowed) {
  struct Mistake {
    const char* url;
    const char* said;
  };
  constexpr std::array mistakes{
      Mistake{"", "starts with mqtt://, mqtts://, ws://, wss:// or unix://"},
      Mistake{"http://a", "starts with mqtt://"},
      Mistake{"mqtt://", "a host is missing"},
      Mistake{"mqtt://a:99999", "a number from 0 to 65535"},
      Mistake{"mqtt://[::1", "']' is missing"},
      Mistake{"mqtt://u:%zz@a", "'%' itself is %25"},
      Mistake{"mqtt://a?foo=1", "known are clientid and keepalive"},
      Mistake{"mqtt://a?keepalive=99999", "a number of seconds up to 65535"},
      Mistake{"unix://", "unix:///run/broker.sock"},
  };
  for (const Mistake& mistake : mistakes) {
    client mq{mistake.url};
    const auto ready = mq.ready().get_for(patience);
    ASSERT_FALSE(ready) << mistake.url;
    EXPECT_EQ(ready.error().code, errc::invalid_argument) << mistake.url;
    EXPECT_THAT(ready.error().text, HasSubstr(mistake.said)) << mistake.url;
  }
}

TEST_F(LibraryTrouble, WhatNoConnectCanCarryIsFatalAtOnce) {
  const std::string much(65'536, 'x');
  const std::array options{client_options{.client_id = much}, client_options{.user_name = much},
                           client_options{.user_name = "u", .password = much},
                           client_options{.will = will{.topic = "w", .payload = much}},
                           client_options{.will = will{.topic = "w/#"}}};
  for (const client_options& one : options) {
    client mq{broker_.url(), one};
    EXPECT_EQ(mq.ready().get_for(patience).error().code, errc::invalid_argument);
    EXPECT_TRUE(std::holds_alternative<fatal>(mq.state()));
  }
}

TEST_F(LibraryTrouble, HeadersThatAWebSocketCannotAskWithAreFatalAtOnce) {
  struct Mistake {
    const char* url;
    http_headers headers;
    const char* said;
  };
  const std::array mistakes{
      Mistake{"ws://127.0.0.1:1", {{"A", "b\r\nC: d"}}, "ws_headers[0]: the value of a header"},
      Mistake{
          "ws://127.0.0.1:1", {{"A", "b"}, {"Host", "d"}}, "ws_headers[1]: this header belongs"},
      Mistake{"mqtt://127.0.0.1:1", {{"A", "b"}}, "the URL is none"},
  };
  for (const Mistake& mistake : mistakes) {
    client mq{mistake.url, {.ws_headers = mistake.headers}};
    const auto ready = mq.ready().get_for(patience);
    ASSERT_FALSE(ready) << mistake.said;
    EXPECT_EQ(ready.error().code, errc::invalid_argument) << mistake.said;
    EXPECT_THAT(ready.error().text, HasSubstr(mistake.said));
  }
}

TEST_F(LibraryTrouble, PayloadThatNoPacketCanCarryIsRefusedAndTheConnectionStays) {
  client mq{broker_.url()};
  ASSERT_TRUE(mq.ready().get_for(patience));
  // Addresses without memory behind them: it is refused before it is looked at.
  constexpr std::size_t gigabyte = std::size_t{1} << 30U;
  void* const room = ::mmap(nullptr, gigabyte, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(room, MAP_FAILED);
  const std::span payload(static_cast<const std::byte*>(room), gigabyte);
  const auto refused = mq.publish("a", payload, {.qos = qos::at_least_once}).get_for(patience);
  ::munmap(room, gigabyte);
  EXPECT_EQ(refused.error().code, errc::packet_too_large);
  EXPECT_TRUE(mq.publish("a", "x", {.qos = qos::at_least_once}).get_for(patience));
  EXPECT_EQ(mq.metrics().connects, 1U);
}

TEST_F(LibraryTrouble, LimitThatIsOverEndsAnOperationAtOnce) {
  client mq{broker_.url()};
  for (const auto limit : {0s, -1s}) {
    const auto late = mq.subscribe("never").within(limit).get_for(patience);
    EXPECT_EQ(late.error().code, errc::timed_out);
  }
  std::stop_source stopped;
  stopped.request_stop();
  const auto cancelled = mq.subscribe("never").with(stopped.get_token()).get_for(patience);
  EXPECT_EQ(cancelled.error().code, errc::cancelled);
  EXPECT_TRUE(mq.publish("a", "x", {.qos = qos::at_least_once}).get_for(patience));
}

TEST_F(LibraryTrouble, ClientMayEndInAnyOfItsCallbacks) {
  int expected = 0;
  const auto ends_in = [&](auto begin) {
    ending_ = std::make_unique<client>(broker_.url());
    begin(*ending_, [this] {
      ending_.reset();
      ++ended_;
      ended_.notify_all();
    });
    ended_.wait(expected++);
  };
  ends_in([](client& mq, auto end) {
    mq.on_state([end](const connection_state& now) {
      if (std::holds_alternative<connected>(now)) end();
    });
  });
  ends_in([](client& mq, auto end) {
    mq.publish("a", "x", {.qos = qos::at_least_once}).on_done([end](const auto&) { end(); });
  });
  ends_in([](client& mq, auto end) { mq.ready().on_done([end](const auto&) { end(); }); });
}

}  // namespace
}  // namespace sluice::e2e
