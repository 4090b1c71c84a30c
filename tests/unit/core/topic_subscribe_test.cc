// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/core/topic_support.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace sluice::core::test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

std::vector<std::string> filters_of(const SubscriptionTree& tree, std::uint32_t session) {
  std::vector<std::string> filters;
  std::string text;
  tree.for_each_of_session(SessionSlot{session}, text,
                           [&](std::string_view filter, const Subscription& subscription) {
                             EXPECT_EQ(index_of(subscription.session), session);
                             filters.emplace_back(filter);
                           });
  return filters;
}

TEST(SubscriptionTree, KeepsOptionsAndSubscriptionIdentifier) {
  SubscriptionTree tree({1, 2});
  const Subscription first{.session = SessionSlot{3},
                           .subscription_id = 268435455,
                           .options = {.qos = codec::Qos::exactly_once,
                                       .no_local = true,
                                       .retain_as_published = true,
                                       .retain_handling = codec::RetainHandling::do_not_send}};
  const Subscription second{.session = SessionSlot{4}, .subscription_id = 1, .options = {}};
  tree.subscribe("a/b", first);
  tree.subscribe("a/b", second);
  EXPECT_THAT(match(tree, "a/b").subscriptions, UnorderedElementsAre(first, second));
}

// [MQTT3-3.8.4-3] [MQTT5-3.8.4-3]
TEST(SubscriptionTree, ASecondSubscriptionReplacesTheFirstAndSaysWhatStoodThere) {
  SubscriptionTree tree({1, 2});
  for (std::uint32_t session = 0; session < 30; ++session) {
    const Subscription old = of_session(session, 5);
    EXPECT_TRUE(tree.subscribe("a/+/c", old).is_new);
    Subscription replacement = of_session(session, 6);
    replacement.options.qos = codec::Qos::at_least_once;
    const auto outcome = tree.subscribe("a/+/c", replacement);
    EXPECT_FALSE(outcome.is_new);
    EXPECT_EQ(outcome.replaced, old);
    EXPECT_EQ(tree.count(SessionSlot{session}), 1U);
  }
  EXPECT_EQ(tree.count(), 30U);
  for (const auto& subscription : match(tree, "a/b/c").subscriptions) {
    EXPECT_EQ(subscription.subscription_id, 6U);
    EXPECT_EQ(subscription.options.qos, codec::Qos::at_least_once);
  }
}

TEST(SubscriptionTree, UnsubscribeSaysWhetherThereWasASubscription) {
  SubscriptionTree tree({1, 2});
  tree.subscribe("a/+/c", of_session(1));
  EXPECT_FALSE(tree.unsubscribe("a/+/c", SessionSlot{2}));
  EXPECT_FALSE(tree.unsubscribe("a/+", SessionSlot{1}));
  EXPECT_FALSE(tree.unsubscribe("a/b/c", SessionSlot{1}));
  EXPECT_FALSE(tree.unsubscribe("a/+/c/#", SessionSlot{1}));
  EXPECT_TRUE(tree.unsubscribe("a/+/c", SessionSlot{1}));
  EXPECT_FALSE(tree.unsubscribe("a/+/c", SessionSlot{1}));
  EXPECT_EQ(tree.count(), 0U);
  EXPECT_FALSE(tree.has_match("a/b/c"));
}

TEST(SubscriptionTree, ListsTheFiltersOfASessionAsTheyWereWritten) {
  SubscriptionTree tree({1, 2});
  const std::vector<std::string> filters{
      "#",           "+",    "/",    "//",
      "+/",          "/+",   "+/+",  "+/#",
      "/#",          "a",    "a/",   "a/b",
      "a/+/b/+/c/#", "a//b", "+//+", "a/" + std::string(300, 'x') + "/+/" + std::string(5000, 'y')};
  for (const auto& filter : filters) {
    tree.subscribe(filter, of_session(2));
    tree.subscribe(filter, of_session(1));
  }
  tree.subscribe_shared("team", "a/+", of_session(2));
  auto expected = filters;
  expected.emplace_back("$share/team/a/+");
  EXPECT_THAT(filters_of(tree, 2), ::testing::UnorderedElementsAreArray(expected));
  EXPECT_EQ(tree.count(SessionSlot{2}), expected.size());
  EXPECT_THAT(filters_of(tree, 9), IsEmpty());
  EXPECT_EQ(tree.unsubscribe_all(SessionSlot{2}), expected.size());
  EXPECT_THAT(filters_of(tree, 2), IsEmpty());
  EXPECT_THAT(filters_of(tree, 1), ::testing::UnorderedElementsAreArray(filters));
}

