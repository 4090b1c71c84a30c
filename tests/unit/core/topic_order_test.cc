// SPDX-License-Identifier: Apache-2.0
#include "core/retained/topic_order.h"

#include <gtest/gtest.h>

#include <string>

namespace sluice::core {
namespace {

// By the definition: byte by byte, '/' before all else, what is shorter before what goes on.
int plain_order(std::string_view a, std::string_view b) {
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i)
    if (a[i] != b[i]) return topic_rank(a[i]) < topic_rank(b[i]) ? -1 : 1;
  return a.size() < b.size() ? -1 : a.size() > b.size() ? 1 : 0;
}

TEST(TopicOrder, IsTheSameForEveryLengthAndPlaceOfTheFirstDifference) {
  const std::string text = "sluice/floor-17/temperature/\xc3\xa9t\xc3\xa9/unit";
  for (std::size_t left = 0; left <= text.size(); ++left)
    for (std::size_t right = 0; right <= text.size(); ++right)
      for (std::size_t at = 0; at <= right; ++at)
        for (const char other : {'/', 'a', '\xff'}) {
          const std::string_view a = std::string_view(text).substr(0, left);
          std::string b = text.substr(0, right);
          if (at < right) b[at] = other;
          const std::size_t equal = common_prefix(a, b);
          ASSERT_EQ(equal,
                    static_cast<std::size_t>(
                        std::mismatch(a.begin(), a.end(), b.begin(), b.end()).first - a.begin()));
          ASSERT_EQ(topic_order(a, b), plain_order(a, b)) << a << " and " << b;
          for (std::size_t known = 0; known <= equal; known += 3)
            ASSERT_EQ(topic_order(a, b, known), plain_order(a, b)) << a << " and " << b;
        }
}

}  // namespace
}  // namespace sluice::core
