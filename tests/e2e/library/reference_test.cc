// SPDX-License-Identifier: Apache-2.0
//
// What a program sees when a server names another one.
#include "os/socket/listening_socket.h"
#include "tests/e2e/library/peer_process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sluice/client.hpp>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <string>
#include <thread>

namespace sluice::e2e {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// Refuses everybody with "Use another server", and says which.
class Referrer {
 public:
  explicit Referrer(const std::string& to) : to_(to), thread_([this] { serve(); }) {}
  Referrer(const Referrer&) = delete;
  Referrer& operator=(const Referrer&) = delete;
  ~Referrer() {
    ::shutdown(listening_.socket.get(), SHUT_RDWR);
    is_over_ = true;
    thread_.join();
  }
  std::string place() const { return listening_.address.text(); }

 private:
  void serve() {
    while (!is_over_) {
      const int peer = ::accept(listening_.socket.get(), nullptr, nullptr);
      if (peer < 0) {
        std::this_thread::yield();
        continue;
      }
      char connect[512];
      if (::recv(peer, connect, sizeof(connect), 0) > 0) {
        const auto bytes = static_cast<char>(to_.size());
        std::string answer{'\0', '\x9C', static_cast<char>(bytes + 3), '\x1C', '\0', bytes};
        answer += to_;
        answer = std::string{'\x20', static_cast<char>(answer.size())} + answer;
        static_cast<void>(::send(peer, answer.data(), answer.size(), MSG_NOSIGNAL));
      }
      ::close(peer);
    }
  }

  const std::string to_;
  std::atomic<bool> is_over_ = false;
  os::ListeningSocket listening_ = *os::listen_on(*os::SocketAddress::from_ip("127.0.0.1", 0), {});
  std::thread thread_;
};

class LibraryReference : public ::testing::Test {
 protected:
  std::string broker_place() const { return "127.0.0.1:" + std::to_string(broker_.port()); }

  BrokerProcess broker_;
  Referrer referrer_{broker_place()};
};

TEST_F(LibraryReference, IsFollowedWhereThatIsAskedForAndSeenInTheState) {
  client mq{"mqtt://" + referrer_.place(), {.server_references_max = 1}};
  EXPECT_TRUE(mq.publish("a", "x", {.qos = qos::at_least_once}).get_for(patience));
  std::string referred_to;
  for (;;) {
    const auto state = mq.next_state().get_for(patience).value();
    if (const auto* there = std::get_if<connected>(&state)) {
      EXPECT_EQ(there->server, broker_place());
      break;
    }
    if (const auto* away = std::get_if<disconnected>(&state)) {
      referred_to = away->referred_to;
      EXPECT_EQ(away->why.reason, reason_code::use_another_server);
      EXPECT_EQ(away->retry_in, 0ms);
    }
  }
  EXPECT_EQ(referred_to, broker_place());
}

TEST_F(LibraryReference, IsARefusalOtherwiseWithTheNameOfTheServer) {
  client mq{"mqtt://" + referrer_.place(), {.reconnect = {.first = 10min, .max = 10min}}};
  auto state = mq.next_state().get_for(patience).value();
  while (!std::holds_alternative<disconnected>(state))
    state = mq.next_state().get_for(patience).value();
  const auto& away = std::get<disconnected>(state);
  EXPECT_EQ(away.referred_to, "");
  EXPECT_GT(away.retry_in, 0ms);
  EXPECT_EQ(away.why.code, errc::refused);
  EXPECT_THAT(away.why.text, HasSubstr("it names " + broker_place()));
}

}  // namespace
}  // namespace sluice::e2e