TEST(SubscriptionTree, AWholeCrowdOnOneFilterComesAndGoes) {
  SubscriptionTree tree({1, 2});
  constexpr std::uint32_t crowd = 5000;
  for (std::uint32_t session = 0; session < crowd; ++session)
    EXPECT_TRUE(tree.subscribe("news", of_session(session)).is_new);
  EXPECT_EQ(match(tree, "news").subscriptions.size(), crowd);
  for (std::uint32_t session = 0; session < crowd; ++session)
    EXPECT_FALSE(tree.subscribe("news", of_session(session)).is_new);
  for (std::uint32_t session = crowd; session-- > 3;)
    EXPECT_TRUE(tree.unsubscribe("news", SessionSlot{session}));
  EXPECT_THAT(match(tree, "news").sessions(), ElementsAre(0, 1, 2));
  EXPECT_FALSE(tree.unsubscribe("news", SessionSlot{4}));
  EXPECT_TRUE(tree.subscribe("news", of_session(4)).is_new);
  EXPECT_THAT(match(tree, "news").sessions(), ElementsAre(0, 1, 2, 4));
}

struct Classes {
  std::vector<MemberClass> of;
  MemberClass operator()(SessionSlot session) const { return of[index_of(session)]; }
};

std::vector<int> picks(SharedGroup& group, const Classes& classes, int times) {
  std::vector<int> sessions;
  for (int i = 0; i < times; ++i) {
    const auto chosen = pick(group, classes);
    sessions.push_back(chosen ? static_cast<int>(index_of(chosen->session)) : -1);
  }
  return sessions;
}

constexpr auto free_window = MemberClass::free_window;
constexpr auto connected = MemberClass::connected;
constexpr auto offline = MemberClass::offline_durable;
constexpr auto cannot = MemberClass::cannot_take;

TEST(SharedGroup, TheTurnGoesRoundInTheOrderOfSubscribing) {
  SubscriptionTree tree({1, 2});
  for (std::uint32_t session = 0; session < 3; ++session)
    tree.subscribe_shared("g", "a/+", of_session(session));
  const auto found = match(tree, "a/b");
  ASSERT_EQ(found.groups.size(), 1U);
  EXPECT_THAT(found.subscriptions, IsEmpty());
  EXPECT_EQ(found.groups[0]->name(), "g");
  EXPECT_EQ(found.groups[0]->count(), 3U);
  const Classes all{{free_window, free_window, free_window}};
  EXPECT_THAT(picks(*found.groups[0], all, 7), ElementsAre(0, 1, 2, 0, 1, 2, 0));
}

TEST(SharedGroup, TheBestClassTakesTurnsAmongItself) {
  SubscriptionTree tree({1, 2});
  for (std::uint32_t session = 0; session < 5; ++session)
    tree.subscribe_shared("g", "a", of_session(session));
  SharedGroup& group = *match(tree, "a").groups.at(0);
  EXPECT_THAT(picks(group, {{offline, connected, free_window, connected, free_window}}, 5),
              ElementsAre(2, 4, 2, 4, 2));
  EXPECT_THAT(picks(group, {{offline, connected, cannot, connected, offline}}, 5),
              ElementsAre(3, 1, 3, 1, 3));
  EXPECT_THAT(picks(group, {{offline, cannot, cannot, cannot, offline}}, 4),
              ElementsAre(4, 0, 4, 0));
  EXPECT_THAT(picks(group, {{cannot, cannot, cannot, cannot, cannot}}, 2), ElementsAre(-1, -1));
  EXPECT_THAT(picks(group, {{cannot, cannot, cannot, offline, cannot}}, 2), ElementsAre(3, 3));
}

TEST(SharedGroup, TheTurnPassesOnWhenItsMemberLeaves) {
  SubscriptionTree tree({1, 2});
  for (std::uint32_t session = 0; session < 4; ++session)
    tree.subscribe_shared("g", "a", of_session(session));
  SharedGroup& group = *match(tree, "a").groups.at(0);
  const Classes all{{free_window, free_window, free_window, free_window}};
  EXPECT_THAT(picks(group, all, 3), ElementsAre(0, 1, 2));
  EXPECT_TRUE(tree.unsubscribe_shared("g", "a", SessionSlot{3}));
  EXPECT_THAT(picks(group, all, 2), ElementsAre(0, 1));
  EXPECT_EQ(tree.unsubscribe_all(SessionSlot{0}), 1U);
  EXPECT_THAT(picks(group, all, 3), ElementsAre(2, 1, 2));
  EXPECT_FALSE(tree.subscribe_shared("g", "a", of_session(2, 9)).is_new);
  EXPECT_TRUE(tree.subscribe_shared("g", "a", of_session(0)).is_new);
  EXPECT_THAT(picks(group, all, 4), ElementsAre(0, 1, 2, 0));
  EXPECT_EQ(tree.unsubscribe_all(SessionSlot{0}), 1U);
  EXPECT_THAT(picks(group, all, 2), ElementsAre(1, 2));
  EXPECT_EQ(tree.unsubscribe_all(SessionSlot{1}), 1U);
  EXPECT_THAT(picks(group, all, 1), ElementsAre(2));
}

