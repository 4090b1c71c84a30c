// SPDX-License-Identifier: Apache-2.0
//
// Router takes one application message to everybody who subscribed: sessions of this shard at once,
// other shards by one mail each, one member of every shared subscription wherever it is.
//
// Owner:   Shard.      Thread: its shard's.
// Never:   allocation for QoS 0 once warm.
// Spec:    MQTT 5.0 §3.3.4, §4.8.2.
#pragma once

#include "core/access/quotas.h"
#include "core/retained/retained_delivery.h"
#include "core/session/delivery.h"
#include "core/shard/context.h"
#include "core/shard/interest.h"
#include "core/shard/mail.h"
#include "core/shard/outbox.h"
#include "core/shard/routed.h"
#include "core/shard/shared_members.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::core {

class Router {
 public:
  Router(Context& context, Delivering& delivering, Interest& interest, SharedMembers& members,
         RetainedDelivery& retained, Outbox& outbox)
      : c_(context),
        delivering_(delivering),
        interest_(interest),
        members_(members),
        retained_(retained),
        outbox_(outbox),
        quotas_(context) {}

  /// What became of a message. One word: read back bytewise, right behind a message's bytes on
  /// their way to cold memory, it would wait for all of them.
  class Outcome {
   public:
    /// A subscription here matched, or another shard may have one.
    bool is_matched() const { return (flags_ & matched) != 0; }
    /// Somebody has it, or may.
    bool is_taken() const { return (flags_ & taken) != 0; }
    /// Somebody was to have it, but for a limit.
    bool is_dropped() const { return (flags_ & dropped) != 0; }

    void set_matched() { flags_ |= matched; }
    void set_taken() { flags_ |= taken; }
    void set_dropped() { flags_ |= dropped; }
    void add(Outcome other) { flags_ |= other.flags_; }
    void add(Delivering::Outcome done) {
      if (is_kept(done)) set_taken();
      if (done == Delivering::Outcome::dropped) set_dropped();
    }
    /// A limit keeps it from everybody.
    static Outcome refused() {
      Outcome outcome;
      outcome.flags_ = matched | dropped;
      return outcome;
    }
    /// Whether the session has it now.
    static bool is_kept(Delivering::Outcome done) {
      return done == Delivering::Outcome::sent || done == Delivering::Outcome::queued;
    }

   private:
    static constexpr std::uint32_t matched = 1;
    static constexpr std::uint32_t taken = 2;
    static constexpr std::uint32_t dropped = 4;
    std::uint32_t flags_ = 0;
  };
  /// A message published to this shard: to its subscribers here and elsewhere; kept if its RETAIN
  /// says so.
  Outcome publish(Routed& routed);
  /// Whether a session that outlives its connection may get a message of that topic.
  bool may_be_kept(std::string_view topic);
  /// Of messages of that topic: as a rule for it says, or as where they come from does.
  Durability durability_of(std::string_view topic, Durability otherwise) const {
    if (c_.setup.durability == nullptr || !c_.setup.has_log) return otherwise;
    return c_.setup.durability->find(topic).value_or(otherwise);
  }
  /// Mail from another shard.
  void on_mail(ShardIndex from, const mail::Publish& mail);
  void on_mail(ShardIndex from, const mail::SharedPublish& mail);
  /// QoS 1 and 2 messages of a shared subscription that a session ends with go to another member.
  void pass_on(Routed& routed, std::string_view share_name, std::string_view filter);

 private:
  struct Match {
    Target target;
    bool is_retain_as_published = false;
    std::uint32_t ids = 0;  // place in id_lists_, 1-based; 0: no or one identifier
    std::uint32_t filters = 1;
  };
  friend struct RouterVisitor;

  void collect(const Subscription& subscription);
  void add_id(Match& match, std::uint32_t id);
  Outcome deliver_matches(Routed& routed);
  void advance_stamp();
  Outcome deliver_local(Routed& routed);
  Outcome deliver_groups(Routed& routed);
  void deliver_to(Routed& routed, const Subscription& member, Outcome& outcome);
  bool send_to_shards(Routed& routed);
  bool is_lost_on_the_way(ShardIndex shard);
  bool has_retained_room(const Routed& routed);
  /// Tells the census what is retained here.
  void count_retained();
  /// given: its publisher was told, or will be, that it is kept.
  enum class Promise : std::uint8_t { none, given };
  void keep_retained(Routed& routed, Promise promise);
  bool may_keep_retained(const Routed& routed, Promise promise, bool is_counted);
  void forget_logged(std::string_view topic);
  Durability durability_of_mail(const mail::Publish& mail);
  mail::Publish to_mail(Routed& routed);

  Context& c_;
  Delivering& delivering_;
  Interest& interest_;
  SharedMembers& members_;
  RetainedDelivery& retained_;
  Outbox& outbox_;
  Quotas quotas_;
  std::vector<Match> matches_;  // of the message under way; kept for its memory
  std::vector<SharedGroup*> groups_;
  std::vector<std::vector<std::uint32_t>> id_lists_;
  std::size_t id_lists_used_ = 0;
  std::uint32_t stamp_ = 0;
  std::uint8_t hops_ = 0;  // shards that have passed on the shared message under way
  bool is_again_ = false;  // it is from before a restart
  SessionSlot publisher_ = no_session;
};

}  // namespace sluice::core
