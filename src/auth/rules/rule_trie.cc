// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule_trie.h"

#include <array>
#include <bit>
#include <cstring>

namespace sluice::auth {
namespace {

constexpr std::uint64_t mixer = 0x9e3779b97f4a7c15ULL;

// Rules are the operator's: nobody else can choose texts that collide.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = (text.size() + 1) * mixer;
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t part = std::min<std::size_t>(text.size(), sizeof word);
    std::memcpy(&word, text.data(), part);
    hash = (hash ^ word) * mixer;
    hash ^= hash >> 29U;
    text.remove_prefix(part);
  }
  return hash;
}

std::uint64_t key_of(std::uint32_t node, std::uint64_t hash) {
  const std::uint64_t key = (hash ^ (node * mixer)) * mixer;
  return key != 0 ? key : 1;
}

// The level at the front of `rest`, which loses it; is_last: nothing follows.
std::string_view take_level(std::string_view& rest, bool& is_last) {
  const std::size_t end = rest.find('/');
  is_last = end == std::string_view::npos;
  const std::string_view level = rest.substr(0, end);
  rest.remove_prefix(is_last ? rest.size() : end + 1);
  return level;
}

void add_to(Said& said, const Said& more) {
  said.allowed |= more.allowed;
  said.denied |= more.denied;
}

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
      all[size++] = {begin, static_cast<std::uint32_t>(level.size()), hash_of(level)};
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

RuleTrie::RuleTrie(std::size_t levels) : nodes_(1) {
  edges_.resize(std::bit_ceil(std::max<std::size_t>(16, levels * 3 / 2)));
  nodes_.reserve(levels + 16);
}

std::uint32_t RuleTrie::new_node() {
  nodes_.emplace_back();
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t RuleTrie::add_root() { return new_node(); }

void RuleTrie::insert(const Edge& edge) {
  const std::size_t mask = edges_.size() - 1;
  std::size_t at = edge.key & mask;
  while (edges_[at].child != none) at = (at + 1) & mask;
  edges_[at] = edge;
  ++used_;
}

void RuleTrie::grow() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  used_ = 0;
  for (const Edge& edge : old)
    if (edge.child != none) insert(edge);
}

std::uint32_t RuleTrie::find_child(std::uint32_t node, std::string_view level,
                                   std::uint64_t hash) const {
  const std::uint64_t key = key_of(node, hash);
  const std::size_t mask = edges_.size() - 1;
  for (std::size_t at = key & mask; edges_[at].child != none; at = (at + 1) & mask)
    if (edges_[at].key == key && text_of(edges_[at]) == level) return edges_[at].child;
  return none;
}

std::uint32_t RuleTrie::special(std::uint32_t Node::* which, std::uint32_t node) {
  if (nodes_[node].*which == none) {
    const std::uint32_t child = new_node();
    nodes_[node].*which = child;
  }
  return nodes_[node].*which;
}

std::uint32_t RuleTrie::child_of(std::uint32_t node, std::string_view level) {
  if (level == "+") return special(&Node::plus, node);
  if (level == "%u") return special(&Node::user, node);
  if (level == "%c") return special(&Node::client, node);
  const std::uint64_t hash = hash_of(level);
  if (const std::uint32_t found = find_child(node, level, hash); found != none) return found;
  if ((used_ + 1) * 4 > edges_.size() * 3) grow();
  const std::uint32_t child = new_node();
  nodes_[child].sibling = nodes_[node].first_child;
  nodes_[node].first_child = child;
  insert({.key = key_of(node, hash),
          .child = child,
          .text = static_cast<std::uint32_t>(texts_.size()),
          .text_size = static_cast<std::uint32_t>(level.size())});
  texts_ += level;
  return child;
}

bool RuleTrie::add(std::uint32_t root, std::string_view filter, RuleEffect effect,
                   AccessBits bits) {
  if (Levels(filter).is_too_deep) return false;
  std::uint32_t node = root;
  const auto mark = [&](Said Node::* where) {
    Said& said = nodes_[node].*where;
    (effect == RuleEffect::allow ? said.allowed : said.denied) |= bits;
  };
  for (bool is_last = false; !is_last;) {
    const std::string_view level = take_level(filter, is_last);
    if (effect == RuleEffect::allow) nodes_[node].allowed_within |= bits;
    if (level == "#") {
      mark(&Node::below);
      return true;
    }
    node = child_of(node, level);
  }
  if (effect == RuleEffect::allow) nodes_[node].allowed_within |= bits;
  mark(&Node::here);
  return true;
}

Said RuleTrie::ask(std::span<const std::uint32_t> roots, std::string_view topic,
                   const Identity& identity) const {
  Said said;
  const Levels levels(topic);
  if (levels.is_too_deep) return said;
  for (const std::uint32_t root : roots) ask_root(root, levels, identity, said);
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
    if (node.first_child != none) visit(find_child(step.node, level, levels.all[step.level].hash));
  }
}

bool RuleTrie::is_any_allowed(std::uint32_t root, std::string_view filter, const Identity& identity,
                              AccessBits bits) const {
  const Levels levels(filter);
  if (levels.is_too_deep) return false;
  const bool is_reserved = filter.starts_with('$');
  std::vector<Step> open{{root, 0}};
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
    for (std::uint32_t child = node.first_child; child != none; child = nodes_[child].sibling)
      visit(child);
  }
  return false;
}

}  // namespace sluice::auth
