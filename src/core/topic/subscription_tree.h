// SPDX-License-Identifier: Apache-2.0
//
// The SubscriptionTree holds all subscriptions of a shard and finds those that a topic name
// matches. Filters are cut into runs of literal levels (topic_nodes.h); RunTree finds the runs,
// this class keeps who subscribed, in two ways: by filter, for matching, and by session, for its
// end.
//
// Owner:   Shard (exactly one).             Thread: its shard's.
// Never:   recursion; allocation in match() once warm; results that depend on the hash key.
// Limits:  2^31 subscriptions, about 100 bytes each; the caller's limits on filters and levels.
// Spec:    MQTT 5.0 §4.7, §4.8.2; MQTT 3.1.1 §4.7.
#pragma once

#include "base/siphash.h"
#include "base/slab.h"
#include "core/dense_pool.h"
#include "core/topic/hash_index.h"
#include "core/topic/run_tree.h"
#include "core/topic/shared_group.h"
#include "core/topic/subscription.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::core {

class SubscriptionTree {
 public:
  explicit SubscriptionTree(const HashKey& key);
  SubscriptionTree(const SubscriptionTree&) = delete;
  SubscriptionTree& operator=(const SubscriptionTree&) = delete;

  /// REQUIRES, here and below: a filter that codec::check_topic_filter() accepts, without `$share`;
  /// a subscription with a session.
  SubscribeOutcome subscribe(std::string_view filter, const Subscription& subscription);
  /// A member that subscribes again keeps its place in the group.
  SubscribeOutcome subscribe_shared(std::string_view share_name, std::string_view filter,
                                    const Subscription& subscription);
  /// False if there was no such subscription.
  bool unsubscribe(std::string_view filter, SessionSlot session);
  bool unsubscribe_shared(std::string_view share_name, std::string_view filter,
                          SessionSlot session);
  /// The session's shared subscription, if it has that one.
  std::optional<Subscription> find_shared(std::string_view share_name, std::string_view filter,
                                          SessionSlot session);
  /// True if the session has that subscription; `share_name` is empty for one that is not shared.
  bool has(std::string_view share_name, std::string_view filter, SessionSlot session);
  /// Null if nobody has subscribed so. Valid until the tree changes.
  SharedGroup* find_shared_group(std::string_view share_name, std::string_view filter);
  /// Where the turn of a group is, over a restart. The session, if it is a member, got a message of
  /// the group at `at`, unless another of this shard's did so later.
  void note_taken(SharedGroup& group, SessionSlot session, Instant at);
  /// find_shared() of a member that gets a message at `at`.
  std::optional<Subscription> take(std::string_view share_name, std::string_view filter,
                                   SessionSlot session, Instant at);
  /// f(std::string_view filter, const Subscription&, Instant at) for each shared subscription of
  /// the session by which it got a message at `at`, as the last of this shard's members. Otherwise
  /// as for_each_of_session().
  template <class F>
  void for_each_turn_taken(SessionSlot session, std::string& text, F&& f) const;
  /// The turn goes on behind the session, which got a message at `at`; unless it was told to go on
  /// behind one that did so later.
  void resume(std::string_view share_name, std::string_view filter, SessionSlot session,
              Instant at);
  /// The filter of a group, without `$share`.
  std::string filter_of(const SharedGroup& group) const;
  /// Ends all subscriptions of the session, shared ones too; says how many. O(their number).
  std::size_t unsubscribe_all(SessionSlot session);

  /// f(std::string_view filter, const Subscription&) for each, the last to come first. A shared one
  /// is called by its whole text, `$share/NAME/FILTER`. `text` is scratch for the filters. The tree
  /// must not change meanwhile.
  template <class F>
  void for_each_of_session(SessionSlot session, std::string& text, F&& f) const;

  /// Calls visitor.on_subscription(const Subscription&) for each subscription that the topic name
  /// matches (a session with overlapping filters is called for each), and
  /// visitor.on_group(SharedGroup&) for each shared group. The tree must not change meanwhile.
  /// REQUIRES: a topic name that codec::check_topic_name() accepts.
  template <class Visitor>
  void match(std::string_view topic, Visitor&& visitor);
  /// True if match() would call anything.
  bool has_match(std::string_view topic);

  /// As RunTree has them: for topics that will be asked about next.
  static constexpr std::size_t ahead_max = topic::RunTree::ahead_max;
  std::uint64_t cold_walks() const { return tree_.cold_walks(); }
  void look_ahead(std::span<const std::string_view> topics) { tree_.look_ahead(topics); }

  /// Subscriptions of the session, of all; shared ones counted.
  std::size_t count(SessionSlot session) const;
  std::size_t count() const { return count_; }
  /// Memory held, free places in it included.
  std::size_t bytes() const;

