// SPDX-License-Identifier: Apache-2.0
//
// A RuleTrieBuilder takes filters one by one and lays them out as a RuleTrie: what belongs to one
// subject lies together, so that a decision touches few lines of memory.
//
// Owner:   who compiles rules.      Thread: one.
// Limits:  RuleTrie::levels_max levels a filter: add() refuses more.
#pragma once

#include "auth/rules/rule_trie.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace sluice::auth {

class RuleTrieBuilder {
 public:
  /// Room for filters of so many levels together.
  explicit RuleTrieBuilder(std::size_t levels);

  /// Roots are numbered from 0.
  std::uint32_t add_root();
  /// False if the filter has more levels than a RuleTrie takes.
  bool add(std::uint32_t root, std::string_view filter, RuleEffect effect, AccessBits bits);

  struct Built {
    RuleTrie trie;
    std::vector<RuleTrie::Root> roots;  ///< of the trie, by the number that add_root() gave
  };
  Built build() const;

 private:
  static constexpr std::uint32_t none = RuleTrie::none;

  struct Node {
    RuleTrie::Node built{};  // its links are ours until build()
    std::uint32_t sibling = none;
    std::string_view text{};  // of the filters: they outlive the builder
  };
  struct Edge {
    std::uint64_t key = 0;
    std::uint32_t child = none;
  };

  std::uint32_t new_node();
  std::uint32_t special(std::uint32_t RuleTrie::Node::* which, std::uint32_t node);
  std::uint32_t child_of(std::uint32_t node, std::string_view level);
  void insert(const Edge& edge);
  void grow();
  void lay_out(std::uint32_t root, std::vector<std::uint32_t>& order,
               std::vector<std::uint32_t>& place) const;

  std::vector<Node> nodes_;
  std::vector<Edge> edges_;  // open addressing by key
  std::size_t used_ = 0;
  std::vector<std::uint32_t> roots_;
};

}  // namespace sluice::auth
