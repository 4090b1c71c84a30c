// SPDX-License-Identifier: Apache-2.0
//
// What the tests of topics share: a collector of matches, and an obvious matcher to compare with.
#pragma once

#include "core/topic/subscription_tree.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core::test {

inline std::vector<std::string> levels_of(std::string_view text) {
  std::vector<std::string> levels(1);
  for (const char c : text) {
    if (c == '/')
      levels.emplace_back();
    else
      levels.back() += c;
  }
  return levels;
}

/// The words of the standard, level by level.
inline bool plainly_matches(std::string_view filter, std::string_view topic) {
  if (topic.starts_with('$') && (filter.starts_with('+') || filter.starts_with('#'))) return false;
  const auto f = levels_of(filter);
  const auto t = levels_of(topic);
  for (std::size_t i = 0; i < f.size(); ++i) {
    if (f[i] == "#") return true;
    if (i == t.size() || (f[i] != "+" && f[i] != t[i])) return false;
    // "sport/#" takes "sport" too.
    if (i + 1 == t.size() && i + 2 == f.size() && f[i + 1] == "#") return true;
  }
  return f.size() == t.size();
}

struct Collector {
  std::vector<Subscription> subscriptions;
  std::vector<SharedGroup*> groups;

  void on_subscription(const Subscription& subscription) { subscriptions.push_back(subscription); }
  void on_group(SharedGroup& group) { groups.push_back(&group); }

  /// Session numbers in ascending order.
  std::vector<std::uint32_t> sessions() const {
    std::vector<std::uint32_t> numbers;
    for (const auto& subscription : subscriptions)
      numbers.push_back(index_of(subscription.session));
    std::sort(numbers.begin(), numbers.end());
    return numbers;
  }
};

inline Collector match(SubscriptionTree& tree, std::string_view topic) {
  Collector collector;
  tree.match(topic, collector);
  return collector;
}

inline Subscription of_session(std::uint32_t number, std::uint32_t subscription_id = 0) {
  return {.session = SessionSlot{number}, .subscription_id = subscription_id, .options = {}};
}

}  // namespace sluice::core::test
