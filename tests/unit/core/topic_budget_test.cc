// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "tests/unit/core/allocation_counter.h"
#include "tests/unit/core/topic_support.h"

#include <gtest/gtest.h>

namespace sluice::core::test {
namespace {

std::string random_leaf(Rng& rng) {
  return "site/" + std::to_string(rng.below(1'000'000)) + "/dev/" +
         std::to_string(rng.below(1'000'000)) + "/temp";
}

struct Counter {
  std::size_t subscriptions = 0;
  std::size_t groups = 0;

  void on_subscription(const Subscription&) { ++subscriptions; }
  void on_group(SharedGroup&) { ++groups; }
};

TEST(TopicBudget, AHundredThousandRandomLeavesTakeAtMost150BytesEach) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  for (std::uint32_t i = 0; i < 100'000; ++i) tree.subscribe(random_leaf(rng), of_session(i));
  EXPECT_LE(tree.bytes(), 100'000U * 150);
}

TEST(TopicBudget, AHundredThousandRandomFiltersWithAWildcardTakeAtMost200BytesEach) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  for (std::uint32_t i = 0; i < 100'000; ++i) {
    const std::string site = "site/" + std::to_string(rng.below(1'000'000));
    tree.subscribe(site + (i % 2 == 0 ? "/dev/+/temp" : "/#"), of_session(i));
  }
  EXPECT_LE(tree.bytes(), 100'000U * 200);
}

TEST(TopicBudget, SubscribersOfOneFilterTakeAtMost75BytesEach) {
  SubscriptionTree tree({1, 2});
  for (std::uint32_t i = 0; i < 100'000; ++i) tree.subscribe("news/all", of_session(i));
  EXPECT_LE(tree.bytes(), 100'000U * 75);
}

TEST(TopicBudget, PlacesAreUsedAgain) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::size_t after_first = 0;
  for (int round = 0; round < 20; ++round) {
    for (std::uint32_t i = 0; i < 2000; ++i) {
      tree.subscribe(random_leaf(rng) + "/" + std::string(i % 200, 'x') + "/+/b", of_session(i));
      tree.subscribe_shared("group", "a/" + std::to_string(i % 50), of_session(i));
    }
    if (round == 0) after_first = tree.bytes();
    for (std::uint32_t i = 0; i < 2000; ++i) tree.unsubscribe_all(SessionSlot{i});
  }
  EXPECT_EQ(tree.count(), 0U);
  EXPECT_LE(tree.bytes(), after_first + after_first / 10);
}

TEST(TopicBudget, AWarmMatchAllocatesNothing) {
  Rng rng(1);
  SubscriptionTree tree({1, 2});
  std::vector<std::string> topics;
  for (std::uint32_t i = 0; i < 2000; ++i) {
    topics.push_back(random_leaf(rng));
    tree.subscribe(topics.back(), of_session(i));
    tree.subscribe(topics.back(), of_session(i + 1));
    tree.subscribe(topics.back() + "/#", of_session(i));
    tree.subscribe_shared("group", topics.back(), of_session(i));
  }
  tree.subscribe("site/+/dev/+/temp", of_session(0));
  tree.subscribe("+/+/+/#", of_session(0));
  tree.subscribe("#", of_session(0));
  Counter counter;
  for (const auto& topic : topics) tree.match(topic, counter);
  counter = {};
  const std::uint64_t before = sluice::test::allocations();
  for (int round = 0; round < 50; ++round)
    for (const auto& topic : topics) tree.match(topic, counter);
  EXPECT_EQ(sluice::test::allocations(), before);
  EXPECT_EQ(counter.subscriptions, topics.size() * 50 * 6);
  EXPECT_EQ(counter.groups, topics.size() * 50);
}

}  // namespace
}  // namespace sluice::core::test
