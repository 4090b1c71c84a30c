// SPDX-License-Identifier: Apache-2.0
//
// Servers that name others: which are gone to, how often, and what becomes of it later.
#include "client/link.h"
#include "net/transport/registry.h"
#include "os/clock.h"
#include "os/socket/listening_socket.h"
#include "tests/unit/client/looped_link.h"

#include <gtest/gtest.h>

#include <array>
#include <optional>

namespace sluice::client {
namespace {

constexpr std::uint8_t use_another = 0x9C;
constexpr std::uint8_t moved = 0x9D;

class LinkEventsSeen : public LinkEvents {
 public:
  void on_unreachable(const Endpoint&, const Error&) override { ++unreachable; }
  void on_retry(Duration) override { ++retries; }
  void on_referred(const Endpoint& endpoint) override { referred.push_back(to_string(endpoint)); }

  int unreachable = 0;
  int retries = 0;
  std::vector<std::string> referred;
};

/// A place of the test's own on loopback, where the test is the server.
class Place {
 public:
  std::string name() const { return listening_.address.text(); }
  std::uint16_t port() const { return listening_.address.peer().port; }
  void close() { listening_.socket.close(); }
  bool accept() {
    auto accepted = os::accept_from(listening_.socket.get());
    if (!accepted) return false;
    peer_ = net::find_transport("mqtt")->wrap(std::move(accepted->socket), accepted->peer, {});
    return true;
  }
  void send(const std::vector<std::uint8_t>& bytes) {
    const std::array slices{net::IoSlice{bytes.data(), bytes.size()}};
    ASSERT_EQ(peer_->write(slices).value(), bytes.size());
  }
  void hang_up() { peer_.reset(); }

  /// A CONNACK (0x20) or DISCONNECT (0xE0) with that reason and a Server Reference.
  void refer(std::uint8_t kind, std::uint8_t reason, const std::string& to) {
    std::vector<std::uint8_t> body;
    if (kind == 0x20) body.push_back(0);
    body.push_back(reason);
    const auto bytes = static_cast<std::uint8_t>(to.size());
    for (const int byte : {bytes + 3, 0x1C, 0, static_cast<int>(bytes)})
      body.push_back(static_cast<std::uint8_t>(byte));
    body.insert(body.end(), to.begin(), to.end());
    body.insert(body.begin(), {kind, static_cast<std::uint8_t>(body.size())});
    send(body);
  }
  void take_in() { send({0x20, 3, 0, 0, 0}); }

 private:
  os::ListeningSocket listening_ = *os::listen_on(*os::SocketAddress::from_ip("127.0.0.1", 0), {});
  std::unique_ptr<net::Transport> peer_;
};

class ServerReference : public LoopedLink {
 protected:
  LinkOptions options(unsigned references) const {
    LinkOptions options;
    options.connector.endpoints.push_back({.host = "127.0.0.1", .port = home_.port(), .path = {}});
    options.backoff = {.first = 1ms, .most = 1ms};
    options.machine.client_id = "c";
    options.server_references_max = references;
    return options;
  }

  void start(LinkOptions options) { LoopedLink::start(std::move(options), seen_); }

  void run_until_at(Place& place) {
    run_until([&place] { return place.accept(); });
  }
  void run_until_told(const std::string& line) {
    bool is_there = false;
    run_until([&] {
      for (const std::string& told : events_.take()) is_there |= told == line;
      return is_there;
    });
  }

