// SPDX-License-Identifier: Apache-2.0
//
// The RunTree is the set of filters of a shard, each a path of runs from the root to a leaf
// (topic_nodes.h), and finds the leaves that a topic name matches. All runs of all branches stand
// in one hash index; a branch knows which lengths of runs exist in it, so that a match looks up
// only those: one lookup for a filter without wildcards, one more for each wildcard. Work of a
// match is bounded by the branches that match a prefix of the topic, times the lengths of their
// runs.
//
// What a large tree has to read for a match is in no cache, and one read tells where the next one
// is. So topics that are known to follow are matched side by side (look_ahead.cc): their reads
// overlap.
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
#include <span>
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

  /// As many topics as look_ahead() takes at once.
  static constexpr std::size_t ahead_max = 16;
  /// Grows with each match() that look_ahead() would have made cheaper.
  std::uint64_t cold_walks() const { return cold_walks_; }
  /// Finds out what these topics match, for when match() is asked. Any text will do as a topic; one
  /// that is long, or matches much, is left to match(). REQUIRES: at most ahead_max.
  void look_ahead(std::span<const std::string_view> topics);

 private:
  static constexpr std::uint32_t branch_bit = 1U
                                              << 31;  ///< in a value of runs_: a branch, not a leaf
  static constexpr std::uint64_t more_bit = 1ULL << 63;
  /// From so many leaves on the tree is larger than what a core's caches keep of it.
  static constexpr std::uint32_t cold_leaves_min = 8'192;

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
  /// On the way through the tree, along a topic or a filter.
  struct Walk {
    explicit Walk(const HashKey& key) : path(key) {}

    LevelPath path;
    Pending at{};
    Probes probes;
    std::vector<Pending> pending;

    /// There is a branch of this run, found from `at`.
    void push(std::uint32_t value, Shape shape) {
      const std::uint32_t behind = shape.kind() == RunKind::plus ? 1 : 0;
      pending.push_back({value & ~branch_bit, at.level + shape.levels() + behind});
    }
  };
  /// One topic of those that are matched side by side.
  struct Lane : Walk {
    using Walk::Walk;

    std::string_view topic;
    std::uint64_t hash = 0;
    std::array<std::uint32_t, TopicMemo::leaves_max> found;
    std::uint32_t count = 0;  ///< beyond leaves_max: it matches too much to be remembered
    std::uint32_t branches = 0;

    void begin(std::string_view name, std::uint64_t its_hash);
    bool step();
  };
  /// A place in a filter at which a run begins.
  struct Step {
    std::uint32_t level;
    Shape shape;
    std::uint32_t next_level;
  };

  Step step(std::uint32_t level) const;
  std::uint32_t place_of(std::uint32_t branch, const Step& step) const;
  std::uint32_t find_run(const Walk& walk, const Probe& probe) const;
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
  void go(std::string_view topic, F&& f);
  void collect(Walk& walk) const;
  void fetch(Probes& probes) const;
  void fetch_texts(const Probes& probes) const;
  void take(Lane& lane) const;

  HashKey key_;
  Walk own_;
  TopicMemo memo_;
  DensePool<Leaf> leaves_;
  DensePool<Branch> branches_;
  TextPool texts_;
  HashIndex runs_;
  /// How many runs a branch has of one shape, if more than one.
  boost::unordered_flat_map<std::uint64_t, std::uint32_t> same_shape_;
  std::vector<Lane> lanes_;  ///< none before the first look ahead
  std::uint64_t cold_walks_ = 0;
};

template <class F>
void RunTree::match(std::string_view topic, F&& f) {
  const std::uint64_t hash = own_.path.hash(topic);
  std::uint32_t count = 0;
  if (const std::uint32_t* known = memo_.find(hash, topic, count)) {
    for (std::uint32_t i = 0; i < count; ++i)
      if (!f(known[i])) return;
    return;
  }
  std::array<std::uint32_t, TopicMemo::leaves_max> found;
  bool is_whole = true;
  go(topic, [&](std::uint32_t leaf) {
    if (count < found.size()) found[count] = leaf;
    ++count;
    const bool goes_on = f(leaf);
    is_whole = is_whole && goes_on;
    return goes_on;
  });
  if (!is_whole || count > found.size()) return;
  memo_.put(hash, topic, {found.data(), count});
  if (leaves_.size() >= cold_leaves_min) ++cold_walks_;
}

template <class F>
void RunTree::go(std::string_view topic, F&& f) {
  Walk& walk = own_;
  walk.path.assign(topic);
  walk.pending.clear();
  walk.pending.push_back({root_branch, 0});
  while (!walk.pending.empty()) {
    walk.at = walk.pending.back();
    walk.pending.pop_back();
    walk.probes.count = 0;
    collect(walk);
    fetch(walk.probes);
    for (std::uint32_t i = 0; i < walk.probes.count; ++i) {
      const Probe& probe = walk.probes.at[i];
      if (probe.found == HashIndex::absent) continue;
      const std::uint32_t value = find_run(walk, probe);
      if (value == HashIndex::absent) continue;
      if (!probe.shape.is_branch()) {
        if (!f(value)) return;
      } else {
        walk.push(value, probe.shape);
      }
    }
  }
}

}  // namespace sluice::core::topic
