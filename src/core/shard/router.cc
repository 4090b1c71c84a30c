// SPDX-License-Identifier: Apache-2.0
#include "core/shard/router.h"

#include "base/assert.h"
#include "core/shard/mail_codec.h"
#include "core/topic/sys_topic.h"

namespace sluice::core {
namespace {

// Bodies above this cross to other shards by reference.
constexpr std::size_t body_copied_max = 1024;
constexpr std::uint8_t hops_max = Interest::shards_max;

}  // namespace

struct RouterVisitor {
  Router& router;
  void on_subscription(const Subscription& subscription) { router.collect(subscription); }
  void on_group(SharedGroup& group) { router.groups_.push_back(&group); }
};

// [MQTT5-3.3.4-5]
void Router::add_id(Match& match, std::uint32_t id) {
  if (id == 0) return;
  if (match.target.subscription_id == 0) {
    match.target.subscription_id = id;
    return;
  }
  if (match.ids == 0) {
    if (id_lists_used_ == id_lists_.size()) id_lists_.emplace_back();
    match.ids = static_cast<std::uint32_t>(++id_lists_used_);
    id_lists_[match.ids - 1].assign(1, match.target.subscription_id);
  }
  id_lists_[match.ids - 1].push_back(id);
}

bool Router::may_be_kept(std::string_view topic) {
  if (!c_.is_alone() && interest_.shards_for(topic) != 0) return true;
  matches_.clear();
  groups_.clear();
  id_lists_used_ = 0;
  publisher_ = no_session;
  advance_stamp();
  c_.state.subscriptions.match(topic, RouterVisitor{*this});
  const auto is_durable = [this](const Match& match) {
    return c_.state.sessions.at(match.target.session).is_durable();
  };
  return !groups_.empty() || std::ranges::any_of(matches_, is_durable);
}

// One target for each session, whatever number of its filters match: the highest QoS, all
// identifiers. [MQTT3-3.3.5-1] [MQTT5-3.3.4-2] [MQTT5-3.3.4-3] [MQTT5-3.3.4-4]
void Router::collect(const Subscription& subscription) {
  // [MQTT5-3.8.3-3]
  if (subscription.options.no_local && subscription.session == publisher_) return;
  Session& session = c_.state.sessions.at(subscription.session);
  if (session.match_stamp != stamp_) {
    session.match_stamp = stamp_;
    session.match_index = static_cast<std::uint32_t>(matches_.size());
    matches_.push_back({.target = {.session = subscription.session,
                                   .qos = subscription.options.qos,
                                   .subscription_id = subscription.subscription_id,
                                   .more_ids = {}},
                        .is_retain_as_published = subscription.options.retain_as_published});
    return;
  }
  Match& match = matches_[session.match_index];
  match.target.qos = std::max(match.target.qos, subscription.options.qos);
  match.is_retain_as_published |= subscription.options.retain_as_published;
  add_id(match, subscription.subscription_id);
}

void Router::advance_stamp() {
  if (++stamp_ != 0) return;  // once in four billion messages
  for (std::uint32_t i = 0; i < c_.state.sessions.end(); ++i)
    if (Session* session = c_.state.sessions.find(SessionSlot{i})) session->match_stamp = 0;
  stamp_ = 1;
}

Router::Outcome Router::deliver_local(Routed& routed) {
  matches_.clear();
  groups_.clear();
  id_lists_used_ = 0;
  publisher_ = routed.publisher;
  advance_stamp();
  c_.state.subscriptions.match(routed.topic, RouterVisitor{*this});
  return deliver_matches(routed);
}

Router::Outcome Router::deliver_matches(Routed& routed) {
  Outcome outcome;
  routed.is_for_many = matches_.size() > 1;
  for (Match& match : matches_) {
    outcome.set_matched();
    // [MQTT5-3.3.1-12] [MQTT5-3.3.1-13] [MQTT3-3.3.1-9]
    match.target.retain = routed.retain && match.is_retain_as_published;
    if (match.ids != 0) match.target.more_ids = id_lists_[match.ids - 1];
    const auto done = delivering_.deliver(routed, match.target);
    outcome.add(done);
    if (routed.retain && Outcome::is_kept(done))
      retained_.on_live(c_.state.sessions.at(match.target.session), routed.topic);
  }
  return outcome;
}

Router::Outcome Router::deliver_groups(Routed& routed) {
  Outcome outcome;
  const std::size_t bytes = routed.topic.size() + routed.properties.size() + routed.payload.size();
  for (SharedGroup* group : groups_) {
    outcome.set_matched();
    const auto member = pick(*group, [&](SessionSlot slot) {
      Session& session = c_.state.sessions.at(slot);
      if (session.is_stand_in())
        return session.remote->is_connected ? MemberClass::free_window
               : session.remote->is_durable ? MemberClass::offline_durable
                                            : MemberClass::cannot_take;
      if (!delivering_.is_allowed(session, routed.topic)) return MemberClass::cannot_take;
      if (session.is_connected()) {
        if (delivering_.has_free_window(session)) return MemberClass::free_window;
        return delivering_.can_take(session, bytes) ? MemberClass::connected
                                                    : MemberClass::cannot_take;
      }
      return session.is_durable() && delivering_.can_take(session, bytes)
                 ? MemberClass::offline_durable
                 : MemberClass::cannot_take;
    });
    if (!member) {
      // Nobody of the group has room, or nobody is there.
      outcome.set_dropped();
      if (routed.qos > codec::Qos::at_most_once) ++c_.metrics.messages_dropped_queue_messages_max;
      continue;
    }
    const Session& session = c_.state.sessions.at(member->session);
    if (session.is_stand_in()) {
      if (routed.qos == codec::Qos::at_most_once && is_lost_on_the_way(session.remote->shard)) {
        outcome.set_dropped();
        continue;
      }
      mail::SharedPublish shared{.publish = to_mail(routed),
                                 .share_name = group->name(),
                                 .filter = {},
                                 .session = session.remote->session,
                                 .number = session.remote->number,
                                 .hops = static_cast<std::uint8_t>(hops_ + 1),
                                 .is_again = is_again_};
      std::string filter = c_.state.subscriptions.filter_of(*group);
      shared.filter = filter;
      const bool is_acknowledged =
          c_.setup.has_log && routed.qos > codec::Qos::at_most_once && !routed.is_volatile();
      if (is_acknowledged &&
          (session.remote->is_durable || outbox_.is_waiting(session.remote->shard)))
        outbox_.send(session.remote->shard, routed, shared.publish, {.shared = &shared});
      else
        mail::send(c_.mailer, session.remote->shard, shared);
      outcome.set_taken();
    } else {
      group->note_picked_taken(c_.now);
      if (is_again_) members_.tell_turns(session);
      deliver_to(routed, *member, outcome);
    }
  }
  return outcome;
}

void Router::deliver_to(Routed& routed, const Subscription& member, Outcome& outcome) {
  const Target target{.session = member.session,
                      .qos = member.options.qos,  // [MQTT5-4.8.2-3]
                      .retain = routed.retain && member.options.retain_as_published,
                      .is_shared = true,
                      .subscription_id = member.subscription_id,
                      .more_ids = {}};
  outcome.add(delivering_.deliver(routed, target));
}

mail::Publish Router::to_mail(Routed& routed) {
  if (routed.body.is_empty() && routed.payload.size() > body_copied_max) {
    routed.body = SharedBytes::copy_of(routed.payload);
    routed.payload = routed.body.view();
  }
  const bool is_whole_body = !routed.body.is_empty() && routed.payload.size() == routed.body.size();
  if (!routed.body.is_empty() && !is_whole_body && routed.payload.size() > body_copied_max) {
    routed.body = SharedBytes::copy_of(routed.payload);
    routed.payload = routed.body.view();
  }
  const bool is_shared = !routed.body.is_empty() && routed.payload.size() > body_copied_max;
  return {.topic = routed.topic,
          .properties = routed.properties,
          .payload = is_shared ? ByteView{} : routed.payload,
          .body = is_shared ? routed.body : SharedBytes{},
          .received = routed.received,
          .expiry_s = routed.expiry_s,
          .qos = routed.qos,
          .retain = routed.retain,
          .is_volatile = routed.is_volatile()};
}

// A shard that has not taken its mail for a while gets no QoS 0.
bool Router::is_lost_on_the_way(ShardIndex shard) {
  if (!c_.is_mail_long_congested || !c_.mailer.is_congested_to(shard)) return false;
  ++c_.metrics.messages_dropped_congestion;
  return true;
}

bool Router::send_to_shards(Routed& routed) {
  const std::uint64_t interested = interest_.shards_for(routed.topic);
  std::uint64_t mask = interested;
  const ShardIndex owner = c_.owner_of(routed.topic);
  const bool is_retained_elsewhere = routed.retain && owner != c_.setup.index;
  if (is_retained_elsewhere) mask |= std::uint64_t{1} << index_of(owner);
  if (mask == 0) return false;
  // What a durable session may want, or what is to be retained, must survive between two logs. What
  // the broker says of itself is said anew by every run.
  std::uint64_t kept = 0;
  const bool is_volatile = routed.is_volatile();
  if (c_.setup.has_log && routed.qos > codec::Qos::at_most_once && !is_volatile &&
      !is_reserved_topic(routed.topic)) {
    if (interested != 0) kept = interest_.keeping_shards_for(routed.topic);
    if (is_retained_elsewhere) kept |= std::uint64_t{1} << index_of(owner);
  }
  // Who gets it live may ask the owner at once for what is retained: none is mailed before the
  // owner's.
  const bool waits =
      is_retained_elsewhere && !is_volatile &&
      (outbox_.is_waiting(owner) || (kept != 0 && routed.qos == codec::Qos::exactly_once));
  mail::Publish mail = to_mail(routed);
  for (; mask != 0; mask &= mask - 1) {
    const auto shard = ShardIndex{static_cast<std::uint16_t>(std::countr_zero(mask))};
    mail.is_for_subscribers = ((interested >> index_of(shard)) & 1U) != 0;
    mail.is_to_retain = is_retained_elsewhere && shard == owner;
    const bool may_overtake = routed.qos == codec::Qos::at_most_once && !mail.is_to_retain;
    if (may_overtake && is_lost_on_the_way(shard)) continue;
    const bool is_behind = waits || (!may_overtake && !is_volatile && outbox_.is_waiting(shard));
    if (((kept >> index_of(shard)) & 1U) != 0 || is_behind)
      outbox_.send(shard, routed, mail, {.waits = waits});
    else
      mail::send(c_.mailer, shard, mail);
  }
  return interested != 0;
}

// Whether the limits allow one more, or one in place of what stands there.
void Router::count_retained() {
  c_.count_in(Counted::retained_messages, c_.state.retained.client_count());
  c_.count_in(Counted::retained_bytes, c_.state.retained.client_bytes());
}

bool Router::has_retained_room(const Routed& routed) {
  const auto& limits = c_.options.retained;
  const Message* old = c_.state.retained.find(routed.topic);
  count_retained();
  const std::uint64_t bytes =
      c_.census.add(Counted::retained_bytes, 0) - (old != nullptr ? old->memory_bytes() : 0);
  const std::size_t size = routed.topic.size() + routed.properties.size() + routed.payload.size();
  if (old == nullptr && c_.census.add(Counted::retained_messages, 0) >=
                            static_cast<std::uint64_t>(limits.messages_max)) {
    ++c_.metrics.limits_hit_retained_messages_max;
    c_.log.warn("retained_limit_reached",
                {{"topic", routed.topic}, {"limit", "retained.messages_max"}});
    return false;
  }
  if (bytes + size <= static_cast<std::uint64_t>(limits.bytes_max)) return true;
  ++c_.metrics.limits_hit_retained_bytes_max;
  c_.log.warn("retained_limit_reached", {{"topic", routed.topic}, {"limit", "retained.bytes_max"}});
  return false;
}

// What the log has of the topic would be there again after a restart, although it is older.
void Router::forget_logged(std::string_view topic) {
  const Message* old = c_.state.retained.find(topic);
  if (old != nullptr && !old->is_volatile()) c_.commit(record::RetainedCleared{topic}, true);
}

// [MQTT3-3.3.1-5] [MQTT5-3.3.1-5]
void Router::keep_retained(Routed& routed, Promise promise) {
  // What the broker says of itself is said anew by every run.
  const bool is_ours = is_reserved_topic(routed.topic);
  const bool is_durable = !is_ours && !routed.is_volatile();
  if (routed.is_volatile()) forget_logged(routed.topic);
  // [MQTT3-3.3.1-10] [MQTT3-3.3.1-11] [MQTT5-3.3.1-6] [MQTT5-3.3.1-7]
  if (routed.payload.empty()) {
    c_.commit(record::RetainedCleared{routed.topic}, is_durable);
    c_.forget_retained(routed.topic);
    count_retained();
    return;
  }
  if (!may_keep_retained(routed, promise, !is_ours)) {
    if (c_.state.retained.find(routed.topic) == nullptr) c_.forget_retained(routed.topic);
    return;
  }
  // [MQTT3-3.3.1-7]
  c_.commit(record::RetainedSet{routed.ensure_message(c_.state.messages)}, is_durable);
  count_retained();
}

bool Router::may_keep_retained(const Routed& routed, Promise promise, bool is_counted) {
  // What the log of another shard has is acknowledged on that: no room here is no reason any more.
  if (c_.is_log_full && promise == Promise::none && !routed.is_volatile()) {
    ++c_.metrics.messages_dropped_store_full;
    return false;
  }
  // What has been acknowledged is kept; other publishes of QoS 1 and 2 do not come here.
  if (c_.is_memory_full && routed.qos == codec::Qos::at_most_once) {
    ++c_.metrics.limits_hit_memory_bytes_max;
    c_.log.warn("retained_limit_reached",
                {{"topic", routed.topic}, {"limit", "limits.memory_bytes_max"}});
    return false;
  }
  return !is_counted || has_retained_room(routed);
}

Router::Outcome Router::publish(Routed& routed) {
  // A rule for the topic says more than where the message has come from.
  if (c_.setup.durability != nullptr || routed.is_volatile()) [[unlikely]] {
    routed.durability = durability_of(routed.topic, routed.durability);
    c_.has_volatile |= routed.is_volatile();
  }
  // [MQTT3-3.3.1-12] [MQTT5-3.3.1-8]
  if (routed.retain) [[unlikely]] {
    if (!routed.payload.empty() && !quotas_.retain(routed.publisher, routed.topic)) {
      ++c_.metrics.messages_dropped_quota_retained_messages_max;
      return Outcome::refused();
    }
    if (c_.is_alone() || c_.owner_of(routed.topic) == c_.setup.index)
      keep_retained(routed, Promise::none);
    else if (routed.payload.empty())
      c_.forget_retained(routed.topic);  // its owner will; the publisher may use the place at once
  }
  Outcome outcome = deliver_local(routed);
  // [RULE5-shared-and-plain]
  if (!groups_.empty()) outcome.add(deliver_groups(routed));
  if (!c_.is_alone() && send_to_shards(routed)) {
    outcome.set_matched();
    outcome.set_taken();
  }
  if (!outcome.is_matched()) ++c_.metrics.messages_without_subscriber;
  return outcome;
}

// Whoever sent it knows.
Durability Router::durability_of_mail(const mail::Publish& mail) {
  c_.has_volatile |= mail.is_volatile;
  return mail.is_volatile ? Durability::memory : Durability::fsync;
}

void Router::on_mail(ShardIndex from, const mail::Publish& mail) {
  if (mail.sequence != 0 && !outbox_.take(from, mail.sequence)) return;
  Routed routed{.topic = mail.topic,
                .properties = mail.properties,
                .payload = mail.body_or_payload(),
                .qos = mail.qos,
                .retain = mail.retain,
                .expiry_s = mail.expiry_s,
                .received = mail.received,
                .durability = durability_of_mail(mail),
                .body = mail.body};
  if (mail.is_to_retain) keep_retained(routed, mail.sequence != 0 ? Promise::given : Promise::none);
  if (mail.is_for_subscribers) deliver_local(routed);  // the sender has picked from the groups
}

void Router::on_mail(ShardIndex from, const mail::SharedPublish& mail) {
  if (mail.publish.sequence != 0 && !outbox_.take(from, mail.publish.sequence)) return;
  const mail::Publish& publish = mail.publish;
  Routed routed{.topic = publish.topic,
                .properties = publish.properties,
                .payload = publish.body_or_payload(),
                .qos = publish.qos,
                .retain = publish.retain,
                .expiry_s = publish.expiry_s,
                .received = publish.received,
                .durability = durability_of_mail(publish),
                .body = publish.body};
  const Session* session = c_.state.sessions.find(mail.session);
  const Subscription* found = nullptr;
  Subscription member;
  if (session != nullptr && session->number == mail.number && !session->is_stand_in()) {
    const auto subscription =
        c_.state.subscriptions.take(mail.share_name, mail.filter, mail.session, c_.now);
    if (subscription) {
      member = *subscription;
      found = &member;
    }
  }
  Outcome outcome;
  if (found != nullptr && (session->is_connected() || session->is_durable())) {
    if (mail.is_again) members_.tell_turns(*session);
    deliver_to(routed, *found, outcome);
  }
  if (outcome.is_taken() || mail.hops >= hops_max) return;
  hops_ = mail.hops;
  is_again_ = mail.is_again;
  pass_on(routed, mail.share_name, mail.filter);
  hops_ = 0;
  is_again_ = false;
}

void Router::pass_on(Routed& routed, std::string_view share_name, std::string_view filter) {
  SharedGroup* group = c_.state.subscriptions.find_shared_group(share_name, filter);
  if (group == nullptr) return;
  groups_.assign(1, group);
  deliver_groups(routed);
  groups_.clear();
}

}  // namespace sluice::core