TEST(SharedGroup, TheTurnResumesBehindTheMemberThatHadAMessageLast) {
  SubscriptionTree tree({1, 2});
  for (std::uint32_t session = 0; session < 3; ++session)
    tree.subscribe_shared("g", "a/+", of_session(session));
  SharedGroup& group = *match(tree, "a/b").groups.at(0);
  const auto taken = [&](std::uint32_t session) {
    std::vector<std::pair<std::string, std::int64_t>> turns;
    std::string text;
    tree.for_each_turn_taken(SessionSlot{session}, text,
                             [&](std::string_view filter, const Subscription&, Instant at) {
                               turns.emplace_back(filter, at.ns);
                             });
    return turns;
  };
  EXPECT_THAT(taken(1), IsEmpty());
  tree.note_taken(group, SessionSlot{1}, Instant{50});
  tree.note_taken(group, SessionSlot{0}, Instant{40});  // earlier
  tree.note_taken(group, SessionSlot{7}, Instant{60});  // no member
  EXPECT_THAT(taken(1), ElementsAre(std::pair("$share/g/a/+", 50)));
  EXPECT_THAT(taken(0), IsEmpty());
  const Classes all{{free_window, free_window, free_window}};
  tree.resume("g", "a/+", SessionSlot{1}, Instant{50});
  tree.resume("g", "a/+", SessionSlot{2}, Instant{30});  // earlier
  EXPECT_THAT(picks(group, all, 2), ElementsAre(2, 0));
  group.note_picked_taken(Instant{70});
  EXPECT_THAT(taken(0), ElementsAre(std::pair("$share/g/a/+", 70)));
  EXPECT_EQ(tree.take("g", "a/+", SessionSlot{2}, Instant{80}), of_session(2));
  EXPECT_EQ(tree.take("g", "a/+", SessionSlot{7}, Instant{80}), std::nullopt);
  EXPECT_THAT(taken(2), ElementsAre(std::pair("$share/g/a/+", 80)));
  tree.unsubscribe_shared("g", "a/+", SessionSlot{2});
  for (std::uint32_t session = 0; session < 3; ++session) EXPECT_THAT(taken(session), IsEmpty());
}

TEST(SharedGroup, GroupsOfOneFilterStandApartByNameAndFromPlainSubscriptions) {
  SubscriptionTree tree({1, 2});
  tree.subscribe("a/#", of_session(1));
  tree.subscribe_shared("x", "a/#", of_session(1));
  tree.subscribe_shared("y", "a/#", of_session(1));
  tree.subscribe_shared("y", "a/+", of_session(2));
  EXPECT_EQ(tree.count(SessionSlot{1}), 3U);
  auto found = match(tree, "a/b");
  EXPECT_THAT(found.sessions(), ElementsAre(1));
  EXPECT_EQ(found.groups.size(), 3U);
  EXPECT_FALSE(tree.unsubscribe_shared("z", "a/#", SessionSlot{1}));
  EXPECT_FALSE(tree.unsubscribe_shared("y", "a/#", SessionSlot{2}));
  EXPECT_TRUE(tree.unsubscribe("a/#", SessionSlot{1}));
  EXPECT_TRUE(tree.unsubscribe_shared("x", "a/#", SessionSlot{1}));
  found = match(tree, "a");
  EXPECT_THAT(found.subscriptions, IsEmpty());
  ASSERT_EQ(found.groups.size(), 1U);
  EXPECT_EQ(found.groups[0]->name(), "y");
  EXPECT_EQ(tree.unsubscribe_all(SessionSlot{1}), 1U);
  EXPECT_EQ(tree.unsubscribe_all(SessionSlot{2}), 1U);
  EXPECT_FALSE(tree.has_match("a/b"));
}

TEST(SharedGroup, MembersAreListedInTheOrderOfSubscribing) {
  SubscriptionTree tree({1, 2});
  for (const std::uint32_t session : {5U, 1U, 3U})
    tree.subscribe_shared("g", "a", of_session(session));
  std::vector<std::uint32_t> order;
  match(tree, "a").groups.at(0)->for_each(
      [&](const Subscription& subscription) { order.push_back(index_of(subscription.session)); });
  EXPECT_THAT(order, ElementsAre(5, 1, 3));
}

}  // namespace
}  // namespace sluice::core::test
