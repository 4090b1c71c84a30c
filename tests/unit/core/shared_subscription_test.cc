// SPDX-License-Identifier: Apache-2.0
// Shared subscriptions: one copy for each group, whatever shards its members live on.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

#include <set>

namespace sluice::testing {
namespace {

class CoreShared : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  InProcessBroker broker_{BrokerSetup{.shards = GetParam()}};
  std::vector<RawClient*> members_;
  RawClient& publisher_ = broker_.connect({.client_id = broker_.client_id_on(0, "p")});

  static Connect kept(std::string id, bool clean_start) {
    return {.client_id = std::move(id),
            .clean_start = clean_start,
            .props = Props().number(PropertyId::session_expiry_interval, 60)};
  }
  std::string id(int i) const {
    return broker_.client_id_on(static_cast<std::uint16_t>(i % GetParam()),
                                "m" + std::to_string(i) + "-");
  }
  void join(int count, const Filter& filter) {
    for (int i = 0; i < count; ++i) {
      members_.push_back(&broker_.connect(kept(id(i), true)));
      members_.back()->send(Subscribe{.packet_id = 1, .filters = {filter}});
      members_.back()->expect(
          Suback{.packet_id = 1, .codes = {static_cast<std::uint8_t>(filter.qos)}});
    }
  }
  void publish(int i, Qos qos) {
    publisher_.send(Publish{.topic = "t",
                            .payload = std::to_string(i),
                            .qos = qos,
                            .packet_id = static_cast<PacketId>(qos == Qos::at_most_once ? 0 : 1)});
    if (qos == qos_1) publisher_.expect(Puback{.packet_id = 1});
    if (qos == qos_2) {
      publisher_.expect(Pubrec{.packet_id = 1});
      publisher_.send(Pubrel{.packet_id = 1});
      publisher_.expect(Pubcomp{.packet_id = 1});
    }
  }
  /// All that a member has been sent; acknowledged if asked.
  static std::vector<std::string> drain(RawClient& member, bool is_acknowledging) {
    std::vector<std::string> payloads;
    while (const auto packet = member.receive()) {
      const auto* got = std::get_if<Publish>(&*packet);
      if (got == nullptr) continue;
      payloads.push_back(got->payload);
      if (is_acknowledging && got->qos == qos_1) member.send(Puback{.packet_id = got->packet_id});
    }
    return payloads;
  }
};

TEST_P(CoreShared, EveryMessageGoesToOneMemberAndTheTurnGoesRound) {
  for (const Qos qos : {Qos::at_most_once, qos_1, qos_2}) {
    members_.clear();
    join(4, {"$share/g/t", qos});
    for (int i = 0; i < 100; ++i) publish(i, qos);
    std::multiset<std::string> all;
    for (RawClient* member : members_) {
      const auto payloads = drain(*member, true);
      EXPECT_NEAR(static_cast<double>(payloads.size()), 25, 5);
      all.insert(payloads.begin(), payloads.end());
      member->send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 0)});
    }
    EXPECT_EQ(all.size(), 100U);
    EXPECT_EQ(std::set<std::string>(all.begin(), all.end()).size(), 100U);
  }
}

TEST_P(CoreShared, GroupsAndPlainSubscriptionsGetACopyEach) {
  join(3, {"$share/g/t", qos_1});
  RawClient& other = broker_.connect({.client_id = "other"});
  other.send(Subscribe{.packet_id = 1, .filters = {{"$share/h/+", qos_1}, {"t", qos_1}}});
  other.expect(Suback{.packet_id = 1, .codes = {1, 1}});
  publish(0, qos_1);
  EXPECT_EQ(drain(other, true).size(), 2U);
  std::size_t in_group = 0;
  for (RawClient* member : members_) in_group += drain(*member, true).size();
  EXPECT_EQ(in_group, 1U);
}

TEST_P(CoreShared, MembersThatAreAwayAreSparedWhileOthersAreThere) {
  join(3, {"$share/g/t", qos_1});
  members_[0]->cut();
  members_[2]->cut();
  for (int i = 0; i < 10; ++i) publish(i, qos_1);
  EXPECT_EQ(drain(*members_[1], true).size(), 10U);
  members_[1]->cut();
  for (int i = 10; i < 20; ++i) publish(i, qos_1);
  std::size_t kept_back = 0;
  for (int i = 0; i < 3; ++i) kept_back += drain(broker_.resume(kept(id(i), false)), true).size();
  EXPECT_EQ(kept_back, 10U);
}

TEST_P(CoreShared, WhatAMemberDidNotAcknowledgeGoesToAnotherWhenItsSessionEnds) {
  join(2, {"$share/g/t", qos_1});
  for (int i = 0; i < 10; ++i) publish(i, qos_1);
  const auto lost = drain(*members_[0], false);
  EXPECT_EQ(lost.size(), 5U);
  EXPECT_EQ(drain(*members_[1], true).size(), 5U);
  members_[0]->send(Disconnect{.props = Props().number(PropertyId::session_expiry_interval, 0)});
  const auto passed_on = drain(*members_[1], true);
  EXPECT_EQ(std::set<std::string>(passed_on.begin(), passed_on.end()),
            std::set<std::string>(lost.begin(), lost.end()));
}

TEST_P(CoreShared, AMemberThatLeavesTheGroupGetsNoMore) {
  join(2, {"$share/g/t", qos_1});
  members_[0]->send(Unsubscribe{.packet_id = 5, .filters = {"$share/g/t"}});
  members_[0]->expect(Unsuback{.packet_id = 5, .codes = {0}});
  for (int i = 0; i < 4; ++i) publish(i, qos_1);
  EXPECT_EQ(drain(*members_[0], true).size(), 0U);
  EXPECT_EQ(drain(*members_[1], true).size(), 4U);
}

TEST_P(CoreShared, OlderVersionsMayShareUnlessTheOptionSaysNo) {
  for (const bool is_allowed : {true, false}) {
    BrokerSetup setup{.shards = GetParam()};
    setup.options.mqtt.shared_subscriptions_v3 = is_allowed;
    InProcessBroker broker(setup);
    RawClient& three = broker.connect({.version = Version::v3_1_1, .client_id = "a"});
    three.send(Subscribe{.packet_id = 1, .filters = {{"$share/g/t", qos_1}}});
    three.expect(
        Suback{.packet_id = 1, .codes = {static_cast<std::uint8_t>(is_allowed ? 1 : 0x80)}});
  }
}

TEST_P(CoreShared, NoLocalOnASharedSubscriptionIsAProtocolError) {
  RawClient& client = broker_.connect({.client_id = "x"});
  client.send(Subscribe{.packet_id = 1, .filters = {{.filter = "$share/g/t", .no_local = true}}});
  client.expect_disconnect(ReasonCode::protocol_error);
}

INSTANTIATE_TEST_SUITE_P(Shards, CoreShared, ::testing::Values(1, 3));

}  // namespace
}  // namespace sluice::testing