  Place home_;
  Place other_;
  LinkEventsSeen seen_;
};

TEST_F(ServerReference, OfARefusalIsGoneToAtOnce) {
  for (const std::uint8_t reason : {use_another, moved}) {
    start(options(1));
    run_until_at(home_);
    home_.refer(0x20, reason, other_.name());
    run_until_at(other_);
    other_.take_in();
    run_until_told("connected");
    EXPECT_EQ(to_string(link_->endpoint()), other_.name());
  }
  EXPECT_EQ(seen_.referred, (std::vector{other_.name(), other_.name()}));
  EXPECT_EQ(seen_.retries, 0);
}

TEST_F(ServerReference, IsNotFollowedWhereThatIsNotAskedFor) {
  start(options(0));
  run_until_at(home_);
  home_.refer(0x20, moved, other_.name());
  run_until([this] { return link_->is_over(); });
  EXPECT_TRUE(seen_.referred.empty());
}

TEST_F(ServerReference, OfAnotherReasonIsNotFollowed) {
  start(options(1));
  run_until_at(home_);
  home_.refer(0x20, 0x89, other_.name());
  run_until([this] { return link_->is_over(); });
  EXPECT_TRUE(seen_.referred.empty());
}

TEST_F(ServerReference, IsFollowedSoManyTimesInARow) {
  start(options(3));
  for (int at = 0; at < 4; ++at) {
    run_until_at(home_);
    home_.refer(0x20, use_another, home_.name());
  }
  run_until([this] { return link_->is_over(); });
  EXPECT_EQ(seen_.referred.size(), 3U);
}

TEST_F(ServerReference, CircleOfServersThatAcceptAndSendAwayIsLeftForAWait) {
  LinkOptions wanted = options(2);
  wanted.reconnect = Reconnect::always;
  start(wanted);
  for (int at = 0; at < 3; ++at) {
    Place& place = at % 2 == 0 ? home_ : other_;
    run_until_at(place);
    place.take_in();
    run_until_told("connected");
    EXPECT_EQ(seen_.retries, 0);
    place.refer(0xE0, use_another, at % 2 == 0 ? other_.name() : home_.name());
  }
  run_until_at(home_);  // not the other one, which the third reference names
  EXPECT_EQ(seen_.retries, 1);
}

TEST_F(ServerReference, ServerForATimeIsForgottenWithItsConnection) {
  LinkOptions wanted = options(1);
  wanted.reconnect = Reconnect::always;
  start(wanted);
  run_until_at(home_);
  home_.take_in();
  run_until_told("connected");
  home_.refer(0xE0, use_another, other_.name());
  run_until_at(other_);
  other_.take_in();
  run_until_told("connected");
  other_.hang_up();
  run_until_at(home_);
}

TEST_F(ServerReference, ServerThatMovedIsStayedWithUntilItIsGone) {
  LinkOptions wanted = options(1);
  wanted.reconnect = Reconnect::always;
  start(wanted);
  run_until_at(home_);
  home_.refer(0x20, moved, other_.name());
  for (int at = 0; at < 3; ++at) {
    run_until_at(other_);
    other_.take_in();
    run_until_told("connected");
    EXPECT_EQ(seen_.retries, at);
    if (at == 2) other_.close();
    other_.hang_up();
  }
  run_until_at(home_);
  EXPECT_EQ(seen_.unreachable, 1);
}

TEST_F(ServerReference, DeadServerThatIsNamedLeadsHomeAfterAWait) {
  LinkOptions wanted = options(4);
  wanted.reconnect = Reconnect::always;
  other_.close();
  start(wanted);
  run_until_at(home_);
  home_.refer(0x20, moved, other_.name());
  run_until_at(home_);
  EXPECT_EQ(seen_.unreachable, 1);
  EXPECT_EQ(seen_.retries, 1);
}

TEST_F(ServerReference, ClientThatIsToStopGoesNowhere) {
  start(options(4));
  run_until_at(home_);
  link_->set_reconnect(Reconnect::never);
  home_.refer(0x20, moved, other_.name());
  run_until([this] { return link_->is_over(); });
  EXPECT_TRUE(seen_.referred.empty());
}

TEST(ServerReferenceText, NamesHostsThatAreReachedAsTheServerWas) {
  const Endpoint tls{.scheme = net::Scheme::tls, .host = "a", .port = 9999, .path = {}};
  const Endpoint web{.scheme = net::Scheme::ws, .host = "a", .port = 9999, .path = "/way"};
  const Endpoint local{
      .scheme = net::Scheme::unix_socket, .host = {}, .port = 0, .path = "/run/sluice.sock"};
  struct Row {
    std::string text;
    std::vector<std::string> places;
  };
  const Row rows[] = {
      {"b.example", {"b.example:8883"}},
      {"b.example:1884 10.0.0.7 [fe80::1]:77", {"b.example:1884", "10.0.0.7:8883", "[fe80::1]:77"}},
      {" b  c ", {"b:8883", "c:8883"}},
      {"", {}},
      {"   ", {}},
      {"* b:0 b:99999 mqtt://b b/x b\r\nX:y [::1", {}},
      {"bad:x good", {"good:8883"}},
  };
  for (const Row& row : rows) {
    std::vector<std::string> places;
    for (const Endpoint& endpoint : endpoints_of_reference(row.text, tls)) {
      EXPECT_EQ(endpoint.scheme, net::Scheme::tls);
      places.push_back(to_string(endpoint));
    }
    EXPECT_EQ(places, row.places) << row.text;
  }
  const auto over_web = endpoints_of_reference("b", web);
  ASSERT_EQ(over_web.size(), 1U);
  EXPECT_EQ(to_string(over_web[0]) + over_web[0].path, "b:80/way");
  EXPECT_TRUE(endpoints_of_reference("b", local).empty());
  std::string many;
  for (int at = 0; at < 100; ++at) many += "b ";
  EXPECT_EQ(endpoints_of_reference(many, tls).size(), references_max);
}

}  // namespace
}  // namespace sluice::client
