// SPDX-License-Identifier: Apache-2.0
//
// How a subscription enters and leaves the lists that it stands in: its leaf's or group's, and its
// session's.
#include "base/assert.h"
#include "core/topic/subscription_tree.h"

namespace sluice::core {

using topic::Entry;
using topic::Leaf;
using topic::Member;
using topic::none;

void SubscriptionTree::add_to_leaf(std::uint32_t leaf_index, const Subscription& subscription) {
  Leaf& leaf = tree_.leaf(leaf_index);
  const Member member{.session = subscription.session,
                      .subscription_id = subscription.subscription_id};
  if (leaf.first.session == no_session) {
    leaf.first = member;
    leaf.run.options = subscription.options.to_byte();
    link_session(leaf_index | first_of_leaf);
    return;
  }
  const std::uint32_t index = entries_.add({.next = leaf.chain,
                                            .member = member,
                                            .owner = leaf_index,
                                            .options = subscription.options.to_byte()});
  if (leaf.chain != none) entries_[leaf.chain].previous = index;
  leaf.chain = index;
  ++leaf.chained;
  if ((leaf.chained & is_indexed) != 0)
    members_.insert(entry_hash(leaf_index, false, subscription.session), index);
  else if (leaf.chained > chain_walk_max)
    index_chain(leaf_index);
  link_session(index);
}

void SubscriptionTree::add_to_group(std::uint32_t group_index, const Subscription& subscription) {
  SharedGroup& group = groups_[group_index];
  const std::uint32_t index = entries_.add(
      {.previous = group.tail_,
       .member = {.session = subscription.session, .subscription_id = subscription.subscription_id},
       .owner = group_index,
       .options = subscription.options.to_byte(),
       .is_shared = true});
  if (group.tail_ != none)
    entries_[group.tail_].next = index;
  else
    group.head_ = index;
  group.tail_ = index;
  ++group.count_;
  members_.insert(entry_hash(group_index, true, subscription.session), index);
  link_session(index);
}

void SubscriptionTree::remove(MemberId id) {
  unlink_session(id);
  if ((id & first_of_leaf) != 0) {
    const std::uint32_t leaf = id & ~first_of_leaf;
    tree_.leaf(leaf).first = {};
    release_leaf_if_empty(leaf);
  } else if (entries_[id].is_shared) {
    remove_from_group(id);
  } else {
    remove_from_chain(id);
  }
}

void SubscriptionTree::remove_from_chain(std::uint32_t index) {
  const Entry entry = entries_[index];
  Leaf& leaf = tree_.leaf(entry.owner);
  if (entry.next != none) entries_[entry.next].previous = entry.previous;
  (entry.previous != none ? entries_[entry.previous].next : leaf.chain) = entry.next;
  if ((leaf.chained & is_indexed) != 0)
    members_.erase(entry_hash(entry.owner, false, entry.member.session), index);
  entries_.remove(index);
  --leaf.chained;
  if (leaf.chained == (is_indexed | chain_walk_max / 2)) unindex_chain(entry.owner);
  release_leaf_if_empty(entry.owner);
}

void SubscriptionTree::remove_from_group(std::uint32_t index) {
  const Entry entry = entries_[index];
  SharedGroup& group = groups_[entry.owner];
  if (group.last_ == index) group.last_ = entry.previous;
  if (group.taken_ == index) group.taken_ = none;
  if (entry.next != none) entries_[entry.next].previous = entry.previous;
  (entry.previous != none ? entries_[entry.previous].next : group.head_) = entry.next;
  if (entry.next == none) group.tail_ = entry.previous;
  members_.erase(entry_hash(entry.owner, true, entry.member.session), index);
  entries_.remove(index);
  if (--group.count_ == 0) remove_group(entry.owner);
}

std::uint32_t SubscriptionTree::obtain_group(std::uint32_t leaf_index, std::string_view name) {
  const std::uint32_t standing = find_group(leaf_index, name);
  if (standing != none) return standing;
  const std::uint32_t index = groups_.emplace(name, leaf_index, entries_);
  Leaf& leaf = tree_.leaf(leaf_index);
  groups_[index].next_group_ = leaf.groups;
  if (leaf.groups != none) groups_[leaf.groups].previous_group_ = index;
  leaf.groups = index;
  group_names_.insert(group_hash(leaf_index, name), index);
  return index;
}

void SubscriptionTree::remove_group(std::uint32_t index) {
  const SharedGroup& group = groups_[index];
  const std::uint32_t leaf_index = group.leaf_;
  if (group.next_group_ != none) groups_[group.next_group_].previous_group_ = group.previous_group_;
  if (group.previous_group_ != none)
    groups_[group.previous_group_].next_group_ = group.next_group_;
  else
    tree_.leaf(leaf_index).groups = group.next_group_;
  group_names_.erase(group_hash(leaf_index, group.name_), index);
  groups_.erase(index);
  release_leaf_if_empty(leaf_index);
}

void SubscriptionTree::index_chain(std::uint32_t leaf_index) {
  Leaf& leaf = tree_.leaf(leaf_index);
  leaf.chained |= is_indexed;
  for (std::uint32_t i = leaf.chain; i != none; i = entries_[i].next)
    members_.insert(entry_hash(leaf_index, false, entries_[i].member.session), i);
}

void SubscriptionTree::unindex_chain(std::uint32_t leaf_index) {
  Leaf& leaf = tree_.leaf(leaf_index);
  leaf.chained &= ~is_indexed;
  for (std::uint32_t i = leaf.chain; i != none; i = entries_[i].next)
    members_.erase(entry_hash(leaf_index, false, entries_[i].member.session), i);
}

void SubscriptionTree::release_leaf_if_empty(std::uint32_t leaf_index) {
  const Leaf& leaf = tree_.leaf(leaf_index);
  if (leaf.first.session == no_session && leaf.chain == none && leaf.groups == none)
    tree_.remove(leaf_index);
}

void SubscriptionTree::link_session(MemberId id) {
  Member& joined = member(id);
  const std::uint32_t slot = index_of(joined.session);
  if (slot >= sessions_.size()) sessions_.resize(slot + std::size_t{1});
  SessionList& list = sessions_[slot];
  joined.session_next = list.head;
  joined.session_previous = none;
  if (list.head != none) member(list.head).session_previous = id;
  list.head = id;
  ++list.count;
  ++count_;
}

void SubscriptionTree::unlink_session(MemberId id) {
  const Member left = member(id);
  SessionList& list = sessions_[index_of(left.session)];
  SLUICE_ASSERT(list.count > 0);
  if (left.session_next != none) member(left.session_next).session_previous = left.session_previous;
  if (left.session_previous != none)
    member(left.session_previous).session_next = left.session_next;
  else
    list.head = left.session_next;
  --list.count;
  --count_;
}

}  // namespace sluice::core
