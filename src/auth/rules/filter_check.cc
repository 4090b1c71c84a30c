// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/filter_check.h"

#include "auth/rules/rule_trie.h"
#include "codec/topic.h"

#include <algorithm>

namespace sluice::auth {

std::optional<std::string> what_is_wrong_with(std::string_view filter) {
  if (filter.empty()) return "a topic filter is missing";
  const std::string quoted = "'" + std::string(filter) + "'";
  if (filter.starts_with("$share/"))
    return quoted + ": rules speak of topics; leave $share/NAME/ out";
  if (const auto good = codec::check_topic_filter(filter); !good)
    return quoted + " is no topic filter: " + good.error().detail;
  const auto levels = 1 + static_cast<std::size_t>(std::ranges::count(filter, '/'));
  if (levels > RuleTrie::levels_max)
    return quoted + " has " + std::to_string(levels) + " levels; allowed are " +
           std::to_string(RuleTrie::levels_max);
  for (std::size_t at = filter.find('%'); at != std::string_view::npos;
       at = filter.find('%', at + 1)) {
    const bool is_pattern = filter.substr(at, 2) == "%u" || filter.substr(at, 2) == "%c";
    const bool is_whole =
        (at == 0 || filter[at - 1] == '/') && (at + 2 >= filter.size() || filter[at + 2] == '/');
    if (is_pattern && !is_whole)
      return quoted + ": %u and %c must be a whole level, as in users/%u/status";
  }
  return std::nullopt;
}

}  // namespace sluice::auth
