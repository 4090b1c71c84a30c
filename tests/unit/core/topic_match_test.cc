// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/allocation_counter.h"
#include "tests/unit/core/topic_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::core::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Row {
  const char* filter;
  const char* topic;
  bool matches;
};

constexpr Row table[] = {
    {"sport/tennis/player1/#", "sport/tennis/player1", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/ranking", true},
    {"sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true},
    {"sport/tennis/player1/#", "sport/tennis/player10", false},
    {"sport/tennis/player1/#", "sport/tennis", false},
    {"sport/#", "sport", true},
    {"sport/#", "sport/", true},
    {"sport/#", "sports", false},
    {"#", "a", true},
    {"#", "/", true},
    {"#", "a/b/c", true},
    {"sport/tennis/+", "sport/tennis/player1", true},
    {"sport/tennis/+", "sport/tennis/player1/ranking", false},
    {"sport/+", "sport", false},
    {"sport/+", "sport/", true},
    {"+", "finance", true},
    {"+", "/finance", false},
    {"+/+", "/finance", true},
    {"/+", "/finance", true},
    {"/+", "finance", false},
    {"+/tennis/#", "sport/tennis", true},
    {"+/tennis/#", "sport/tennis/player1", true},
    {"+/tennis/#", "tennis", false},
    {"sport/+/player1", "sport/tennis/player1", true},
    {"sport/+/player1", "sport/player1", false},
    {"+/#", "a", true},
    {"+/#", "a/b", true},
    {"+/+/#", "a", false},
    {"+/+/#", "a/b", true},
    {"#", "$SYS/broker", false},
    {"+/broker", "$SYS/broker", false},
    {"+/#", "$SYS", false},
    {"$SYS/#", "$SYS/broker/load", true},
    {"$SYS/#", "$SYS", true},
    {"$SYS/+/load", "$SYS/broker/load", true},
    {"a/#", "a/$SYS", true},
    {"a/+", "a/$b", true},
    {"/#", "/", true},
    {"/#", "/a", true},
    {"/#", "a", false},
    {"/", "/", true},
    {"//", "//", true},
    {"//", "/", false},
    {"a//b", "a//b", true},
    {"a//b", "a/b", false},
    {"a/+/b", "a//b", true},
    {"+/", "a/", true},
    {"+/", "a", false},
    {"+", "a/", false},
    {"/+/", "/a/", true},
    {"a/b", "a/B", false},
    {"a/b", "a/b/", false},
    {"a", "ab", false},
    {"ab", "a", false},
    {"sensors/floor3/temperature/+", "sensors/floor3/temperature/unit7", true},
    {"sensors/+/temperature/+", "sensors/floor9/temperature/unit7", true},
    {"sensors/#", "sensors/floor10/humidity", true},
    {"sensors/floor10/#", "sensors/floor1/humidity", false},
};

// [MQTT3-4.7.1-2] [MQTT3-4.7.1-3] [MQTT3-4.7.2-1] [MQTT3-4.7.3-4] [MQTT5-4.7.1-1] [MQTT5-4.7.1-2]
// [MQTT5-4.7.2-1] [MQTT5-4.7.3-4]
TEST(TopicMatch, TheExamplesOfTheStandardHoldEachAlone) {
  for (const Row& row : table) {
    SubscriptionTree tree({1, 2});
    tree.subscribe(row.filter, of_session(0));
    EXPECT_EQ(!match(tree, row.topic).subscriptions.empty(), row.matches)
        << row.filter << " against " << row.topic;
    EXPECT_EQ(tree.has_match(row.topic), row.matches);
  }
}

TEST(TopicMatch, TheExamplesOfTheStandardHoldAllInOneTree) {
  SubscriptionTree tree({3, 4});
  std::uint32_t number = 0;
  for (const Row& row : table) tree.subscribe(row.filter, of_session(number++));
  for (const Row& row : table) {
    std::vector<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < number; ++i)
      if (plainly_matches(table[i].filter, row.topic)) expected.push_back(i);
    EXPECT_EQ(match(tree, row.topic).sessions(), expected) << row.topic;
  }
}

TEST(TopicMatch, TheObviousMatcherAgreesWithTheTable) {
  for (const Row& row : table) {
    EXPECT_EQ(plainly_matches(row.filter, row.topic), row.matches) << row.filter << row.topic;
  }
}

TEST(TopicMatch, NothingMatchesInAnEmptyTree) {
  SubscriptionTree tree({1, 2});
  EXPECT_THAT(match(tree, "a/b").subscriptions, IsEmpty());
  EXPECT_FALSE(tree.has_match("a/b"));
}

TEST(TopicMatch, ASessionWithOverlappingFiltersIsVisitedForEach) {
  SubscriptionTree tree({1, 2});
  for (const char* filter : {"a/b", "a/+", "a/#", "#", "+/b", "+/+", "a/b/#"})
    tree.subscribe(filter, of_session(7));
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(7, 7, 7, 7, 7, 7, 7));
}

