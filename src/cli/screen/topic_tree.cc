// SPDX-License-Identifier: Apache-2.0
#include "cli/screen/topic_tree.h"

#include "codec/topic.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace sluice::cli {

namespace {

/// Where the first member that is a number begins; npos if there is none.
std::size_t first_number_member(std::string_view json) {
  bool is_behind_colon = false;
  for (std::size_t at = 0; at < json.size(); ++at) {
    const char c = json[at];
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') continue;
    if (is_behind_colon && (c == '-' || (c >= '0' && c <= '9'))) return at;
    is_behind_colon = c == ':';
    if (c != '"') continue;
    for (++at; at < json.size() && json[at] != '"'; ++at) {
      if (json[at] == '\\') ++at;
    }
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<double> number_in(std::string_view payload) {
  const bool is_object = payload.starts_with('{');
  const std::size_t at = is_object ? first_number_member(payload) : 0;
  if (at == std::string_view::npos) return std::nullopt;
  double number = 0;
  const char* end = payload.data() + payload.size();
  const auto [stop, error] = std::from_chars(payload.data() + at, end, number);
  const bool is_whole = is_object || stop == end;
  if (error != std::errc() || !is_whole || !std::isfinite(number)) return std::nullopt;
  return number;
}

TopicTree::TopicTree() {
  nodes_.emplace_back();
  nodes_[root].is_open = true;
}

std::optional<TopicTree::Index> TopicTree::find_or_make(std::string_view topic) {
  Index at = root;
  codec::TopicLevels levels(topic);
  while (const auto level = levels.next()) {
    const auto found = nodes_[at].children.find(*level);
    if (found != nodes_[at].children.end()) {
      at = found->second;
      continue;
    }
    if (nodes_.size() >= nodes_max) return std::nullopt;
    const auto made = static_cast<Index>(nodes_.size());
    Node& node = nodes_.emplace_back();
    node.name = std::string(*level);
    node.parent = at;
    node.depth = nodes_[at].depth + 1;
    nodes_[at].children.emplace(node.name, made);
    at = made;
  }
  return at;
}

void TopicTree::add(const codec::Publish& publish) {
  const auto index = find_or_make(publish.topic);
  if (!index) {
    ++left_out_;
    return;
  }
  Node& node = nodes_[*index];
  const std::string_view payload = as_text(publish.payload);
  if (!node.has_value) ++topics_;
  node.has_value = true;
  node.payload = payload.substr(0, payload_bytes_max);
  node.payload_bytes = payload.size();
  node.is_retained = publish.retain;
  ++node.count;
  if (const auto number = number_in(node.payload)) {
    if (node.history.size() >= history_max) node.history.erase(node.history.begin());
    node.history.push_back(*number);
  }
  for (Index at = *index;; at = nodes_[at].parent) {
    ++nodes_[at].total;
    if (at == root) return;
  }
}

void TopicTree::tick(Duration elapsed) {
  const double seconds = static_cast<double>(elapsed.count()) / 1e9;
  if (seconds <= 0) return;
  // Of the last two seconds or so.
  const double weight = std::min(1.0, seconds / 2);
  for (Node& node : nodes_) {
    const auto came = static_cast<double>(node.total - node.total_at_tick);
    node.total_at_tick = node.total;
    node.rate += (came / seconds - node.rate) * weight;
    if (node.rate < 0.005) node.rate = 0;
  }
}

std::string TopicTree::topic(Index index) const {
  std::vector<std::string_view> names;
  for (; index != root; index = nodes_[index].parent) names.push_back(nodes_[index].name);
  std::string topic;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    if (name != names.rbegin()) topic += '/';
    topic += *name;
  }
  return topic;
}

std::vector<TopicTree::Index> TopicTree::visible() const {
  std::vector<Index> shown;
  std::vector<Index> waiting{root};
  while (!waiting.empty()) {
    const Index at = waiting.back();
    waiting.pop_back();
    if (at != root) shown.push_back(at);
    if (!nodes_[at].is_open) continue;
    const auto& children = nodes_[at].children;
    for (auto child = children.rbegin(); child != children.rend(); ++child) {
      waiting.push_back(child->second);
    }
  }
  return shown;
}

void TopicTree::open_all() {
  for (Node& node : nodes_) node.is_open = !node.children.empty();
}

std::vector<TopicTree::Index> TopicTree::busiest(std::size_t count) const {
  // What a node has beside its children is its own.
  std::vector<std::pair<double, Index>> all;
  for (Index at = 1; at < nodes_.size(); ++at) {
    if (!nodes_[at].has_value) continue;
    double own = nodes_[at].rate;
    for (const auto& [name, child] : nodes_[at].children) own -= nodes_[child].rate;
    all.emplace_back(own, at);
  }
  const std::size_t kept = std::min(count, all.size());
  std::ranges::partial_sort(all, all.begin() + static_cast<std::ptrdiff_t>(kept),
                            [this](const auto& a, const auto& b) {
                              if (a.first != b.first) return a.first > b.first;
                              return nodes_[a.second].count > nodes_[b.second].count;
                            });
  std::vector<Index> indexes;
  for (std::size_t at = 0; at < kept; ++at) indexes.push_back(all[at].second);
  return indexes;
}

}  // namespace sluice::cli
