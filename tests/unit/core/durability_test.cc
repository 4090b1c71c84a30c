// SPDX-License-Identifier: Apache-2.0
// Topics and listeners that are kept less safely than the rest.
#include "tests/support/in_process_broker.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace sluice::testing {
namespace {

constexpr core::EntranceId safe{0};
constexpr core::EntranceId for_os{1};
constexpr core::EntranceId in_memory{2};

core::DurabilityRules rules() {
  core::DurabilityRules rules;
  rules.add("m/safe", core::Durability::fsync);
  rules.add("m/#", core::Durability::memory);
  rules.add("o/#", core::Durability::os);
  return rules;
}

// With one shard, or two whose clients are on the second and the first.
class Durability : public ::testing::TestWithParam<std::uint16_t> {
 protected:
  const std::uint16_t shards_ = GetParam();
  InProcessBroker broker_{BrokerSetup{
      .shards = shards_, .has_log = true, .log_answers = LogAnswers::later, .durability = rules()}};
  const std::string from_ = broker_.client_id_on(0, "from");
  const std::string to_ = broker_.client_id_on(static_cast<std::uint16_t>(shards_ - 1), "to");

  Durability() { set_entrances(); }
  void set_entrances() { broker_.set_access({.entrances = &entrances_}); }
  void crash() {
    broker_.crash();
    set_entrances();
    answer_all();
  }
  // The operating system has all that was handed to it, and the disk has not.
  void write_all() {
    constexpr core::Ticket all{std::numeric_limits<std::uint64_t>::max()};
    for (std::uint16_t i = 0; i < shards_; ++i)
      broker_.driver(i).turn_with(broker_.now(), [&](core::Shard& shard) {
        if (shard.has_written_waiting()) shard.on_written(all);
      });
    broker_.run();
  }
  void answer_all() {
    for (int i = 0; i < 5; ++i) broker_.answer_log();
  }
  RawClient& come(const std::string& id, bool is_present = false,
                  core::EntranceId entrance = safe) {
    RawClient& client = broker_.open_by(entrance, {});
    client.send(Connect{.version = Version::v3_1_1, .client_id = id, .clean_start = false});
    if (entrance == for_os) write_all();
    if (entrance == safe) answer_all();
    client.expect(Connack{.session_present = is_present});
    return client;
  }
  RawClient& subscribe(Qos qos) {
    RawClient& client = come(to_);
    client.send(Subscribe{.packet_id = 1, .filters = {{"m/#", qos}, {"t", qos}, {"o/#", qos}}});
    answer_all();
    client.take<Suback>();
    return client;
  }
  void leave(RawClient& client) {
    client.cut();
    answer_all();
  }
  const std::vector<core::Entrance> entrances_{
      {.name = "safe"},
      {.name = "os", .durability = core::Durability::os},
      {.name = "memory", .durability = core::Durability::memory}};

