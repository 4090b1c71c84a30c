// SPDX-License-Identifier: Apache-2.0
//
// A RuleTrie holds the filters of many rules level by level, under a root for each subject. Asking
// costs about one memory access for each level of the topic and root, however many rules there are;
// no recursion, no allocation.
//
// Owner:   the RuleSet.      Thread: any once built (immutable).
// Limits:  levels_max levels a filter: add() refuses more.
#pragma once

#include "auth/rules/rule.h"

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::auth {

/// What the rules on a path say together.
struct Said {
  AccessBits allowed = 0;
  AccessBits denied = 0;

  bool is_allowed(AccessBits bit) const { return (denied & bit) == 0 && (allowed & bit) != 0; }
};

/// What stands for %u and %c: empty if it may not, because it could name more than one level.
struct Identity {
  std::string_view user{};
  std::string_view client{};
};

class RuleTrie {
 public:
  static constexpr std::size_t levels_max = 128;

  /// Room for filters of so many levels together.
  explicit RuleTrie(std::size_t levels);

  std::uint32_t add_root();
  /// False if the filter has more than levels_max levels.
  bool add(std::uint32_t root, std::string_view filter, RuleEffect effect, AccessBits bits);

  /// What is said of a topic, or of a filter as a whole: of everything that it can match.
  Said ask(std::span<const std::uint32_t> roots, std::string_view topic,
           const Identity& identity) const;
  /// Whether some topic that `filter` matches is allowed one of `bits`, denials aside.
  bool is_any_allowed(std::uint32_t root, std::string_view filter, const Identity& identity,
                      AccessBits bits) const;

 private:
  static constexpr std::uint32_t none = 0;

  struct Node {
    std::uint32_t first_child = none;
    std::uint32_t sibling = none;
    std::uint32_t plus = none;
    std::uint32_t user = none;
    std::uint32_t client = none;
    Said here{};                    // of filters that end here
    Said below{};                   // of filters that end here with #
    AccessBits allowed_within = 0;  // somewhere from here on
  };
  struct Edge {
    std::uint64_t key = 0;
    std::uint32_t child = none;
    std::uint32_t text = 0;
    std::uint32_t text_size = 0;
  };

  struct Levels;

  void ask_root(std::uint32_t root, const Levels& levels, const Identity& identity,
                Said& said) const;
  std::uint32_t child_of(std::uint32_t node, std::string_view level);
  std::uint32_t find_child(std::uint32_t node, std::string_view level, std::uint64_t hash) const;
  std::uint32_t new_node();
  std::uint32_t special(std::uint32_t Node::* which, std::uint32_t node);
  void insert(const Edge& edge);
  void grow();
  std::string_view text_of(const Edge& edge) const {
    return std::string_view(texts_).substr(edge.text, edge.text_size);
  }

  std::vector<Node> nodes_;
  std::vector<Edge> edges_;  // open addressing by key
  std::size_t used_ = 0;
  std::string texts_;
};

}  // namespace sluice::auth
