// SPDX-License-Identifier: Apache-2.0
// Topics that a large tree is told of before they come.
#include "tests/support/in_process_broker.h"
#include "tests/unit/core/allocation_counter.h"
#include "tests/unit/core/topic_support.h"

#include <gtest/gtest.h>

namespace sluice::core::test {
namespace {

constexpr std::uint32_t large = 10'000;

std::string topic_of(std::uint32_t number) {
  return "building/" + std::to_string(number) + "/a-room-with-a-name-that-is-long/temperature";
}

/// Each topic matches three filters.
class LookAhead : public ::testing::Test {
 protected:
  void fill(std::uint32_t topics) {
    for (std::uint32_t i = 0; i < topics; ++i) {
      tree_.subscribe(topic_of(i), of_session(i));
      tree_.subscribe("building/" + std::to_string(i) + "/+/temperature", of_session(i + 1));
      tree_.subscribe("building/" + std::to_string(i) + "/#", of_session(i + 2));
    }
  }
  void look_ahead(const std::vector<std::string>& topics) {
    tree_.look_ahead(std::vector<std::string_view>(topics.begin(), topics.end()));
  }
  static std::vector<std::string> topics_from(std::uint32_t first) {
    std::vector<std::string> topics;
    for (std::uint32_t i = 0; i < SubscriptionTree::ahead_max; ++i)
      topics.push_back(topic_of(first + i));
    return topics;
  }
  std::size_t matches_of(const std::string& topic) {
    return match(tree_, topic).subscriptions.size();
  }

  SubscriptionTree tree_{{1, 2}};
};

TEST_F(LookAhead, WhatWasLookedAtIsNotWalkedAgain) {
  fill(large);
  std::uint64_t walks = 0;
  for (std::uint32_t first = 0; first < 1'600; first += SubscriptionTree::ahead_max) {
    const auto topics = topics_from(first);
    look_ahead(topics);
    const std::uint64_t before = tree_.cold_walks();
    for (const auto& topic : topics) EXPECT_EQ(matches_of(topic), 3U);
    walks += tree_.cold_walks() - before;
  }
  // Two topics may want the same place to be remembered at.
  EXPECT_LT(walks, 1'600U / 10);
}

TEST_F(LookAhead, ASmallTreeDoesNotAskForIt) {
  fill(1'000);
  for (std::uint32_t i = 0; i < 1'000; ++i) EXPECT_EQ(matches_of(topic_of(i)), 3U);
  EXPECT_EQ(tree_.cold_walks(), 0U);
}

TEST_F(LookAhead, WhatIsForgottenWhenAFilterComesIsWalkedAgain) {
  fill(large);
  look_ahead(topics_from(0));
  tree_.subscribe(topic_of(5) + "/#", of_session(7));
  EXPECT_EQ(matches_of(topic_of(5)), 4U);
  tree_.unsubscribe("building/5/#", SessionSlot{7});
  EXPECT_EQ(matches_of(topic_of(5)), 3U);
}

TEST_F(LookAhead, WhatIsNoTopicOrMatchesMuchIsLeftToMatch) {
  fill(large);
  const std::string many = topic_of(3);
  for (std::uint32_t i = 0; i < 20; ++i) {
    std::string filter = many;
    filter.replace(0, 8, i % 2 == 0 ? "+" : "building");
    tree_.subscribe(i < 2 ? filter : filter + std::string(i, '/') + "#", of_session(100 + i));
  }
  tree_.subscribe("+/3/+/+", of_session(200));
  const std::size_t expected = matches_of(many);
  EXPECT_GT(expected, 4U);
  look_ahead({many, "", "#", "+/+", "building//", "$SYS/broker", std::string(70'000, '/'),
              std::string(50, '/'), std::string("\xff\0/", 3), many});
  EXPECT_EQ(matches_of(many), expected);
  EXPECT_EQ(matches_of("building//"), 0U);
  EXPECT_EQ(matches_of(std::string(50, '/')), 0U);
}

TEST_F(LookAhead, AllocatesNothingOnceItIsWarm) {
  fill(large);
  const auto first = topics_from(0);
  const auto second = topics_from(100);
  const std::vector<std::string_view> views(second.begin(), second.end());
  look_ahead(first);
  const std::uint64_t before = sluice::test::allocations();
  tree_.look_ahead(views);
  EXPECT_EQ(sluice::test::allocations(), before);
}

}  // namespace
}  // namespace sluice::core::test

namespace sluice::testing {
namespace {

TEST(PublishesInARow, ReachTheirSubscribersOfALargeTreeInOrder) {
  constexpr int topics = 9'000;
  constexpr int sent = 100;
  const auto topic = [](int number) { return "a/" + std::to_string(number * 89 % topics) + "/b"; };
  InProcessBroker broker;
  RawClient& subscriber = broker.connect({.client_id = "s"});
  for (int first = 0; first < topics; first += 100) {
    Subscribe packet{.packet_id = 1, .filters = {}};
    for (int i = first; i < first + 100; ++i) packet.filters.push_back({topic(i), qos_0});
    subscriber.send(packet);
    subscriber.expect(Suback{.packet_id = 1, .codes = std::vector<std::uint8_t>(100)});
  }
  RawClient& publisher = broker.connect({.client_id = "p"});
  // At once, with other packets between them and the last one cut.
  Bytes bytes;
  const auto append = [&bytes](const Bytes& more) {
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  for (int i = 0; i < sent; ++i) {
    append(publisher.bytes_of(Publish{.topic = topic(i), .payload = std::to_string(i)}));
    if (i % 7 == 0) append(publisher.bytes_of(Pingreq{}));
  }
  const Bytes last = publisher.bytes_of(Publish{.topic = topic(sent), .payload = "last"});
  append({last.begin(), last.end() - 3});
  publisher.send_bytes(bytes);
  for (int i = 0; i < sent; ++i)
    subscriber.expect(Publish{.topic = topic(i), .payload = std::to_string(i)});
  publisher.send_bytes({last.end() - 3, last.end()});
  subscriber.expect(Publish{.topic = topic(sent), .payload = "last"});
}

}  // namespace
}  // namespace sluice::testing
