// SPDX-License-Identifier: Apache-2.0
#include "auth/rules/rule_trie_builder.h"

#include "auth/rules/rule_levels.h"

#include <algorithm>
#include <bit>
#include <span>

namespace sluice::auth {

RuleTrieBuilder::RuleTrieBuilder(std::size_t levels) : nodes_(1) {
  edges_.resize(std::bit_ceil(std::max<std::size_t>(16, levels * 3 / 2)));
  nodes_.reserve(levels + 16);
}

std::uint32_t RuleTrieBuilder::new_node() {
  nodes_.emplace_back();
  return static_cast<std::uint32_t>(nodes_.size() - 1);
}

std::uint32_t RuleTrieBuilder::add_root() {
  roots_.push_back(new_node());
  return static_cast<std::uint32_t>(roots_.size() - 1);
}

void RuleTrieBuilder::insert(const Edge& edge) {
  const std::size_t mask = edges_.size() - 1;
  std::size_t at = edge.key & mask;
  while (edges_[at].child != none) at = (at + 1) & mask;
  edges_[at] = edge;
  ++used_;
}

void RuleTrieBuilder::grow() {
  std::vector<Edge> old(edges_.size() * 2);
  old.swap(edges_);
  used_ = 0;
  for (const Edge& edge : old)
    if (edge.child != none) insert(edge);
}

std::uint32_t RuleTrieBuilder::special(std::uint32_t RuleTrie::Node::* which, std::uint32_t node) {
  if (nodes_[node].built.*which == none) {
    const std::uint32_t child = new_node();
    nodes_[node].built.*which = child;
  }
  return nodes_[node].built.*which;
}

std::uint32_t RuleTrieBuilder::child_of(std::uint32_t node, std::string_view level) {
  if (level == "+") return special(&RuleTrie::Node::plus, node);
  if (level == "%u") return special(&RuleTrie::Node::user, node);
  if (level == "%c") return special(&RuleTrie::Node::client, node);
  const std::uint64_t key = RuleTrie::key_of(node, hash_of_level(level));
  const std::size_t mask = edges_.size() - 1;
  for (std::size_t at = key & mask; edges_[at].child != none; at = (at + 1) & mask)
    if (edges_[at].key == key && nodes_[edges_[at].child].text == level) return edges_[at].child;
  if ((used_ + 1) * 4 > edges_.size() * 3) grow();
  const std::uint32_t child = new_node();
  RuleTrie::Node& parent = nodes_[node].built;
  nodes_[child].text = level;
  nodes_[child].sibling = parent.first_child;
  parent.first_child = child;
  ++parent.children;
  insert({.key = key, .child = child});
  return child;
}

bool RuleTrieBuilder::add(std::uint32_t root, std::string_view filter, RuleEffect effect,
                          AccessBits bits) {
  if (std::ranges::count(filter, '/') >= static_cast<std::ptrdiff_t>(RuleTrie::levels_max))
    return false;
  std::uint32_t node = roots_[root];
  const auto mark = [&](Said RuleTrie::Node::* where) {
    Said& said = nodes_[node].built.*where;
    (effect == RuleEffect::allow ? said.allowed : said.denied) |= bits;
  };
  for (bool is_last = false; !is_last;) {
    const std::string_view level = take_level(filter, is_last);
    if (effect == RuleEffect::allow) nodes_[node].built.allowed_within |= bits;
    if (level == "#") {
      mark(&RuleTrie::Node::below);
      return true;
    }
    node = child_of(node, level);
  }
  if (effect == RuleEffect::allow) nodes_[node].built.allowed_within |= bits;
  mark(&RuleTrie::Node::here);
  return true;
}

// All nodes under a root, so that those of one parent that have a text follow each other.
void RuleTrieBuilder::lay_out(std::uint32_t root, std::vector<std::uint32_t>& order,
                              std::vector<std::uint32_t>& place) const {
  const auto put = [&](std::uint32_t node) {
    if (node == none) return;
    place[node] = static_cast<std::uint32_t>(order.size());
    order.push_back(node);
  };
  std::size_t at = order.size();
  put(root);
  for (; at < order.size(); ++at) {
    const RuleTrie::Node& node = nodes_[order[at]].built;
    for (std::uint32_t child = node.first_child; child != none; child = nodes_[child].sibling)
      put(child);
    put(node.plus);
    put(node.user);
    put(node.client);
  }
}

RuleTrieBuilder::Built RuleTrieBuilder::build() const {
  std::vector<std::uint32_t> place(nodes_.size(), none);
  std::vector<std::uint32_t> order{none};
  order.reserve(nodes_.size());
  Built out;
  for (const std::uint32_t root : roots_) {
    lay_out(root, order, place);
    out.roots.push_back({.node = place[root]});
  }
  std::size_t wide = 0;
  out.trie.nodes_.reserve(order.size());
  out.trie.tags_.reserve(order.size());
  for (const std::uint32_t old : std::span(order).subspan(1)) {
    RuleTrie::Node node = nodes_[old].built;
    const std::string_view text = nodes_[old].text;
    node.first_child = place[node.first_child];
    node.plus = place[node.plus];
    node.user = place[node.user];
    node.client = place[node.client];
    node.text = static_cast<std::uint32_t>(out.trie.texts_.size());
    node.text_size = static_cast<std::uint32_t>(text.size());
    out.trie.texts_ += text;
    out.trie.nodes_.push_back(node);
    out.trie.tags_.push_back(RuleTrie::tag_of(hash_of_level(text)));
    if (node.children > RuleTrie::narrow_max) wide += node.children;
  }
  for (RuleTrie::Root& root : out.roots) root.text = out.trie.nodes_[root.node].text;
  out.trie.index_wide_nodes(wide);
  return out;
}

}  // namespace sluice::auth
