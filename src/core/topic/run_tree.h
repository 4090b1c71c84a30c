// SPDX-License-Identifier: Apache-2.0
//
// The RunTree is the set of filters of a shard, each a path of runs from the root to a leaf
// (topic_nodes.h), and finds the leaves that a topic name matches. All runs of all branches stand
// in one hash index; a branch knows which lengths of runs exist in it, so that a match looks up
// only those: one lookup for a filter without wildcards, one more for each wildcard. Work of a
// match is bounded by the branches that match a prefix of the topic, times the lengths of their
// runs.
//
// Owner:   SubscriptionTree.     Thread: its shard's.
// Never:   recursion; allocation in match() once warm; what a leaf's subscribers are.
// Limits:  2^31 filters; any number of levels.
// Spec:    MQTT 5.0 §4.7.
#pragma once

#include "core/dense_pool.h"
#include "core/topic/hash_index.h"
#include "core/topic/level_path.h"
#include "core/topic/text_pool.h"
#include "core/topic/topic_memo.h"
#include "core/topic/topic_nodes.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core::topic {

class RunTree {
 public:
  explicit RunTree(const HashKey& key);
  RunTree(const RunTree&) = delete;
  RunTree& operator=(const RunTree&) = delete;

  /// The leaf of the filter, or `none`.
  std::uint32_t find(std::string_view filter);
  /// The leaf of the filter, made if there is none.
  std::uint32_t obtain(std::string_view filter);
  /// Takes the leaf out, and the branches that only it needed. REQUIRES: nobody refers to it.
  void remove(std::uint32_t leaf);
  /// Appends the leaf's filter to `text`. O(its runs).
  void append_filter(std::uint32_t leaf, std::string& text) const;

  Leaf& leaf(std::uint32_t index) { return leaves_[index]; }
  const Leaf& leaf(std::uint32_t index) const { return leaves_[index]; }
  std::uint32_t size() const { return leaves_.size(); }
  std::size_t bytes() const;

  /// f(leaf) for each leaf whose filter the topic matches, in an order that the history of calls
  /// gives, until f returns false.
  template <class F>
  void match(std::string_view topic, F&& f);

 private:
  static constexpr std::uint32_t branch_bit = 1U
                                              << 31;  ///< in a value of runs_: a branch, not a leaf
  static constexpr std::uint64_t more_bit = 1ULL << 63;

  struct Pending {
    std::uint32_t branch;
    std::uint32_t level;  ///< where in the topic its runs begin
  };
  struct Probe {
    std::uint32_t place;
    std::uint32_t found;
    Shape shape;
  };
  /// At most one of each length and kind, and one for `more`.
  static constexpr std::size_t probes_max = 2 * (run_levels_max + 1) + 2;
  struct Probes {
    std::uint32_t count;
    std::array<Probe, probes_max> at;

    void add(std::uint32_t place, Shape shape) { at[count++] = {place, HashIndex::absent, shape}; }
  };
  /// A place in a filter at which a run begins.
  struct Step {
    std::uint32_t level;
    Shape shape;
    std::uint32_t next_level;
  };

  Step step(std::uint32_t level) const;
  std::uint32_t place_of(std::uint32_t branch, const Step& step) const;
  std::uint32_t find_run(std::uint32_t branch, std::uint32_t level, const Probe& probe) const;
  std::uint32_t add_run(std::uint32_t branch, const Step& step);
  void remove_run(const Run& run, std::uint32_t value);
  void add_length(Branch& branch, std::uint32_t index, Shape shape);
  void remove_length(Branch& branch, std::uint32_t index, Shape shape);
  bool is_run(std::uint32_t value, std::uint32_t branch, Shape shape, std::string_view text) const;
  const Run& run(std::uint32_t value) const {
    return (value & branch_bit) != 0 ? branches_[value & ~branch_bit].run : leaves_[value].run;
  }
  std::string_view text(const Run& run) const;
  template <class F>
  void walk(std::string_view topic, F&& f);
  void collect(std::uint32_t branch, std::uint32_t level, Probes& probes) const;
  void look_ahead(Probes& probes) const;

  LevelPath path_;
  TopicMemo memo_;
  DensePool<Leaf> leaves_;
  DensePool<Branch> branches_;
  TextPool texts_;
  HashIndex runs_;
  /// How many runs a branch has of one shape, if more than one.
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> same_shape_;
  std::vector<Pending> pending_;
};

template <class F>
void RunTree::match(std::string_view topic, F&& f) {
  const std::uint64_t hash = path_.hash(topic);
  std::uint32_t count = 0;
  if (const std::uint32_t* known = memo_.find(hash, topic, count)) {
    for (std::uint32_t i = 0; i < count; ++i)
      if (!f(known[i])) return;
    return;
  }
  std::array<std::uint32_t, TopicMemo::leaves_max> found;
  bool is_whole = true;
  walk(topic, [&](std::uint32_t leaf) {
    if (count < found.size()) found[count] = leaf;
    ++count;
    const bool goes_on = f(leaf);
    is_whole = is_whole && goes_on;
    return goes_on;
  });
  if (is_whole && count <= found.size()) memo_.put(hash, topic, {found.data(), count});
}

template <class F>
void RunTree::walk(std::string_view topic, F&& f) {
  path_.assign(topic);
  pending_.clear();
  pending_.push_back({root_branch, 0});
  Probes probes;
  while (!pending_.empty()) {
    const Pending next = pending_.back();
    pending_.pop_back();
    probes.count = 0;
    collect(next.branch, next.level, probes);
    look_ahead(probes);
    for (std::uint32_t i = 0; i < probes.count; ++i) {
      const Probe& probe = probes.at[i];
      if (probe.found == HashIndex::absent) continue;
      const std::uint32_t value = find_run(next.branch, next.level, probe);
      if (value == HashIndex::absent) continue;
      if (!probe.shape.is_branch()) {
        if (!f(value)) return;
      } else {
        const std::uint32_t behind = probe.shape.kind() == RunKind::plus ? 1 : 0;
        pending_.push_back({value & ~branch_bit, next.level + probe.shape.levels() + behind});
      }
    }
  }
}

}  // namespace sluice::core::topic
