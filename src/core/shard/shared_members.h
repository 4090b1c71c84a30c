// SPDX-License-Identifier: Apache-2.0
//
// SharedMembers makes the shared subscriptions of all shards look like one: every shard knows every
// member, those of other shards as stand-ins that are sessions in name only. So whoever routes a
// message picks its one receiver alone, and the turn goes round fairly whatever shards the members
// live on.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  a stand-in costs a session's slot, without its queues.
// Spec:    MQTT 5.0 §4.8.2.
#pragma once

#include "core/shard/context.h"
#include "core/shard/interest.h"
#include "core/shard/mail.h"

#include <boost/unordered/unordered_flat_map.hpp>

#include <cstdint>
#include <string>

namespace sluice::core {

class SharedMembers {
 public:
  SharedMembers(Context& context, Interest& interest) : c_(context), interest_(interest) {}

  /// A session of ours joined or left a group, or came or went as a client.
  void on_subscribed(const Session& session, std::string_view share_name, std::string_view filter,
                     const Subscription& subscription);
  void on_unsubscribed(const Session& session, std::string_view share_name,
                       std::string_view filter);
  void on_presence(const Session& session);
  /// After a restart, for a session that the log knew, or that got a message sent again: the turns
  /// of the groups in which it was the last here to get one go on behind it, on every shard.
  void tell_turns(const Session& session);
  /// Before the session ends.
  void on_session_ends(const Session& session);

  void on_mail(ShardIndex from, const mail::SharedMember& mail);

 private:
  struct RemoteKey {
    ShardIndex shard{};
    SessionSlot slot{};
    std::uint32_t number = 0;
    bool operator==(const RemoteKey&) const = default;
  };
  struct RemoteHash {
    std::size_t operator()(const RemoteKey& key) const {
      return (std::size_t{index_of(key.slot)} << 24 ^ std::size_t{key.number} << 8 ^
              index_of(key.shard)) *
             0x9e3779b97f4a7c15U;
    }
  };

  void tell(const Session& session, std::string_view share_name, std::string_view filter,
            const Subscription& subscription, bool is_gone, Instant taken_at = Instant::never());

  Context& c_;
  Interest& interest_;
  boost::unordered_flat_map<RemoteKey, SessionSlot, RemoteHash> stand_ins_;
};

}  // namespace sluice::core
