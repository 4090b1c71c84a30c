// SPDX-License-Identifier: Apache-2.0
//
// DurabilityRules say for topics how safe their messages are kept, where that is not as safe as the
// broker can. The first rule that matches a topic is the one that counts.
//
// Owner:   server/; it outlives the shards.      Thread: any (immutable once it is filled).
// Limits:  durability.topics bounds how many there are.
#pragma once

#include "core/message/durability.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core {

class DurabilityRules {
 public:
  /// `filter`: one that a SUBSCRIBE may have, without $share/.
  void add(std::string filter, Durability durability) {
    rules_.push_back({std::move(filter), durability});
  }
  bool is_empty() const { return rules_.empty(); }
  /// What the rules say of that topic; nothing if none does. As slow as there are rules.
  std::optional<Durability> find(std::string_view topic) const;

 private:
  struct Rule {
    std::string filter;
    Durability durability;
  };
  std::vector<Rule> rules_;
};

}  // namespace sluice::core