TEST(TopicMatch, ATopicThatIsPublishedAgainSeesWhatHasChangedSince) {
  SubscriptionTree tree({1, 2});
  tree.subscribe("a/+", of_session(1));
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(1));
  tree.subscribe("a/+", of_session(2));  // a subscriber more of a filter that stands
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(1, 2));
  tree.subscribe("#", of_session(3));  // a filter more
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(1, 2, 3));
  tree.unsubscribe("a/+", SessionSlot{1});
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(2, 3));
  tree.unsubscribe("a/+", SessionSlot{2});  // a filter less
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(3));
  tree.subscribe("a/b", of_session(4));  // in the place that became free
  EXPECT_THAT(match(tree, "a/b").sessions(), ElementsAre(3, 4));
  EXPECT_THAT(match(tree, "a/c").sessions(), ElementsAre(3));
}

TEST(TopicMatch, ATopicIsFoundAgainWhateverItsLengthAndHowManyFiltersMatch) {
  SubscriptionTree tree({1, 2});
  std::uint32_t session = 0;
  std::vector<std::string> topics;
  for (std::size_t size = 1; size < 140; ++size) {
    topics.emplace_back(size, 'x');
    tree.subscribe(topics.back(), of_session(session++));
  }
  for (const char* filter : {"+", "#", "+/#"}) tree.subscribe(filter, of_session(1000));
  for (int round = 0; round < 2; ++round)
    for (std::uint32_t i = 0; i < topics.size(); ++i)
      EXPECT_THAT(match(tree, topics[i]).sessions(), ElementsAre(i, 1000, 1000, 1000)) << round;
  tree.subscribe("x/..", of_session(7));
  for (const char* filter : {"x", "x/#"}) tree.subscribe(filter, of_session(1001));
  for (int round = 0; round < 2; ++round)
    EXPECT_THAT(match(tree, "x").sessions(), ElementsAre(0, 1000, 1000, 1000, 1001, 1001));
}

TEST(TopicMatch, RunsAroundTheLongestOfOneRecordAreFound) {
  for (std::uint32_t levels = 60; levels <= 190; ++levels) {
    std::string topic = "0";
    for (std::uint32_t i = 1; i < levels; ++i) topic += "/" + std::to_string(i);
    std::string plus = topic;
    plus.replace(plus.rfind('/') + 1, std::string::npos, "+");
    SubscriptionTree tree({levels, 9});
    tree.subscribe(topic, of_session(1));
    tree.subscribe(topic + "/#", of_session(2));
    tree.subscribe(plus, of_session(3));
    tree.subscribe(topic + "/+", of_session(4));
    tree.subscribe("+" + topic.substr(1), of_session(5));
    EXPECT_THAT(match(tree, topic).sessions(), ElementsAre(1, 2, 3, 5)) << levels;
    EXPECT_THAT(match(tree, topic + "/x").sessions(), ElementsAre(2, 4)) << levels;
    EXPECT_THAT(match(tree, topic.substr(0, topic.rfind('/'))).sessions(), IsEmpty()) << levels;
    for (std::uint32_t session = 1; session <= 5; ++session)
      EXPECT_EQ(tree.unsubscribe_all(SessionSlot{session}), 1U);
    EXPECT_FALSE(tree.has_match(topic));
  }
}

TEST(TopicMatch, TopicsOfAllSlashesAreMatchedWithoutRecursion) {
  const std::string slashes(65535, '/');
  std::string pluses = "+";
  while (pluses.size() + 2 <= 65535) pluses += "/+";
  SubscriptionTree tree({1, 2});
  tree.subscribe(slashes, of_session(1));
  tree.subscribe(pluses, of_session(2));
  tree.subscribe("+/+/#", of_session(3));
  tree.subscribe(slashes.substr(0, 65534) + "#", of_session(4));
  EXPECT_THAT(match(tree, slashes).sessions(), ElementsAre(1, 3, 4));
  EXPECT_THAT(match(tree, slashes.substr(0, 32767)).sessions(), ElementsAre(2, 3));
  std::string text;
  std::string rebuilt;
  tree.for_each_of_session(SessionSlot{2}, text,
                           [&](std::string_view filter, const Subscription&) { rebuilt = filter; });
  EXPECT_EQ(rebuilt, pluses);
  for (std::uint32_t session = 1; session <= 4; ++session)
    EXPECT_EQ(tree.unsubscribe_all(SessionSlot{session}), 1U);
}

TEST(TopicMatch, TheOrderOfMatchesDoesNotDependOnTheHashKey) {
  std::vector<std::vector<Subscription>> orders;
  for (const HashKey key : {HashKey{1, 2}, HashKey{0xdeadbeef, 77}, HashKey{~0ULL, 0}}) {
    SubscriptionTree tree(key);
    std::uint32_t number = 0;
    for (const char* filter : {"a/b/c", "a/+/c", "a/#", "+/b/#", "#", "+/+/+", "a/b/#"})
      for (int i = 0; i < 20; ++i) tree.subscribe(filter, of_session(number++));
    for (std::uint32_t i = 0; i < number; i += 3) tree.unsubscribe_all(SessionSlot{i});
    orders.push_back(match(tree, "a/b/c").subscriptions);
  }
  EXPECT_EQ(orders[0], orders[1]);
  EXPECT_EQ(orders[0], orders[2]);
}

// Topics that a large tree is told of before they come.

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
