// SPDX-License-Identifier: Apache-2.0
//
// A RuleSet is all access rules, compiled: what the core asks on the way of messages. For each
// client it makes a Permit of the subjects that the client meets; a decision then costs the same
// with ten rules as with a hundred thousand.
//
// Owner:   server/; it outlives the Permits' use.      Thread: any (immutable).
// Limits:  RuleTrie::levels_max.
#pragma once

#include "auth/rules/rule_trie.h"
#include "core/access/access.h"

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace sluice::auth {

/// What rules are made of.
struct RuleSource {
  std::vector<Rule> rules{};
  std::vector<QuotaRule> quotas{};
  std::map<std::string, std::vector<std::string>, std::less<>> groups_of_user{};
};

class RuleSet final : public core::AccessRules {
 public:
  /// What clients may do that no file speaks of: nothing, or (no file is there, but some clients
  /// bring rules of their own) everything.
  enum class Default : std::uint8_t { deny, allow };

  explicit RuleSet(RuleSource source, Default otherwise = Default::deny);

  std::unique_ptr<core::Permit> permit(const core::Principal& principal,
                                       std::string_view client_id) const override;

  core::OwnQuotas quotas_of(const core::Principal& principal,
                            std::string_view client_id) const override;

  std::span<const Rule> rules() const { return source_.rules; }
  /// With the groups that the rules' files name.
  core::Principal complete(core::Principal principal) const;
  /// The rule that decides, null if none speaks of it: the first denial, else the first permission.
  const Rule* deciding_rule(const core::Principal& principal, std::string_view client_id,
                            std::string_view topic, AccessBits bit) const;

  const RuleTrie& trie() const { return trie_; }
  /// Roots of the subjects that the client meets.
  std::vector<RuleTrie::Root> roots_of(const core::Principal& principal,
                                       std::string_view client_id) const;
  Default otherwise() const { return otherwise_; }

 private:
  struct Place {
    Subject subject;
    RuleTrie::Root root{};
  };

  using ByKey = std::unordered_map<std::string, std::vector<std::size_t>>;

  static std::size_t count_levels(const RuleSource& source);
  static void for_each_of(const ByKey& by_key, const core::Principal& principal,
                          std::string_view client_id,
                          const std::function<void(std::size_t)>& visit);

  RuleSource source_;
  const Default otherwise_;
  RuleTrie trie_;
  std::vector<Place> places_;
  ByKey by_key_;         // of places_
  ByKey quotas_by_key_;  // of source_.quotas
};

}  // namespace sluice::auth
