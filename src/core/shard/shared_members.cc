// SPDX-License-Identifier: Apache-2.0
#include "core/shard/shared_members.h"

#include "codec/topic.h"
#include "core/shard/mail_codec.h"

namespace sluice::core {

void SharedMembers::tell(const Session& session, std::string_view share_name,
                         std::string_view filter, const Subscription& subscription, bool is_gone,
                         Instant taken_at) {
  if (c_.is_alone()) return;
  mail::SharedMember mail{.share_name = share_name,
                          .filter = filter,
                          .sequence = interest_.next_sequence(),
                          .subscription_id = subscription.subscription_id,
                          .session = session.slot,
                          .number = session.number,
                          .qos = subscription.options.qos,
                          .is_gone = is_gone,
                          .is_connected = session.is_connected(),
                          .is_durable = session.is_durable(),
                          .taken_at = taken_at};
  for (std::uint16_t i = 0; i < c_.setup.count; ++i)
    if (ShardIndex{i} != c_.setup.index) mail::send(c_.mailer, ShardIndex{i}, mail);
}

void SharedMembers::on_subscribed(const Session& session, std::string_view share_name,
                                  std::string_view filter, const Subscription& subscription) {
  tell(session, share_name, filter, subscription, false);
}

void SharedMembers::on_unsubscribed(const Session& session, std::string_view share_name,
                                    std::string_view filter) {
  tell(session, share_name, filter, {}, true);
}

void SharedMembers::on_presence(const Session& session) {
  if (c_.is_alone() || !session.is_shared_member) return;
  std::string text;
  c_.state.subscriptions.for_each_of_session(
      session.slot, text, [&](std::string_view whole, const Subscription& subscription) {
        const auto shared = codec::split_shared_filter(whole);
        if (shared && shared->is_shared())
          tell(session, shared->share_name, shared->filter, subscription, false);
      });
}

void SharedMembers::tell_turns(const Session& session) {
  std::string text;
  c_.state.subscriptions.for_each_turn_taken(
      session.slot, text,
      [&](std::string_view whole, const Subscription& subscription, Instant at) {
        const auto shared = codec::split_shared_filter(whole);
        c_.state.subscriptions.resume(shared->share_name, shared->filter, session.slot, at);
        tell(session, shared->share_name, shared->filter, subscription, false, at);
      });
}

void SharedMembers::on_session_ends(const Session& session) {
  if (c_.is_alone() || !session.is_shared_member) return;
  std::string text;
  c_.state.subscriptions.for_each_of_session(
      session.slot, text, [&](std::string_view whole, const Subscription& subscription) {
        const auto shared = codec::split_shared_filter(whole);
        if (shared && shared->is_shared())
          tell(session, shared->share_name, shared->filter, subscription, true);
      });
}

void SharedMembers::on_mail(ShardIndex from, const mail::SharedMember& mail) {
  const RemoteKey key{from, mail.session, mail.number};
  const auto found = stand_ins_.find(key);
  if (mail.is_gone) {
    if (found == stand_ins_.end()) return;
    const SessionSlot slot = found->second;
    c_.state.subscriptions.unsubscribe_shared(mail.share_name, mail.filter, slot);
    if (c_.state.subscriptions.count(slot) > 0) return;
    stand_ins_.erase(found);
    c_.state.sessions.erase_stand_in(slot);
    return;
  }
  const SessionSlot slot =
      found != stand_ins_.end() ? found->second : c_.state.sessions.create_stand_in();
  if (found == stand_ins_.end()) stand_ins_.emplace(key, slot);
  Session& stand_in = c_.state.sessions.at(slot);
  stand_in.remote = std::make_unique<RemoteMember>(from, mail.session, mail.number,
                                                   mail.is_connected, mail.is_durable);
  codec::SubscriptionOptions options;
  options.qos = mail.qos;
  c_.state.subscriptions.subscribe_shared(mail.share_name, mail.filter,
                                          Subscription{slot, mail.subscription_id, options});
  if (!mail.taken_at.is_never())
    c_.state.subscriptions.resume(mail.share_name, mail.filter, slot, mail.taken_at);
}

}  // namespace sluice::core
