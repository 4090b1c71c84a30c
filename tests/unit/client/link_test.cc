// SPDX-License-Identifier: Apache-2.0
#include "client/link.h"

#include "net/transport/registry.h"
#include "os/clock.h"
#include "os/socket/listening_socket.h"
#include "tests/unit/client/looped_link.h"

#include <gtest/gtest.h>

#include <array>

namespace sluice::client {
namespace {

using Lines = std::vector<std::string>;

class RecordedLinkEvents : public LinkEvents {
 public:
  void on_unreachable(const Endpoint& endpoint, const Error& error) override {
    unreachable = to_string(endpoint);
    last_error = error;
  }
  void on_retry(Duration) override { ++retries; }

  std::string unreachable;
  Error last_error;
  int retries = 0;
};

/// A link to a listener of the test's own, on loopback. The test is the server.
class LinkToTest : public LoopedLink {
 protected:
  LinkToTest() : listener_(*os::listen_on(*os::SocketAddress::from_ip("127.0.0.1", 0), {})) {}

  LinkOptions options() const {
    LinkOptions options;
    options.connector.endpoints.push_back(
        {.host = "127.0.0.1", .port = listener_.address.peer().port, .path = {}});
    options.backoff = {.first = 1ms, .most = 1ms};
    options.machine.client_id = "c";
    return options;
  }

  void start(LinkOptions options) { LoopedLink::start(std::move(options), link_events_); }

  void accept() {
    run_until([this] {
      auto accepted = os::accept_from(listener_.socket.get());
      if (!accepted) return false;
      server_ = net::find_transport("mqtt")->wrap(std::move(accepted->socket), accepted->peer, {});
      return true;
    });
  }

  /// Bytes from the client until there are as many.
  std::vector<std::uint8_t> receive(std::size_t bytes) {
    std::vector<std::uint8_t> received;
    run_until([&] {
      std::array<std::uint8_t, 4096> buffer{};
      const auto got = server_->read(buffer);
      if (got) received.insert(received.end(), buffer.begin(), buffer.begin() + *got);
      return received.size() >= bytes || (!got && got.error().code == ErrorCode::closed);
    });
    return received;
  }

  void send(const std::vector<std::uint8_t>& bytes) {
    const std::array slices{net::IoSlice{bytes.data(), bytes.size()}};
    ASSERT_EQ(server_->write(slices).value(), bytes.size());
  }

  Lines wait_for_events(std::size_t count) {
    Lines lines;
    run_until([&] {
      for (std::string& line : events_.take()) lines.push_back(std::move(line));
      return lines.size() >= count;
    });
    return lines;
  }

