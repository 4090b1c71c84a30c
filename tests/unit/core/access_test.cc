// SPDX-License-Identifier: Apache-2.0
// Rules at every place where a message passes: published, subscribed, delivered, stored, retained.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

#include <functional>

namespace sluice::testing {
namespace {

/// Rules by a function of client id and topic.
class RulesOfTest final : public core::AccessRules {
 public:
  using May = std::function<bool(std::string_view, std::string_view)>;
  May publish = [](auto, auto) { return true; };
  May receive = [](auto, auto) { return true; };
  May subscribe = [](auto, auto) { return true; };
  Qos granted = Qos::exactly_once;

  std::unique_ptr<core::Permit> permit(const core::Principal&,
                                       std::string_view client_id) const override {
    return std::make_unique<PermitOfTest>(*this, client_id);
  }

 private:
  struct PermitOfTest final : core::Permit {
    PermitOfTest(const RulesOfTest& r, std::string_view c) : rules(r), client(c) {}
    bool can_publish(const core::PublishIntent& intent) const override {
      return rules.publish(client, intent.topic);
    }
    bool can_receive(std::string_view topic) const override { return rules.receive(client, topic); }
    std::optional<Qos> can_subscribe(std::string_view filter, Qos asked) const override {
      if (!rules.subscribe(client, filter)) return std::nullopt;
      return std::min(asked, rules.granted);
    }
    const RulesOfTest& rules;
    std::string client;
  };
};

bool is_secret(std::string_view, std::string_view topic) { return topic.starts_with("secret"); }
bool is_plain(std::string_view client, std::string_view topic) { return !is_secret(client, topic); }

class CoreAccess : public ::testing::Test {
 protected:
  CoreAccess() { use(open); }
  void use(const RulesOfTest& rules) { broker.set_access({&rules, ++generation}); }

  RulesOfTest open;
  std::uint32_t generation = 0;
  InProcessBroker broker;
};

TEST_F(CoreAccess, ARefusedPublishIsToldToMqtt5AndDroppedForOthers) {
  RulesOfTest rules;
  rules.publish = is_plain;
  use(rules);
  RawClient& reader = broker.connect({.client_id = "reader"});
  reader.send(Subscribe{.filters = {{"#"}}});
  reader.take<Suback>();
  RawClient& five = broker.connect({.client_id = "five"});
  five.send(Publish{.topic = "secret", .qos = Qos::at_least_once, .packet_id = 1});
  five.expect(Puback{1, ReasonCode::not_authorized});
  five.send(Publish{.topic = "secret", .qos = Qos::exactly_once, .packet_id = 2});
  five.expect(Pubrec{2, ReasonCode::not_authorized});
  RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "three"});
  three.send(Publish{.topic = "secret", .qos = Qos::at_least_once, .packet_id = 1});
  three.expect(Puback{1});
  three.send(Publish{.topic = "secret"});
  reader.expect_nothing();
  EXPECT_EQ(broker.metrics().messages_dropped_not_authorized, 4U);
  five.send(Publish{.topic = "plain"});
  reader.expect(Publish{.topic = "plain"});
}

TEST(CoreAccessOption, ARefusedPublishMayCloseAnOldClient) {
  core::CoreOptions options;
  options.access.refused_publish = core::CoreOptions::Access::RefusedPublish::close;
  InProcessBroker broker({.options = options});
  RulesOfTest rules;
  rules.publish = is_plain;
  broker.set_access({&rules, 1});
  RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "three"});
  three.send(Publish{.topic = "secret"});
  three.expect_closed();
  RawClient& five = broker.connect({.client_id = "five"});
  five.send(Publish{.topic = "secret", .qos = Qos::at_least_once, .packet_id = 1});
  five.expect(Puback{1, ReasonCode::not_authorized});
}

TEST_F(CoreAccess, EachFilterOfASubscribeIsAnsweredByItself) {
  RulesOfTest rules;
  rules.subscribe = is_plain;
  rules.granted = Qos::at_least_once;
  use(rules);
  RawClient& five = broker.connect({.client_id = "five"});
  five.send(Subscribe{.filters = {{"plain", Qos::exactly_once},
                                  {"secret/#"},
                                  {"$share/g/secret"},
                                  {"$share/g/plain", Qos::at_most_once}}});
  five.expect(Suback{.codes = {1, 0x87, 0x87, 0}});
  RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "three"});
  three.send(Subscribe{.filters = {{"plain"}, {"secret"}}});
  three.expect(Suback{.codes = {0, 0x80}});
}

TEST_F(CoreAccess, AMessageIsNotDeliveredToWhoMayNotReceiveIt) {
  RulesOfTest rules;
  rules.receive = is_plain;
  use(rules);
  RawClient& reader = broker.connect({.client_id = "reader"});
  reader.send(Subscribe{.filters = {{"#", Qos::at_least_once}}});
  reader.take<Suback>();
  RawClient& writer = broker.connect({.client_id = "writer"});
  writer.send(Publish{.topic = "secret/1"},
              Publish{.topic = "secret/2", .qos = Qos::at_least_once, .packet_id = 1},
              Publish{.topic = "plain"});
  reader.expect(Publish{.topic = "plain"});
  reader.expect_nothing();
}