 private:
  /// An index into entries_, or, with the top bit, a leaf whose first member is meant.
  using MemberId = std::uint32_t;
  static constexpr MemberId first_of_leaf = 1U << 31;
  /// The same bit in Leaf::chained.
  static constexpr std::uint32_t is_indexed = 1U << 31;
  /// Beyond so many chained subscribers a leaf's are found through members_.
  static constexpr std::uint32_t chain_walk_max = 8;

  struct SessionList {
    MemberId head = topic::none;
    std::uint32_t count = 0;
  };

  topic::Member& member(MemberId id);
  const topic::Member& member(MemberId id) const;
  Subscription subscription(MemberId id) const;
  SubscribeOutcome replace(MemberId id, const Subscription& subscription);
  MemberId find_member(std::uint32_t leaf, SessionSlot session) const;
  std::uint32_t find_entry(std::uint32_t owner, bool is_shared, SessionSlot session) const;
  std::uint32_t find_entry(const SharedGroup& group, SessionSlot session) const;
  std::uint32_t find_group(std::uint32_t leaf, std::string_view name) const;
  std::uint32_t obtain_group(std::uint32_t leaf, std::string_view name);

  void add_to_leaf(std::uint32_t leaf, const Subscription& subscription);
  void add_to_group(std::uint32_t group, const Subscription& subscription);
  void remove(MemberId id);
  void remove_from_chain(std::uint32_t entry);
  void remove_from_group(std::uint32_t entry);
  void remove_group(std::uint32_t group);
  void index_chain(std::uint32_t leaf);
  void unindex_chain(std::uint32_t leaf);
  void release_leaf_if_empty(std::uint32_t leaf);
  void link_session(MemberId id);
  void unlink_session(MemberId id);
  void append_filter(MemberId id, std::string& text) const;

  std::uint32_t entry_hash(std::uint32_t owner, bool is_shared, SessionSlot session) const;
  std::uint32_t group_hash(std::uint32_t leaf, std::string_view name) const;

  template <class Visitor>
  void visit_leaf(std::uint32_t leaf, Visitor& visitor);

  HashKey key_;
  topic::RunTree tree_;
  DensePool<topic::Entry> entries_;
  Slab<SharedGroup> groups_;
  topic::HashIndex members_;      ///< (leaf, session) of crowded leaves, (group, session): Entry
  topic::HashIndex group_names_;  ///< (leaf, name): SharedGroup
  std::vector<SessionList> sessions_;
  std::size_t count_ = 0;
};

template <class F>
void SubscriptionTree::for_each_of_session(SessionSlot session, std::string& text, F&& f) const {
  if (index_of(session) >= sessions_.size()) return;
  for (MemberId id = sessions_[index_of(session)].head; id != topic::none;
       id = member(id).session_next) {
    text.clear();
    append_filter(id, text);
    f(std::string_view(text), subscription(id));
  }
}

template <class F>
void SubscriptionTree::for_each_turn_taken(SessionSlot session, std::string& text, F&& f) const {
  if (index_of(session) >= sessions_.size()) return;
  for (MemberId id = sessions_[index_of(session)].head; id != topic::none;
       id = member(id).session_next) {
    if ((id & first_of_leaf) != 0 || !entries_[id].is_shared) continue;
    const SharedGroup& group = groups_[entries_[id].owner];
    if (group.taken_ != id) continue;
    text.clear();
    append_filter(id, text);
    f(std::string_view(text), subscription(id), group.taken_at_);
  }
}

template <class Visitor>
void SubscriptionTree::match(std::string_view topic, Visitor&& visitor) {
  tree_.match(topic, [&](std::uint32_t leaf) {
    visit_leaf(leaf, visitor);
    return true;
  });
}

template <class Visitor>
void SubscriptionTree::visit_leaf(std::uint32_t leaf_index, Visitor& visitor) {
  const topic::Leaf& leaf = tree_.leaf(leaf_index);
  if (leaf.chain != topic::none) __builtin_prefetch(&entries_[leaf.chain]);
  if (leaf.first.session != no_session)
    visitor.on_subscription(subscription(leaf_index | first_of_leaf));
  for (std::uint32_t i = leaf.chain; i != topic::none;) {
    const topic::Entry& entry = entries_[i];
    i = entry.next;
    if (i != topic::none) __builtin_prefetch(&entries_[i]);
    visitor.on_subscription(entry.subscription());
  }
  for (std::uint32_t i = leaf.groups; i != topic::none; i = groups_[i].next_group_)
    visitor.on_group(groups_[i]);
}

}  // namespace sluice::core
