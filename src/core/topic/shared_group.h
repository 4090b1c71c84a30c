// SPDX-License-Identifier: Apache-2.0
//
// A SharedGroup is the set of sessions that share one filter under one name: each message goes to
// one of them. Members stand in the order they subscribed; the turn goes round among the best that
// can take the message.
//
// A restart goes on behind the member that had a message last. Each shard remembers the last of its
// own members and when that was; whoever knows all members takes the latest (resume()).
//
// Owner:   SubscriptionTree.      Thread: its shard's.
// Never:   allocation in a pick.
// Spec:    MQTT 5.0 §4.8.2.
#pragma once

#include "base/time.h"
#include "core/dense_pool.h"
#include "core/topic/topic_nodes.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::core {

/// How well a member can take a message now; the least is the best.
enum class MemberClass : std::uint8_t { free_window, connected, offline_durable, cannot_take };

class SharedGroup {
 public:
  SharedGroup(std::string_view name, std::uint32_t leaf, const DensePool<topic::Entry>& entries)
      : name_(name), leaf_(leaf), entries_(&entries) {}

  std::string_view name() const { return name_; }
  std::uint32_t count() const { return count_; }

  /// f(const Subscription&) for each member, in the order they subscribed.
  template <class F>
  void for_each(F&& f) const {
    for (std::uint32_t i = head_; i != topic::none; i = (*entries_)[i].next)
      f((*entries_)[i].subscription());
  }

  /// The member that pick() gave last is one of this shard's and got the message at `at`.
  void note_picked_taken(Instant at) {
    taken_ = last_;
    taken_at_ = at;
  }

 private:
  friend class SubscriptionTree;
  template <class ClassOf>
  friend std::optional<Subscription> pick(SharedGroup& group, ClassOf&& class_of);

  std::uint32_t after(std::uint32_t member) const {
    const std::uint32_t next = member != topic::none ? (*entries_)[member].next : topic::none;
    return next != topic::none ? next : head_;
  }

  std::string name_;
  std::uint32_t leaf_;
  std::uint32_t head_ = topic::none;
  std::uint32_t tail_ = topic::none;
  std::uint32_t last_ = topic::none;   ///< behind whom the turn is; none: at the head
  std::uint32_t taken_ = topic::none;  ///< the last of this shard's members to get a message
  std::uint32_t count_ = 0;
  std::uint32_t next_group_ = topic::none;
  std::uint32_t previous_group_ = topic::none;
  Instant taken_at_{};
  Instant resumed_at_{};  ///< when the member that the turn resumed behind got its message
  const DensePool<topic::Entry>* entries_;
};

/// The member whose turn it is among those of the best class, and passes the turn on; nothing if
/// none can take the message. `class_of(SessionSlot)` gives a MemberClass. Asks one member if the
/// next in turn has a free window, at worst each member once.
template <class ClassOf>
std::optional<Subscription> pick(SharedGroup& group, ClassOf&& class_of) {
  std::uint32_t best = topic::none;
  auto best_class = MemberClass::cannot_take;
  std::uint32_t member = group.after(group.last_);
  for (std::uint32_t i = 0; i < group.count_; ++i) {
    const MemberClass member_class = class_of((*group.entries_)[member].member.session);
    if (member_class < best_class) {
      best = member;
      best_class = member_class;
      if (best_class == MemberClass::free_window) break;
    }
    member = group.after(member);
  }
  if (best == topic::none) return std::nullopt;
  group.last_ = best;
  return (*group.entries_)[best].subscription();
}

}  // namespace sluice::core
