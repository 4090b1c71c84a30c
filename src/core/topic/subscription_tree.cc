// SPDX-License-Identifier: Apache-2.0
#include "core/topic/subscription_tree.h"

#include "base/assert.h"

namespace sluice::core {

using topic::Entry;
using topic::Leaf;
using topic::Member;
using topic::none;

SubscriptionTree::SubscriptionTree(const HashKey& key) : key_(key), tree_(key) {}

SubscribeOutcome SubscriptionTree::subscribe(std::string_view filter,
                                             const Subscription& subscription) {
  SLUICE_ASSERT(subscription.session != no_session);
  const std::uint32_t leaf = tree_.obtain(filter);
  const MemberId standing = find_member(leaf, subscription.session);
  if (standing != none) return replace(standing, subscription);
  add_to_leaf(leaf, subscription);
  return {};
}

SubscribeOutcome SubscriptionTree::subscribe_shared(std::string_view share_name,
                                                    std::string_view filter,
                                                    const Subscription& subscription) {
  SLUICE_ASSERT(subscription.session != no_session && !share_name.empty());
  const std::uint32_t group = obtain_group(tree_.obtain(filter), share_name);
  const std::uint32_t standing = find_entry(group, true, subscription.session);
  if (standing != none) return replace(standing, subscription);
  add_to_group(group, subscription);
  return {};
}

bool SubscriptionTree::unsubscribe(std::string_view filter, SessionSlot session) {
  const std::uint32_t leaf = tree_.find(filter);
  if (leaf == none) return false;
  const MemberId standing = find_member(leaf, session);
  if (standing == none) return false;
  remove(standing);
  return true;
}

bool SubscriptionTree::unsubscribe_shared(std::string_view share_name, std::string_view filter,
                                          SessionSlot session) {
  const std::uint32_t leaf = tree_.find(filter);
  if (leaf == none) return false;
  const std::uint32_t group = find_group(leaf, share_name);
  if (group == none) return false;
  const std::uint32_t standing = find_entry(group, true, session);
  if (standing == none) return false;
  remove(standing);
  return true;
}

std::optional<Subscription> SubscriptionTree::find_shared(std::string_view share_name,
                                                          std::string_view filter,
                                                          SessionSlot session) {
  const std::uint32_t leaf = tree_.find(filter);
  const std::uint32_t group = leaf == none ? none : find_group(leaf, share_name);
  const std::uint32_t entry = group == none ? none : find_entry(group, true, session);
  if (entry == none) return std::nullopt;
  return entries_[entry].subscription();
}

bool SubscriptionTree::has(std::string_view share_name, std::string_view filter,
                           SessionSlot session) {
  if (!share_name.empty()) return find_shared(share_name, filter, session).has_value();
  const std::uint32_t leaf = tree_.find(filter);
  return leaf != none && find_member(leaf, session) != none;
}

SharedGroup* SubscriptionTree::find_shared_group(std::string_view share_name,
                                                 std::string_view filter) {
  const std::uint32_t leaf = tree_.find(filter);
  const std::uint32_t group = leaf == none ? none : find_group(leaf, share_name);
  return group == none ? nullptr : &groups_[group];
}

void SubscriptionTree::note_taken(SharedGroup& group, SessionSlot session, Instant at) {
  const std::uint32_t entry = find_entry(group, session);
  if (entry == none || (group.taken_ != none && at < group.taken_at_)) return;
  group.taken_ = entry;
  group.taken_at_ = at;
}

std::optional<Subscription> SubscriptionTree::take(std::string_view share_name,
                                                   std::string_view filter, SessionSlot session,
                                                   Instant at) {
  SharedGroup* group = find_shared_group(share_name, filter);
  const std::uint32_t entry = group == nullptr ? none : find_entry(*group, session);
  if (entry == none) return std::nullopt;
  group->taken_ = entry;
  group->taken_at_ = at;
  return entries_[entry].subscription();
}

void SubscriptionTree::resume(std::string_view share_name, std::string_view filter,
                              SessionSlot session, Instant at) {
  SharedGroup* group = find_shared_group(share_name, filter);
  const std::uint32_t entry = group == nullptr ? none : find_entry(*group, session);
  if (entry == none || (group->last_ != none && at < group->resumed_at_)) return;
  group->last_ = entry;
  group->resumed_at_ = at;
}

std::string SubscriptionTree::filter_of(const SharedGroup& group) const {
  std::string filter;
  tree_.append_filter(group.leaf_, filter);
  return filter;
}

std::size_t SubscriptionTree::unsubscribe_all(SessionSlot session) {
  const std::size_t removed = count(session);
  if (removed == 0) return 0;
  while (sessions_[index_of(session)].head != none) remove(sessions_[index_of(session)].head);
  SLUICE_ASSERT(sessions_[index_of(session)].count == 0);
  return removed;
}

bool SubscriptionTree::has_match(std::string_view topic) {
  bool has = false;
  tree_.match(topic, [&has](std::uint32_t) {
    has = true;
    return false;
  });
  return has;
}

std::size_t SubscriptionTree::count(SessionSlot session) const {
  return index_of(session) < sessions_.size() ? sessions_[index_of(session)].count : 0;
}

std::size_t SubscriptionTree::bytes() const {
  return sizeof *this - sizeof tree_ + tree_.bytes() + entries_.bytes() + groups_.bytes() +
         members_.bytes() + group_names_.bytes() + sessions_.capacity() * sizeof(SessionList);
}

Member& SubscriptionTree::member(MemberId id) {
  return (id & first_of_leaf) != 0 ? tree_.leaf(id & ~first_of_leaf).first : entries_[id].member;
}

const Member& SubscriptionTree::member(MemberId id) const {
  return (id & first_of_leaf) != 0 ? tree_.leaf(id & ~first_of_leaf).first : entries_[id].member;
}

Subscription SubscriptionTree::subscription(MemberId id) const {
  if ((id & first_of_leaf) == 0) return entries_[id].subscription();
  const Leaf& leaf = tree_.leaf(id & ~first_of_leaf);
  return {leaf.first.session, leaf.first.subscription_id,
          codec::SubscriptionOptions::from_byte(leaf.run.options)};
}

SubscribeOutcome SubscriptionTree::replace(MemberId id, const Subscription& subscription) {
  const SubscribeOutcome outcome{.is_new = false, .replaced = this->subscription(id)};
  member(id).subscription_id = subscription.subscription_id;
  const std::uint8_t options = subscription.options.to_byte();
  if ((id & first_of_leaf) != 0)
    tree_.leaf(id & ~first_of_leaf).run.options = options;
  else
    entries_[id].options = options;
  return outcome;
}

SubscriptionTree::MemberId SubscriptionTree::find_member(std::uint32_t leaf_index,
                                                         SessionSlot session) const {
  const Leaf& leaf = tree_.leaf(leaf_index);
  if (leaf.first.session == session) return leaf_index | first_of_leaf;
  if ((leaf.chained & is_indexed) != 0) return find_entry(leaf_index, false, session);
  for (std::uint32_t i = leaf.chain; i != none; i = entries_[i].next)
    if (entries_[i].member.session == session) return i;
  return none;
}

std::uint32_t SubscriptionTree::find_entry(std::uint32_t owner, bool is_shared,
                                           SessionSlot session) const {
  return members_.find(entry_hash(owner, is_shared, session), [&](std::uint32_t i) {
    const Entry& entry = entries_[i];
    return entry.member.session == session && entry.owner == owner && entry.is_shared == is_shared;
  });
}

std::uint32_t SubscriptionTree::find_entry(const SharedGroup& group, SessionSlot session) const {
  return group.head_ == none ? none : find_entry(entries_[group.head_].owner, true, session);
}

std::uint32_t SubscriptionTree::find_group(std::uint32_t leaf, std::string_view name) const {
  return group_names_.find(group_hash(leaf, name), [&](std::uint32_t i) {
    return groups_[i].leaf_ == leaf && groups_[i].name_ == name;
  });
}

std::uint32_t SubscriptionTree::entry_hash(std::uint32_t owner, bool is_shared,
                                           SessionSlot session) const {
  const std::uint64_t pair = std::uint64_t{owner} << 32 | index_of(session);
  const std::uint64_t salt = is_shared ? key_.k1 : key_.k0;
  const std::uint64_t hash = topic::multiply_fold(pair ^ salt, (key_.k0 ^ key_.k1) | 1U);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

std::uint32_t SubscriptionTree::group_hash(std::uint32_t leaf, std::string_view name) const {
  const std::uint64_t hash =
      topic::multiply_fold(topic::hash_text(key_, name) ^ leaf, key_.k1 | 1U);
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

void SubscriptionTree::append_filter(MemberId id, std::string& text) const {
  std::uint32_t leaf = id & ~first_of_leaf;
  if ((id & first_of_leaf) == 0) {
    leaf = entries_[id].owner;
    if (entries_[id].is_shared) {
      const SharedGroup& group = groups_[entries_[id].owner];
      text.append("$share/").append(group.name_).append("/");
      leaf = group.leaf_;
    }
  }
  tree_.append_filter(leaf, text);
}

}  // namespace sluice::core
