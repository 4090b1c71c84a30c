// SPDX-License-Identifier: Apache-2.0
#include "core/shard/durability_rules.h"

#include "codec/topic.h"

#include <algorithm>

namespace sluice::core {

std::optional<Durability> DurabilityRules::find(std::string_view topic) const {
  const auto found = std::ranges::find_if(
      rules_, [topic](const Rule& rule) { return codec::matches(rule.filter, topic); });
  if (found == rules_.end()) return {};
  return found->durability;
}

}  // namespace sluice::core
