// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule_trie.h"

#include "auth/rules/rule_levels.h"

#include <array>
#include <bit>

namespace sluice::auth {
namespace {

void add_to(Said& said, const Said& more) {
  said.allowed |= more.allowed;
  said.denied |= more.denied;
}

constexpr std::size_t line_bytes = 64;

struct Step {
  std::uint32_t node;
  std::uint32_t level;
};

}  // namespace

// Nothing of `all` is written but what is used: it is made for every message.
struct RuleTrie::Levels {
  struct Level {
    std::uint32_t begin;
    std::uint32_t size;
    std::uint64_t hash;
  };

  explicit Levels(std::string_view whole) : topic(whole) {
    std::string_view rest = topic;
    for (bool is_last = false; !is_last;) {
      if (size == levels_max) {
        is_too_deep = true;
        return;
      }
      const auto begin = static_cast<std::uint32_t>(topic.size() - rest.size());
      const std::string_view level = take_level(rest, is_last);
      all[size++] = {begin, static_cast<std::uint32_t>(level.size()), hash_of_level(level)};
    }
  }
  std::string_view text(std::size_t level) const {
    return topic.substr(all[level].begin, all[level].size);
  }

  std::string_view topic;
  std::size_t size = 0;
  bool is_too_deep = false;
  std::array<Level, levels_max> all;
};

std::uint64_t RuleTrie::key_of(std::uint32_t node, std::uint64_t hash) {
  return (hash ^ (node * level_mixer)) * level_mixer;
}

void RuleTrie::index_wide_nodes(std::size_t children) {
  if (children == 0) return;
  wide_.assign(std::bit_ceil(children * 3 / 2), none);
  const std::size_t mask = wide_.size() - 1;
  for (std::uint32_t node = 1; node < nodes_.size(); ++node) {
    if (nodes_[node].children <= narrow_max) continue;
    const std::uint32_t end = nodes_[node].first_child + nodes_[node].children;
    for (std::uint32_t child = nodes_[node].first_child; child < end; ++child) {
      const std::string_view text =
          std::string_view(texts_).substr(nodes_[child].text, nodes_[child].text_size);
      std::size_t at = key_of(node, hash_of_level(text)) & mask;
      while (wide_[at] != none) at = (at + 1) & mask;
      wide_[at] = child;
    }
  }
}

std::uint32_t RuleTrie::find_child(std::uint32_t node, std::string_view level,
                                   std::uint64_t hash) const {
  const std::uint32_t begin = nodes_[node].first_child;
  const std::uint32_t end = begin + nodes_[node].children;
  const std::uint32_t tag = tag_of(hash);
  if (nodes_[node].children <= narrow_max) {
    for (std::uint32_t child = begin; child < end; ++child)
      if (tags_[child] == tag && is_text(child, level)) return child;
    return none;
  }
  const std::size_t mask = wide_.size() - 1;
  for (std::size_t at = key_of(node, hash) & mask; wide_[at] != none; at = (at + 1) & mask) {
    const std::uint32_t child = wide_[at];
    if (tags_[child] == tag && child >= begin && child < end && is_text(child, level)) return child;
  }
  return none;
}

// One after the other these would be waited for at each level; asked for at once, they come at
// once.
void RuleTrie::fetch(const Root& root) const {
  const auto* node = reinterpret_cast<const char*>(&nodes_[root.node]);
  for (std::size_t at = 0; at < 4; ++at) __builtin_prefetch(node + at * line_bytes);
  __builtin_prefetch(&tags_[root.node]);
  const char* text = texts_.data() + root.text;
  __builtin_prefetch(text);
  __builtin_prefetch(text + line_bytes);
}

Said RuleTrie::ask(std::span<const Root> roots, std::string_view topic,
                   const Identity& identity) const {
  Said said;
  for (const Root& root : roots) fetch(root);
  const Levels levels(topic);
  if (levels.is_too_deep) return said;
  for (const Root& root : roots) ask_root(root.node, levels, identity, said);
  return said;
}

void RuleTrie::ask_root(std::uint32_t root, const Levels& levels, const Identity& identity,
                        Said& said) const {
  // A topic that begins with $ is not matched by a wildcard in front.
  const bool is_reserved = levels.topic.starts_with('$');
  std::array<Step, 3 * levels_max + 1> open;
  std::size_t waiting = 0;
  open[waiting++] = {root, 0};
  while (waiting > 0) {
    const Step step = open[--waiting];
    const Node& node = nodes_[step.node];
    const bool has_wildcards = step.level > 0 || !is_reserved;
    if (has_wildcards) add_to(said, node.below);
    if (step.level == levels.size) {
      add_to(said, node.here);
      continue;
    }
    const std::string_view level = levels.text(step.level);
    if (level == "#") continue;  // only a # of the rules reaches as far
    const auto visit = [&](std::uint32_t child) {
      if (child != none) open[waiting++] = {child, step.level + 1};
    };
    if (has_wildcards) visit(node.plus);
    if (!identity.user.empty() && level == identity.user) visit(node.user);
    if (!identity.client.empty() && level == identity.client) visit(node.client);
    if (node.children > 0) visit(find_child(step.node, level, levels.all[step.level].hash));
  }
}

bool RuleTrie::is_any_allowed(const Root& root, std::string_view filter, const Identity& identity,
                              AccessBits bits) const {
  const Levels levels(filter);
  if (levels.is_too_deep) return false;
  const bool is_reserved = filter.starts_with('$');
  std::vector<Step> open{{root.node, 0}};
  while (!open.empty()) {
    const Step step = open.back();
    open.pop_back();
    const Node& node = nodes_[step.node];
    const bool has_wildcards = step.level > 0 || !is_reserved;
    if (has_wildcards && (node.below.allowed & bits) != 0) return true;
    if (step.level == levels.size) {
      if ((node.here.allowed & bits) != 0) return true;
      continue;
    }
    const std::string_view level = levels.text(step.level);
    if (level == "#") {
      if ((node.allowed_within & bits) != 0) return true;
      continue;
    }
    const auto visit = [&](std::uint32_t child) {
      if (child != none) open.push_back({child, step.level + 1});
    };
    if (has_wildcards) visit(node.plus);
    const bool is_plus = level == "+";
    if (!identity.user.empty() && (is_plus || level == identity.user)) visit(node.user);
    if (!identity.client.empty() && (is_plus || level == identity.client)) visit(node.client);
    if (!is_plus) {
      visit(find_child(step.node, level, levels.all[step.level].hash));
      continue;
    }
    for (std::uint32_t i = 0; i < node.children; ++i) visit(node.first_child + i);
  }
  return false;
}

}  // namespace sluice::auth
