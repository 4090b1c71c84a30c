// SPDX-License-Identifier: Apache-2.0
// What a listener says of its clients, and what a client's transport has proved.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

constexpr core::EntranceId certified{0};
constexpr core::EntranceId narrow{1};
constexpr core::EntranceId open{2};

/// Remembers for whom it was asked.
class NotedRules final : public core::AccessRules {
 public:
  std::unique_ptr<core::Permit> permit(const core::Principal& principal,
                                       std::string_view) const override {
    seen = principal;
    return std::make_unique<All>();
  }
  mutable core::Principal seen;

 private:
  struct All final : core::Permit {
    bool can_publish(const core::PublishIntent&) const override { return true; }
    bool can_receive(std::string_view) const override { return true; }
    std::optional<Qos> can_subscribe(std::string_view, Qos asked) const override { return asked; }
  };
};

class CoreEntrance : public ::testing::Test {
 protected:
  CoreEntrance() { broker.set_access({.rules = &rules, .generation = 1, .entrances = &entrances}); }

  NotedRules rules;
  const std::vector<core::Entrance> entrances{
      {.name = "certified", .is_anonymous_allowed = false},
      {.name = "narrow", .versions = core::bit_of(Version::v5), .packet_bytes_max = 100},
      {.name = "open"}};
  InProcessBroker broker{{.shards = 2}};
};

TEST_F(CoreEntrance, WhoHasProvedANameIsTheUserOfThatNameOnWhateverShard) {
  for (std::uint16_t home = 0; home < 2; ++home) {
    RawClient& client = broker.open_by(certified, "device-1");
    client.send(Connect{.client_id = broker.client_id_on(home), .user_name = "somebody"});
    client.take<Connack>();
    EXPECT_EQ(rules.seen.user, "device-1");
    EXPECT_EQ(rules.seen.identity, "device-1");
    EXPECT_EQ(rules.seen.listener, "certified");
  }
}

TEST_F(CoreEntrance, WithoutANameNobodyPassesWhereOneIsAskedFor) {
  RawClient& client = broker.open_by(certified, {});
  client.send(Connect{.client_id = broker.client_id_on(0)});
  EXPECT_EQ(client.take<Connack>().code, static_cast<std::uint8_t>(ReasonCode::not_authorized));
  client.expect_closed();
}

TEST_F(CoreEntrance, APasswordThatWasCheckedNamesTheUserAndTheCertificateStaysKnown) {
  broker.set_access(
      {.rules = &rules, .generation = 2, .is_authenticating = true, .entrances = &entrances});
  RawClient& client = broker.open_by(certified, "device-1");
  client.send(
      Connect{.client_id = broker.client_id_on(0), .user_name = "ann", .password = "secret"});
  const core::AuthRequest request = broker.take_auth_request();
  EXPECT_EQ(request.identity, "device-1");
  EXPECT_EQ(request.listener, "certified");
  core::AuthAnswer answer;
  answer.code = ReasonCode::success;
  answer.principal.user = "ann";
  broker.answer_auth(request.conn, std::move(answer));
  client.take<Connack>();
  EXPECT_EQ(rules.seen.user, "ann");
  EXPECT_EQ(rules.seen.identity, "device-1");
}

TEST_F(CoreEntrance, ASessionBelongsToTheNameThatBeganIt) {
  const std::string id = broker.client_id_on(0);
  RawClient& first = broker.open_by(certified, "device-1");
  first.send(Connect{.client_id = id});
  first.take<Connack>();
  RawClient& second = broker.open_by(certified, "device-2");
  second.send(Connect{.client_id = id});
  EXPECT_EQ(second.take<Connack>().code,
            static_cast<std::uint8_t>(ReasonCode::client_identifier_not_valid));
  first.send(Pingreq{});
  first.expect(Pingresp{});
}

TEST_F(CoreEntrance, VersionsThatAListenerDoesNotSpeakAreRefused) {
  RawClient& old = broker.open_by(narrow, {});
  old.send(Connect{.version = Version::v3_1_1, .client_id = broker.client_id_on(0)});
  EXPECT_EQ(old.take<Connack>().code, 1);
  old.expect_closed();
  RawClient& five = broker.open_by(narrow, {});
  five.send(Connect{.client_id = broker.client_id_on(0)});
  EXPECT_EQ(five.take<Connack>().code, 0);
}

TEST_F(CoreEntrance, APacketAboveTheListenersLimitIsRefused) {
  RawClient& client = broker.open_by(narrow, {});
  client.send(Connect{.client_id = broker.client_id_on(0)});
  client.take<Connack>();
  client.send(Publish{.topic = "t", .payload = std::string(90, 'x')});
  client.send(Pingreq{});
  client.expect(Pingresp{});
  client.send(Publish{.topic = "t", .payload = std::string(100, 'x')});
  client.expect(Disconnect{.reason = ReasonCode::packet_too_large});
  client.expect_closed();
}

TEST_F(CoreEntrance, ARightThatEndsEndsTheConnection) {
  broker.set_access(
      {.rules = nullptr, .generation = 2, .is_authenticating = true, .entrances = &entrances});
  RawClient& client = broker.open_by(open, {});
  client.send(Connect{.client_id = broker.client_id_on(0), .user_name = "a", .password = "token"});
  core::AuthAnswer answer;
  answer.code = ReasonCode::success;
  answer.principal.user = "a";
  answer.principal.valid_until = broker.now() + 30s;
  broker.answer_auth(broker.take_auth_request().conn, std::move(answer));
  client.take<Connack>();
  broker.advance(29s);
  client.expect_nothing();
  broker.advance(2s);
  client.expect(Disconnect{.reason = ReasonCode::not_authorized});
  client.expect_closed();
}

}  // namespace
}  // namespace sluice::testing