  os::ListeningSocket listener_;
  RecordedLinkEvents link_events_;
  std::unique_ptr<net::Transport> server_;
};

const std::vector<std::uint8_t> connack_v5{0x20, 3, 0, 0, 0};
const std::vector<std::uint8_t> connack_v3{0x20, 2, 0, 0};

TEST_F(LinkToTest, ConnectsPublishesAndLeavesInGoodOrder) {
  start(options());
  accept();
  EXPECT_EQ(receive(2)[0], 0x10);
  send(connack_v5);
  EXPECT_EQ(wait_for_events(1), Lines{"connected"});
  codec::Publish publish = message("a", "x", codec::Qos::at_most_once);
  ASSERT_TRUE(link_->machine().publish(publish, os::monotonic_now()));
  ASSERT_TRUE(link_->machine().disconnect({}, os::monotonic_now()));
  link_->flush(os::monotonic_now());
  EXPECT_EQ(receive(9), (std::vector<std::uint8_t>{0x30, 5, 0, 1, 'a', 0, 'x', 0xE0, 0}));
  EXPECT_FALSE(link_->is_over());
  server_.reset();
  run_until([this] { return link_->is_over(); });
  EXPECT_EQ(link_events_.retries, 0);
}

TEST_F(LinkToTest, NobodyListeningIsToldWithTheAddress) {
  LinkOptions wanted = options();
  listener_.socket.close();
  start(wanted);
  run_until([this] { return link_->is_over(); });
  EXPECT_EQ(link_events_.unreachable, to_string(wanted.connector.endpoints.front()));
  EXPECT_EQ(link_events_.last_error.code, ErrorCode::refused);
}

TEST_F(LinkToTest, SecondEndpointIsTriedWhenTheFirstDoesNotAnswer) {
  LinkOptions wanted = options();
  auto closed = *os::listen_on(*os::SocketAddress::from_ip("127.0.0.1", 0), {});
  wanted.connector.endpoints.insert(
      wanted.connector.endpoints.begin(),
      {.host = "127.0.0.1", .port = closed.address.peer().port, .path = {}});
  closed.socket.close();
  start(wanted);
  accept();
  EXPECT_EQ(receive(2)[0], 0x10);
}

TEST_F(LinkToTest, NextEndpointIsTriedWhereOneDoesNotAcceptTheClient) {
  LinkOptions wanted = options();
  wanted.connector.endpoints.resize(3, wanted.connector.endpoints.front());
  wanted.machine.connect_timeout = 1s;
  start(wanted);
  accept();  // and says nothing
  EXPECT_EQ(wait_for_events(1), Lines{"ended connect_timeout"});
  accept();
  send({0x20, 3, 0, 0x89, 0});
  EXPECT_EQ(wait_for_events(2), (Lines{"refused 137", "ended refused r=137"}));
  accept();
  receive(2);
  send(connack_v5);
  EXPECT_EQ(wait_for_events(1), Lines{"connected"});
  EXPECT_EQ(link_events_.retries, 0);
  server_.reset();
  run_until([this] { return link_->is_over(); });  // a connection that was there is no such case
}

TEST_F(LinkToTest, WaitComesWhenAllEndpointsWereTried) {
  LinkOptions wanted = options();
  wanted.connector.endpoints.resize(2, wanted.connector.endpoints.front());
  wanted.reconnect = Reconnect::always;
  start(wanted);
  for (const int retries_before : {0, 0, 1}) {
    accept();
    EXPECT_EQ(link_events_.retries, retries_before);
    server_.reset();
    EXPECT_EQ(wait_for_events(1), Lines{"ended transport"});
  }
}

TEST_F(LinkToTest, FallsBackToTheOlderVersionWhenTheNewIsRefused) {
  LinkOptions wanted = options();
  wanted.fall_back = FallBack::to_v3_1_1;
  start(wanted);
  accept();
  EXPECT_EQ(receive(9)[8], 5);
  send({0x20, 3, 0, 0x84, 0});
  accept();
  EXPECT_EQ(receive(9)[8], 4);
  send(connack_v3);
  EXPECT_EQ(wait_for_events(1), Lines{"connected"});
  EXPECT_EQ(link_->machine().options().version, codec::Version::v3_1_1);
}

TEST_F(LinkToTest, RefusalWithoutFallBackIsTheEnd) {
  start(options());
  accept();
  send({0x20, 3, 0, 0x84, 0});
  EXPECT_EQ(wait_for_events(2), (Lines{"refused 132", "ended refused r=132"}));
  run_until([this] { return link_->is_over(); });
}

TEST_F(LinkToTest, LostConnectionIsMadeAgainAndTheMessageInFlightSentAgain) {
  LinkOptions wanted = options();
  wanted.reconnect = Reconnect::always;
  wanted.machine.session_loss = SessionLoss::publish_again;
  start(wanted);
  accept();
  receive(2);
  send(connack_v5);
  wait_for_events(1);
  ASSERT_TRUE(
      link_->machine().publish(message("a", "x", codec::Qos::at_least_once), os::monotonic_now()));
  link_->flush(os::monotonic_now());
  server_.reset();
  EXPECT_EQ(wait_for_events(1), Lines{"ended transport"});
  accept();
  EXPECT_GE(link_events_.retries, 1);
  receive(2);
  send(connack_v5);
  EXPECT_EQ(receive(9), (std::vector<std::uint8_t>{0x32, 7, 0, 1, 'a', 0, 1, 0, 'x'}));
  send({0x40, 2, 0, 1});
  EXPECT_EQ(wait_for_events(2), (Lines{"connected", "published 1"}));
}

TEST_F(LinkToTest, StopEndsAnAttemptAtOnce) {
  start(options());
  link_->stop(os::monotonic_now());
  EXPECT_TRUE(link_->is_over());
}

TEST(Backoff, DoublesUpToItsLimitLessARandomPart) {
  Rng rng(7);
  Backoff backoff({.first = 100ms, .most = 400ms, .jitter_percent = 50});
  for (const Duration most : {100ms, 200ms, 400ms, 400ms}) {
    const Duration wait = backoff.next(rng);
    EXPECT_LE(wait, most);
    EXPECT_GE(wait, most / 2);
  }
  backoff.reset();
  EXPECT_LE(backoff.next(rng), Duration(100ms));
}

}  // namespace
}  // namespace sluice::client
