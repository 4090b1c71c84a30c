// SPDX-License-Identifier: Apache-2.0
//
// A RuleTrie holds the filters of many rules level by level, under a root for each subject. Asking
// costs about one memory access for each level of the topic and root, however many rules there are;
// no recursion, no allocation. The nodes under a root lie together, level by level; few children of
// a node are looked through, many are found by a hash.
//
// Owner:   the RuleSet; a RuleTrieBuilder makes it.      Thread: any (immutable).
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
  static constexpr std::uint32_t none = 0;

  /// Where what is said of a subject begins.
  struct Root {
    std::uint32_t node = none;
    std::uint32_t text = 0;
  };

  /// What is said of a topic, or of a filter as a whole: of everything that it can match.
  Said ask(std::span<const Root> roots, std::string_view topic, const Identity& identity) const;
  /// Whether some topic that `filter` matches is allowed one of `bits`, denials aside.
  bool is_any_allowed(const Root& root, std::string_view filter, const Identity& identity,
                      AccessBits bits) const;

 private:
  friend class RuleTrieBuilder;
  /// Children that are looked through one by one.
  static constexpr std::uint32_t narrow_max = 16;

  struct Node {
    std::uint32_t first_child = none;  // of those with a text; they follow each other
    std::uint32_t children = 0;
    std::uint32_t plus = none;
    std::uint32_t user = none;
    std::uint32_t client = none;
    std::uint32_t text = 0;  // where in texts_
    std::uint32_t text_size = 0;
    Said here{};                    // of filters that end here
    Said below{};                   // of filters that end here with #
    AccessBits allowed_within = 0;  // somewhere from here on
  };

  struct Levels;

  static std::uint64_t key_of(std::uint32_t node, std::uint64_t hash);
  static std::uint32_t tag_of(std::uint64_t hash) {
    return static_cast<std::uint32_t>(hash >> 32U);
  }
  void fetch(const Root& root) const;
  void ask_root(std::uint32_t root, const Levels& levels, const Identity& identity,
                Said& said) const;
  std::uint32_t find_child(std::uint32_t node, std::string_view level, std::uint64_t hash) const;
  void index_wide_nodes(std::size_t children);
  bool is_text(std::uint32_t node, std::string_view level) const {
    return std::string_view(texts_).substr(nodes_[node].text, nodes_[node].text_size) == level;
  }

  std::vector<Node> nodes_{Node{}};
  std::vector<std::uint32_t> tags_{0};  // of the nodes: a part of their text's hash
  std::vector<std::uint32_t> wide_;     // children of nodes with many, open addressing
  std::string texts_;
};

}  // namespace sluice::auth