TEST_F(CoreAccess, ASharedMessageGoesToAMemberThatMayHaveIt) {
  RulesOfTest rules;
  rules.receive = [](std::string_view client, std::string_view) { return client != "bad"; };
  use(rules);
  RawClient& bad = broker.connect({.client_id = "bad"});
  RawClient& good = broker.connect({.client_id = "good"});
  for (RawClient* member : {&bad, &good}) {
    member->send(Subscribe{.filters = {{"$share/g/t"}}});
    member->take<Suback>();
  }
  RawClient& writer = broker.connect({.client_id = "writer"});
  for (int i = 0; i < 6; ++i) writer.send(Publish{.topic = "t"});
  for (int i = 0; i < 6; ++i) good.expect(Publish{.topic = "t"});
  bad.expect_nothing();
}

TEST_F(CoreAccess, ARevokedRightStopsLiveStoredAndRetainedMessages) {
  const Connect kept{.version = Version::v3_1_1, .client_id = "kept", .clean_start = false};
  RawClient& live = broker.connect({.client_id = "live"});
  live.send(Subscribe{.filters = {{"#"}}});
  live.take<Suback>();
  RawClient& away = broker.connect(kept);
  away.send(Subscribe{.filters = {{"#", Qos::at_least_once}}});
  away.take<Suback>();
  away.cut();
  RawClient& writer = broker.connect({.client_id = "writer"});
  writer.send(Publish{.topic = "secret", .qos = Qos::at_least_once, .retain = true, .packet_id = 1},
              Publish{.topic = "plain", .qos = Qos::at_least_once, .packet_id = 2});
  live.expect(Publish{.topic = "secret"});
  live.expect(Publish{.topic = "plain"});

  RulesOfTest revoked;
  revoked.receive = is_plain;
  use(revoked);
  writer.send(Publish{.topic = "secret", .payload = "2"});
  live.expect_nothing();
  RawClient& back = broker.resume(kept);
  back.expect(Publish{.topic = "plain", .qos = Qos::at_least_once});
  back.expect_nothing();
  RawClient& later = broker.connect({.client_id = "later"});
  later.send(Subscribe{.filters = {{"#"}}});
  later.take<Suback>();
  later.expect_nothing();  // not even what is retained
}

TEST_F(CoreAccess, WhatWasSentAndNotAcknowledgedIsNotSentAgainOnceItIsRevoked) {
  const Connect kept{.version = Version::v3_1_1, .client_id = "kept", .clean_start = false};
  RawClient& first = broker.connect(kept);
  first.send(Subscribe{.filters = {{"#", Qos::exactly_once}}});
  first.take<Suback>();
  RawClient& writer = broker.connect({.client_id = "writer"});
  writer.send(Publish{.topic = "secret", .qos = Qos::at_least_once, .packet_id = 1},
              Publish{.topic = "secret", .qos = Qos::exactly_once, .packet_id = 2},
              Publish{.topic = "plain", .qos = Qos::at_least_once, .packet_id = 3});
  for (int i = 0; i < 3; ++i) first.take<Publish>();
  first.cut();
  RulesOfTest revoked;
  revoked.receive = is_plain;
  use(revoked);
  RawClient& back = broker.resume(kept);
  back.expect(Publish{.topic = "plain", .qos = Qos::at_least_once, .dup = true});
  back.expect_nothing();
  EXPECT_EQ(broker.metrics().inflight_messages, 1U);
}

TEST_F(CoreAccess, AWillThatNoRuleAllowsIsRefusedAtConnect) {
  RulesOfTest rules;
  rules.publish = is_plain;
  use(rules);
  RawClient& client = broker.open();
  client.send(Connect{.client_id = "a", .will = Will{.topic = "secret"}});
  client.expect(Connack{.code = 0x87});
  client.expect_closed();
}

TEST_F(CoreAccess, AWillWhoseRightWasRevokedIsNotPublished) {
  RawClient& reader = broker.connect({.client_id = "reader"});
  reader.send(Subscribe{.filters = {{"#"}}});
  reader.take<Suback>();
  RawClient& client = broker.connect({.client_id = "a", .will = Will{.topic = "secret"}});
  RulesOfTest rules;
  rules.publish = is_plain;
  use(rules);
  client.cut();
  reader.expect_nothing();
}

TEST_F(CoreAccess, RulesThatAreTakenAwayLetEverythingThrough) {
  RulesOfTest rules;
  rules.publish = is_secret;
  use(rules);
  RawClient& client = broker.connect({.client_id = "a"});
  client.send(Publish{.topic = "plain", .qos = Qos::at_least_once, .packet_id = 1});
  client.expect(Puback{1, ReasonCode::not_authorized});
  broker.set_access({});
  client.send(Publish{.topic = "plain", .qos = Qos::at_least_once, .packet_id = 2});
  client.expect(Puback{2, ReasonCode::no_matching_subscribers});
}

}  // namespace
}  // namespace sluice::testing
