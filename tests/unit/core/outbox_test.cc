// SPDX-License-Identifier: Apache-2.0
// Messages between two shards, each with a log of its own, and a crash at every point between them.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

namespace sluice::testing {
namespace {

class CoreOutbox : public ::testing::Test {
 protected:
  InProcessBroker broker_{
      BrokerSetup{.shards = 2, .has_log = true, .log_answers = LogAnswers::later}};
  const std::string from_ = broker_.client_id_on(0, "from");
  const std::string to_ = broker_.client_id_on(1, "to");

  Connect kept(const std::string& id) const {
    return {.version = Version::v3_1_1, .client_id = id, .clean_start = false};
  }
  // Everything that waits for a log, until nothing does.
  void answer_all() {
    for (int i = 0; i < 5; ++i) broker_.answer_log();
  }
  void answer(std::uint16_t shard) {
    broker_.driver(shard).answer_log(broker_.driver(shard).waiting_log_batches());
    broker_.run();
  }
  RawClient& come(const std::string& id, bool is_present = true) {
    RawClient& client = broker_.open();
    client.send(kept(id));
    answer_all();
    client.expect(Connack{.session_present = is_present});
    return client;
  }
  void subscribe_and_leave(const std::string& filter, Qos qos) {
    RawClient& client = come(to_, false);
    client.send(Subscribe{.packet_id = 1, .filters = {{filter, qos}}});
    answer_all();
    client.take<Suback>();
    client.cut();
    answer_all();
  }
  void expect_once(const Publish& publish) {
    RawClient& client = come(to_);
    client.expect(publish);
    client.expect_nothing();
  }
};

TEST_F(CoreOutbox, WhatOneLogHasAcknowledgedReachesTheOtherThoughItsMailIsLost) {
  subscribe_and_leave("t", qos_1);
  RawClient& from = come(from_, false);
  broker_.hold_mail(0, 1);
  from.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  from.expect_nothing();
  answer(0);
  from.expect(Puback{.packet_id = 1});
  EXPECT_GT(broker_.metrics(0).outbox_bytes, 0U);
  broker_.crash();
  answer_all();
  expect_once({.topic = "t", .payload = "x", .qos = qos_1});
  EXPECT_EQ(broker_.metrics(0).outbox_bytes, 0U);
}

TEST_F(CoreOutbox, WhatTheOtherLogHasIsNotTakenTwice) {
  subscribe_and_leave("t", qos_2);
  RawClient& from = come(from_, false);
  broker_.hold_mail(1, 0);  // the sender does not hear of it
  from.send(Publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1});
  answer_all();
  from.expect(Pubrec{.packet_id = 1});
  broker_.crash();
  answer_all();
  expect_once({.topic = "t", .payload = "x", .qos = qos_2});
  broker_.crash();
  answer_all();
  RawClient& again = come(to_);
  again.take<Publish>();
  again.expect_nothing();
}

TEST_F(CoreOutbox, QoS2LeavesOnlyWhenTheSendersLogHasIt) {
  subscribe_and_leave("t", qos_2);
  RawClient& from = come(from_, false);
  const Publish publish{.topic = "t", .payload = "x", .qos = qos_2, .packet_id = 1};
  from.send(publish);
  answer(1);
  EXPECT_EQ(broker_.metrics(1).queue_messages, 0U);
  broker_.crash();
  answer_all();
  // It was not answered, and so it comes again.
  RawClient& again = come(from_);
  again.send(publish);
  answer_all();
  again.expect(Pubrec{.packet_id = 1});
  expect_once(publish);
}

TEST_F(CoreOutbox, WhatComesBehindAQoS2MessageDoesNotOvertakeIt) {
  subscribe_and_leave("t", qos_2);
  const std::string topic = broker_.topic_on(1, "t/r");
  RawClient& from = come(from_, false);
  from.send(
      Publish{.topic = topic, .payload = "old", .qos = qos_2, .retain = true, .packet_id = 1},
      Publish{.topic = topic, .payload = "new", .qos = qos_1, .retain = true, .packet_id = 2});
  answer_all();
  RawClient& reader = broker_.connect({.client_id = "reader"});
  reader.send(Subscribe{.packet_id = 1, .filters = {{topic, qos_1}}});
  reader.take<Suback>();
  reader.expect(Publish{.topic = topic, .payload = "new", .qos = qos_1, .retain = true});
}

TEST_F(CoreOutbox, ARetainedMessageReachesItsOwner) {
  const std::string topic = broker_.topic_on(1, "r");
  RawClient& from = come(from_, false);
  broker_.hold_mail(0, 1);
  from.send(Publish{.topic = topic, .payload = "x", .qos = qos_1, .retain = true, .packet_id = 1});
  answer_all();
  from.expect(Puback{.packet_id = 1});
  broker_.crash();
  answer_all();
  EXPECT_EQ(broker_.metrics(1).retained_messages, 1U);
}

TEST_F(CoreOutbox, ARetainedMessageThatIsAcknowledgedIsKeptThoughTheOwnersDiskIsFull) {
  const std::string topic = broker_.topic_on(1, "r");
  RawClient& from = come(from_, false);
  broker_.driver(1).shard().set_log_state(core::LogState::full);
  from.send(Publish{.topic = topic, .payload = "x", .qos = qos_1, .retain = true, .packet_id = 1});
  answer_all();
  from.expect(Puback{.packet_id = 1});
  EXPECT_EQ(broker_.metrics(1).retained_messages, 1U);
}

TEST_F(CoreOutbox, ASubscribersQuestionDoesNotOvertakeARetainedMessageThatWaitsForTheLog) {
  const std::string topic = broker_.topic_on(1, "r");
  RawClient& from = come(from_, false);
  from.send(
      Publish{.topic = topic, .payload = "old", .qos = qos_2, .retain = true, .packet_id = 1});
  answer_all();
  from.expect(Pubrec{.packet_id = 1});
  from.send(
      Publish{.topic = topic, .payload = "new", .qos = qos_2, .retain = true, .packet_id = 2});
  RawClient& reader = broker_.connect({.client_id = broker_.client_id_on(0, "reader")});
  reader.send(Subscribe{.packet_id = 1, .filters = {{topic, qos_1}}});
  reader.take<Suback>();
  reader.expect_nothing();
  answer_all();
  reader.expect(Publish{.topic = topic, .payload = "new", .qos = qos_1, .retain = true});
  reader.expect_nothing();
}

TEST_F(CoreOutbox, AMemberOfAGroupGetsItsMessage) {
  subscribe_and_leave("$share/g/t", qos_1);
  RawClient& from = come(from_, false);
  broker_.hold_mail(0, 1);
  from.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  answer_all();
  from.expect(Puback{.packet_id = 1});
  broker_.crash();
  answer_all();
  expect_once({.topic = "t", .payload = "x", .qos = qos_1});
}

// The shard that picks the next member knew of the message that it had sent, but not who gets it.
TEST_F(CoreOutbox, TheTurnOfAGroupGoesOnBehindWhoeverGetsWhatIsSentAgain) {
  const std::string other = broker_.client_id_on(1, "other");
  for (const std::string& id : {to_, other}) {
    RawClient& client = come(id, false);
    client.send(Subscribe{.packet_id = 1, .filters = {{"$share/g/t", qos_1}}});
    answer_all();
    client.take<Suback>();
    client.cut();
    answer_all();
  }
  const auto publish = [&](const std::string& payload) {
    RawClient& from = broker_.connect({.client_id = from_});
    from.send(Publish{.topic = "t", .payload = payload, .qos = qos_1, .packet_id = 1});
    answer_all();
    from.expect(Puback{.packet_id = 1});
    from.cut();
  };
  broker_.hold_mail(0, 1);
  publish("a");
  broker_.crash();
  answer_all();
  publish("b");
  for (const std::string& id : {to_, other}) {
    RawClient& client = come(id);
    client.take<Publish>();
    client.expect_nothing();
  }
}

TEST_F(CoreOutbox, WhereNobodyKeepsMessagesNothingIsLogged) {
  RawClient& to = broker_.connect({.client_id = to_}, 1);
  to.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  to.take<Suback>();
  RawClient& from = broker_.connect({.client_id = from_});
  const auto batches = broker_.driver(0).log_batches() + broker_.driver(1).log_batches();
  from.send(Publish{.topic = "t", .payload = "x", .qos = qos_1, .packet_id = 1});
  from.expect(Puback{.packet_id = 1});
  to.take<Publish>();
  EXPECT_EQ(broker_.driver(0).log_batches() + broker_.driver(1).log_batches(), batches);
}

TEST(CoreOutboxLimit, AtItClientsAreNotReadUntilTheOtherLogHasCaughtUp) {
  BrokerSetup setup{.shards = 2, .has_log = true};
  setup.options.limits.outbox_bytes_max = 4'096;
  InProcessBroker broker(setup);
  RawClient& to = broker.connect({.version = Version::v3_1_1,
                                  .client_id = broker.client_id_on(1, "to"),
                                  .clean_start = false});
  to.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  to.take<Suback>();
  RawClient& from = broker.connect({.client_id = broker.client_id_on(0, "from")});
  broker.hold_mail(1, 0);
  const std::string payload(3'000, 'x');
  from.send(Publish{.topic = "t", .payload = payload, .qos = qos_1, .packet_id = 1});
  from.expect(Puback{.packet_id = 1});
  from.send(Publish{.topic = "t", .payload = payload, .qos = qos_1, .packet_id = 2});
  from.expect_nothing();
  broker.release_mail(1, 0);
  from.expect(Puback{.packet_id = 2});
}

// Else they could subscribe again, and get from the owner what was retained before.
TEST(CoreOutboxOfThree, WhatIsToBeRetainedIsNotLiveBeforeItsOwnerCanHaveIt) {
  InProcessBroker broker(
      BrokerSetup{.shards = 3, .has_log = true, .log_answers = LogAnswers::later});
  const auto client_on = [&](std::uint16_t shard, std::string_view name) -> RawClient& {
    return broker.connect({.client_id = broker.client_id_on(shard, name)});
  };
  const std::string topic = broker.topic_on(1, "t");
  RawClient& from = client_on(0, "from");
  RawClient& to = client_on(2, "to");
  to.send(Subscribe{.packet_id = 1, .filters = {{topic, qos_2}}});
  to.take<Suback>();
  from.send(Publish{.topic = topic, .payload = "2", .qos = qos_2, .retain = true, .packet_id = 1});
  from.send(Publish{.topic = topic, .payload = "1", .qos = qos_1, .retain = true, .packet_id = 2});
  from.send(Publish{.topic = topic, .payload = "0", .retain = true});
  to.expect_nothing();
  for (int i = 0; i < 5; ++i) broker.answer_log();
  for (const std::string payload : {"2", "1", "0"}) EXPECT_EQ(to.take<Publish>().payload, payload);
}

}  // namespace
}  // namespace sluice::testing