  static Publish message(std::string topic, std::string payload, codec::PacketId id) {
    return {
        .topic = std::move(topic), .payload = std::move(payload), .qos = qos_1, .packet_id = id};
  }
};

TEST_P(Durability, WhatIsInMemoryAloneIsAcknowledgedAtOnce) {
  leave(subscribe(qos_1));
  RawClient& from = come(from_);
  from.send(message("m/a", "x", 1));
  from.expect(Puback{.packet_id = 1});
  from.send(message("t", "x", 2));
  from.expect_nothing();
  // In their order, though this one need not wait.
  from.send(message("m/a", "y", 3));
  from.expect_nothing();
  answer_all();
  from.expect(Puback{.packet_id = 2});
  from.expect(Puback{.packet_id = 3});
}

TEST_P(Durability, TheFirstRuleThatMatchesCounts) {
  leave(subscribe(qos_1));
  RawClient& from = come(from_);
  from.send(message("m/safe", "x", 1));
  from.expect_nothing();
  answer_all();
  from.expect(Puback{.packet_id = 1});
}

TEST_P(Durability, WhatIsInMemoryAloneWaitsForItsClientAndIsGoneAfterACrash) {
  leave(subscribe(qos_1));
  RawClient& from = come(from_);
  for (codec::PacketId i = 1; i <= 6; ++i)
    from.send(message(i % 2 == 0 ? "t" : "m/a", std::to_string(i), i));
  answer_all();
  RawClient& again = come(to_, true);
  for (int i = 1; i <= 6; ++i) EXPECT_EQ(again.take<Publish>().payload, std::to_string(i));
  again.send(Puback{.packet_id = 1}, Puback{.packet_id = 2});
  answer_all();
  broker_.crash();
  answer_all();
  RawClient& after = come(to_, true);
  for (const char* payload : {"4", "6"}) {
    const auto got = after.take<Publish>();
    EXPECT_EQ(got.payload, payload);
    // As it was sent before.
    EXPECT_EQ(got.packet_id, static_cast<codec::PacketId>(payload[0] - '0'));
    EXPECT_TRUE(got.dup);
    after.send(Puback{.packet_id = got.packet_id});
  }
  after.expect_nothing();
  answer_all();
  EXPECT_EQ(broker_.metrics(static_cast<std::uint16_t>(shards_ - 1)).inflight_messages, 0U);
}

TEST_P(Durability, ACheckpointKnowsWhichIdentifiersAreTaken) {
  RawClient& to = subscribe(qos_1);
  RawClient& from = come(from_);
  for (codec::PacketId i = 1; i <= 5; ++i)
    from.send(message(i == 3 ? "t" : "m/a", std::to_string(i), i));
  answer_all();
  for (int i = 1; i <= 5; ++i) to.take<Publish>();
  broker_.write_checkpoints();
  answer_all();
  broker_.crash();
  answer_all();
  RawClient& after = come(to_, true);
  const auto got = after.take<Publish>();
  EXPECT_EQ(got.payload, "3");
  EXPECT_EQ(got.packet_id, 3U);
  after.expect_nothing();
}

TEST_P(Durability, QoS2InMemoryAloneIsTakenAtOnceAndDeliveredOnce) {
  RawClient& to = subscribe(qos_2);
  RawClient& from = come(from_);
  const Publish publish{.topic = "m/a", .payload = "x", .qos = qos_2, .packet_id = 1};
  from.send(publish);
  from.expect(Pubrec{.packet_id = 1});
  const auto got = to.take<Publish>();
  EXPECT_EQ(got.payload, "x");
  to.send(Pubrec{.packet_id = got.packet_id});
  to.expect(Pubrel{.packet_id = got.packet_id});
  to.send(Pubcomp{.packet_id = got.packet_id});
  from.send(publish);
  from.expect(Pubrec{.packet_id = 1});
  to.expect_nothing();
  from.send(Pubrel{.packet_id = 1});
  answer_all();
  from.expect(Pubcomp{.packet_id = 1});
  EXPECT_EQ(broker_.metrics(0).outbox_bytes, 0U);
}

TEST_P(Durability, ARetainedMessageInMemoryAloneIsForgotten) {
  for (const char* name : {"m/r", "m/s"}) {
    const std::string topic = broker_.topic_on(static_cast<std::uint16_t>(shards_ - 1), name);
    RawClient& from = come(broker_.client_id_on(0, std::string("p") + name));
    from.send(
        Publish{.topic = topic, .payload = "x", .qos = qos_1, .retain = true, .packet_id = 1});
    from.expect(Puback{.packet_id = 1});
    RawClient& reader = broker_.connect({.client_id = std::string("reader") + name});
    reader.send(Subscribe{.packet_id = 1, .filters = {{topic, qos_1}}});
    reader.take<Suback>();
    reader.expect(Publish{.topic = topic, .payload = "x", .qos = qos_1, .retain = true});
  }
  answer_all();
  broker_.crash();
  answer_all();
  EXPECT_EQ(broker_.metrics(static_cast<std::uint16_t>(shards_ - 1)).retained_messages, 0U);
}

TEST_P(Durability, AQueueInMemoryAloneHasTheLimitsOfABrokerWithoutALog) {
  leave(subscribe(qos_1));
  RawClient& from = come(from_);
  const std::string megabyte(std::size_t{1} << 20, 'x');
  for (codec::PacketId i = 1; i <= 20; ++i) from.send(message("m/a", megabyte, i));
  answer_all();
  const auto& metrics = broker_.metrics(static_cast<std::uint16_t>(shards_ - 1));
  EXPECT_EQ(metrics.queue_messages, 15U);
  EXPECT_EQ(metrics.messages_dropped_queue_bytes_max, 5U);
  // What the log gets has room.
  from.send(message("t", "x", 21));
  answer_all();
  EXPECT_EQ(broker_.metrics(static_cast<std::uint16_t>(shards_ - 1)).queue_messages, 16U);
}

TEST_P(Durability, WhatIsForTheOperatingSystemWaitsForThatAlone) {
  leave(subscribe(qos_1));
  RawClient& from = come(from_);
  from.send(message("o/a", "x", 1), message("t", "y", 2));
  from.expect_nothing();
  write_all();
  from.expect(Puback{.packet_id = 1});
  from.expect_nothing();
  // Nothing overtakes what waits for the disk.
  from.send(message("o/a", "z", 3), message("m/a", "z", 4));
  write_all();
  from.expect_nothing();
  answer_all();
  for (const codec::PacketId id : std::array<codec::PacketId, 3>{2, 3, 4})
    from.expect(Puback{.packet_id = id});
  from.send(message("o/a", "z", 5), message("m/a", "z", 6));
  from.expect_nothing();
  write_all();
  for (const codec::PacketId id : std::array<codec::PacketId, 2>{5, 6})
    from.expect(Puback{.packet_id = id});
  answer_all();
  from.expect_nothing();
}

TEST_P(Durability, WhatNeedNotBeOnTheDiskIsThereAfterACrashThatComesLater) {
  leave(subscribe(qos_1));
  RawClient& from = come(from_);
  from.send(message("o/a", "x", 1));
  write_all();
  from.expect(Puback{.packet_id = 1});
  answer_all();
  crash();
  EXPECT_EQ(come(to_, true).take<Publish>().payload, "x");
}

TEST_P(Durability, AListenerSaysWhatItsClientsWaitForUnlessTheTopicDoes) {
  leave(subscribe(qos_1));
  RawClient& memory = come(from_, false, in_memory);
  memory.send(message("t", "memory", 1));
  memory.expect(Puback{.packet_id = 1});
  memory.send(message("m/safe", "safe", 2));
  memory.expect_nothing();
  answer_all();
  memory.expect(Puback{.packet_id = 2});
  RawClient& os = come(broker_.client_id_on(0, "os"), false, for_os);
  os.send(message("t", "os", 1));
  os.expect_nothing();
  write_all();
  os.expect(Puback{.packet_id = 1});
  answer_all();
  crash();
  RawClient& to = come(to_, true);
  EXPECT_EQ(to.take<Publish>().payload, "safe");
  EXPECT_EQ(to.take<Publish>().payload, "os");
  to.expect_nothing();
}

TEST_P(Durability, ASubscriptionIsAcknowledgedAsItsListenerSays) {
  RawClient& memory = come(to_, false, in_memory);
  memory.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  memory.expect(Suback{.packet_id = 1, .codes = {1}});
  memory.send(Unsubscribe{.packet_id = 2, .filters = {"t"}});
  memory.expect(Unsuback{.packet_id = 2});
  RawClient& os = come(broker_.client_id_on(0, "os"), false, for_os);
  os.send(Subscribe{.packet_id = 1, .filters = {{"t", qos_1}}});
  os.expect_nothing();
  write_all();
  os.expect(Suback{.packet_id = 1, .codes = {1}});
}

TEST_P(Durability, WhatIsRetainedInMemoryAloneTakesThePlaceOfWhatTheLogHas) {
  const std::string topic = broker_.topic_on(static_cast<std::uint16_t>(shards_ - 1), "r");
  Publish publish{.topic = topic, .payload = "old", .qos = qos_1, .retain = true, .packet_id = 1};
  come(from_).send(publish);
  answer_all();
  publish.payload = "new";
  come(broker_.client_id_on(0, "memory"), false, in_memory).send(publish);
  answer_all();
  RawClient& reader = broker_.connect({.client_id = "reader"});
  reader.send(Subscribe{.packet_id = 1, .filters = {{topic, qos_1}}});
  reader.take<Suback>();
  reader.expect(Publish{.topic = topic, .payload = "new", .qos = qos_1, .retain = true});
  crash();
  EXPECT_EQ(broker_.metrics(static_cast<std::uint16_t>(shards_ - 1)).retained_messages, 0U);
}

INSTANTIATE_TEST_SUITE_P(Shards, Durability, ::testing::Values(1, 2));

}  // namespace
}  // namespace sluice::testing
