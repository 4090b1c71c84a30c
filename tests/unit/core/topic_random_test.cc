// SPDX-License-Identifier: Apache-2.0
#include "base/rng.h"
#include "codec/topic.h"
#include "tests/unit/core/topic_support.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <tuple>

namespace sluice::core::test {
namespace {

/// The tree and a plain list of the same subscriptions, under the same random calls.
class TreeAndList {
 public:
  explicit TreeAndList(std::uint64_t seed) : rng_(seed), tree_({seed, ~seed}) {}

  void step() {
    const SessionSlot session{static_cast<std::uint32_t>(rng_.below(sessions))};
    const std::string filter = random_path(true);
    const std::string name =
        rng_.chance(1, 4) ? std::string(1, static_cast<char>('p' + rng_.below(3))) : "";
    const auto key = std::tuple(name, filter, session);
    const std::uint64_t dice = rng_.below(100);
    if (dice < 50) {
      subscribe(key, {.session = session,
                      .subscription_id = static_cast<std::uint32_t>(rng_.below(5)),
                      .options = codec::SubscriptionOptions::from_byte(
                          static_cast<std::uint8_t>(rng_.below(3) | rng_.below(4) << 2))});
    } else if (dice < 80) {
      unsubscribe(list_.empty() || rng_.chance(1, 3) ? key : random_entry());
    } else if (dice < 83) {
      unsubscribe_all(session);
    } else {
      compare_match(random_path(false));
    }
  }

  /// As compare_match(), of topics that the tree was told of before.
  void compare_ahead() {
    std::vector<std::string> topics(1 + rng_.below(SubscriptionTree::ahead_max));
    for (std::string& topic : topics) topic = random_path(rng_.chance(1, 20));
    tree_.look_ahead(std::vector<std::string_view>(topics.begin(), topics.end()));
    for (const std::string& topic : topics)
      if (codec::check_topic_name(topic)) compare_match(topic);
  }

  void compare_sessions() {
    std::map<SessionSlot, std::map<std::string, Subscription>> expected;
    for (const auto& [key, subscription] : list_) {
      const auto& [name, filter, session] = key;
      std::string text = name.empty() ? "" : "$share/" + name + "/";
      expected[session][text.append(filter)] = subscription;
    }
    std::string scratch;
    for (std::uint32_t i = 0; i < sessions; ++i) {
      std::map<std::string, Subscription> found;
      tree_.for_each_of_session(SessionSlot{i}, scratch,
                                [&](std::string_view filter, const auto& s) {
                                  EXPECT_TRUE(found.emplace(filter, s).second);
                                });
      EXPECT_EQ(found, expected[SessionSlot{i}]);
      EXPECT_EQ(tree_.count(SessionSlot{i}), found.size());
    }
    EXPECT_EQ(tree_.count(), list_.size());
  }

  void end_all() {
    for (std::uint32_t i = 0; i < sessions; ++i) unsubscribe_all(SessionSlot{i});
    EXPECT_EQ(tree_.count(), 0U);
    for (int i = 0; i < 1000; ++i) EXPECT_FALSE(tree_.has_match(random_path(false)));
  }

  std::size_t bytes() const { return tree_.bytes(); }
  std::size_t matches() const { return matches_; }

 private:
  using Key = std::tuple<std::string, std::string, SessionSlot>;
  static constexpr std::uint32_t sessions = 40;

  std::string random_path(bool is_filter) {
    static constexpr const char* words[] = {"a", "b", "", "$x",
                                            "a-level-that-is-too-long-for-a-record"};
    const std::uint64_t levels = 1 + rng_.below(rng_.chance(1, 50) ? 150 : 5);
    std::string path;
    for (std::uint64_t i = 0; i < levels; ++i) {
      if (i > 0) path += '/';
      if (is_filter && rng_.chance(1, 4)) {
        path += '+';
      } else if (is_filter && rng_.chance(1, 8)) {
        path += '#';
        break;
      } else {
        path += levels > 20 ? words[0] : words[rng_.below(std::size(words))];
      }
    }
    return path.empty() ? "a" : path;
  }

  Key random_entry() {
    auto entry = list_.lower_bound({"", random_path(true), SessionSlot{0}});
    return entry == list_.end() ? list_.begin()->first : entry->first;
  }

  void subscribe(const Key& key, const Subscription& subscription) {
    const auto& [name, filter, session] = key;
    const auto outcome = name.empty() ? tree_.subscribe(filter, subscription)
                                      : tree_.subscribe_shared(name, filter, subscription);
    const auto standing = list_.find(key);
    EXPECT_EQ(outcome.is_new, standing == list_.end());
    if (standing != list_.end()) {
      EXPECT_EQ(outcome.replaced, standing->second);
    }
    list_[key] = subscription;
  }

  void unsubscribe(const Key& key) {
    const auto& [name, filter, session] = key;
    const bool was_there = list_.erase(key) > 0;
    EXPECT_EQ(name.empty() ? tree_.unsubscribe(filter, session)
                           : tree_.unsubscribe_shared(name, filter, session),
              was_there);
  }

  void unsubscribe_all(SessionSlot session) {
    const auto removed = std::erase_if(
        list_, [&](const auto& entry) { return std::get<2>(entry.first) == session; });
    EXPECT_EQ(tree_.unsubscribe_all(session), removed);
  }

  void compare_match(const std::string& topic) {
    using Seen = std::tuple<std::uint32_t, std::uint32_t, std::uint8_t>;
    const auto seen = [](const Subscription& s) {
      return Seen(index_of(s.session), s.subscription_id, s.options.to_byte());
    };
    std::multiset<Seen> expected;
    std::multiset<Seen> expected_shared;
    std::set<std::pair<std::string, std::string>> expected_groups;
    for (const auto& [key, subscription] : list_) {
      const auto& [name, filter, session] = key;
      const bool matches = codec::matches(filter, topic);
      if (rng_.chance(1, 50)) {
        EXPECT_EQ(matches, plainly_matches(filter, topic)) << filter << " " << topic;
      }
      if (!matches) continue;
      (name.empty() ? expected : expected_shared).insert(seen(subscription));
      if (!name.empty()) expected_groups.emplace(name, filter);
    }
    const Collector found = match(tree_, topic);
    std::multiset<Seen> plain;
    for (const auto& s : found.subscriptions) plain.insert(seen(s));
    std::multiset<Seen> shared;
    for (const SharedGroup* group : found.groups)
      group->for_each([&](const Subscription& s) { shared.insert(seen(s)); });
    EXPECT_EQ(plain, expected) << topic;
    EXPECT_EQ(shared, expected_shared) << topic;
    EXPECT_EQ(found.groups.size(), expected_groups.size());
    EXPECT_EQ(tree_.has_match(topic), !expected.empty() || !expected_shared.empty());
    matches_ += plain.size() + shared.size();
  }

  Rng rng_;
  SubscriptionTree tree_;
  std::map<Key, Subscription> list_;
  std::size_t matches_ = 0;
};

TEST(SubscriptionTree, EqualsAPlainListUnderRandomCalls) {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    TreeAndList both(seed);
    for (int i = 0; i < 20000 && !::testing::Test::HasFailure(); ++i) {
      both.step();
      if (i % 20 == 0) both.compare_ahead();
      if (i % 1000 == 0) both.compare_sessions();
    }
    EXPECT_GT(both.matches(), 10000U);
    both.end_all();
  }
}

}  // namespace
}  // namespace sluice::core::test
