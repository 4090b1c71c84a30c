// SPDX-License-Identifier: Apache-2.0
//
// A TopicTree remembers of each topic what came last, how often something comes, and the numbers
// that came: what `explore` and `top` show.
//
// Owner:   the command.
// Never:   recursion: topics are as deep as peers make them.
// Limits:  nodes_max levels, payload_bytes_max of a payload, history_max numbers. What does not fit
//          is counted.
#pragma once

#include "base/time.h"
#include "codec/packets.h"

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// The number that a payload is, or that stands first in its JSON.
std::optional<double> number_in(std::string_view payload);

class TopicTree {
 public:
  static constexpr std::size_t nodes_max = 200'000;
  static constexpr std::size_t payload_bytes_max = 4'096;
  static constexpr std::size_t history_max = 60;
  using Index = std::uint32_t;
  static constexpr Index root = 0;

  struct Node {
    std::string name{};
    Index parent = root;
    std::uint32_t depth = 0;
    std::map<std::string, Index, std::less<>> children{};
    std::string payload{};  ///< the last one, perhaps its beginning
    std::size_t payload_bytes = 0;
    std::vector<double> history{};
    std::uint64_t count = 0;  ///< messages of this topic
    std::uint64_t total = 0;  ///< and of those below
    std::uint64_t total_at_tick = 0;
    double rate = 0;  ///< messages a second, this and below
    bool has_value = false;
    bool is_retained = false;
    bool is_open = false;
  };

  TopicTree();
  void add(const codec::Publish& publish);
  /// Renews the rates.
  void tick(Duration elapsed);

  const Node& node(Index index) const { return nodes_[index]; }
  std::string topic(Index index) const;
  /// The nodes that are shown: children of open ones, in order.
  std::vector<Index> visible() const;
  void set_open(Index index, bool is_open) { nodes_[index].is_open = is_open; }
  void open_all();
  /// The topics with the most messages a second.
  std::vector<Index> busiest(std::size_t count) const;
  std::size_t topics() const { return topics_; }
  std::uint64_t messages() const { return nodes_[root].total; }
  double rate() const { return nodes_[root].rate; }
  /// Messages of topics for which there was no room.
  std::uint64_t left_out() const { return left_out_; }

 private:
  std::optional<Index> find_or_make(std::string_view topic);

  std::deque<Node> nodes_;
  std::size_t topics_ = 0;
  std::uint64_t left_out_ = 0;
};

}  // namespace sluice::cli
