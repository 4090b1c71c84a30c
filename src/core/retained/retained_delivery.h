// SPDX-License-Identifier: Apache-2.0
//
// RetainedDelivery brings a new subscription the retained messages that match it: page after page,
// as fast as the client takes them, from this shard's store and from the shards that own the other
// topics. A session has one query under way, its other subscriptions wait behind it. A topic that
// the subscription has already got live since its query began is left out: what the store says of
// it may be older. A question to another shard does not overtake what waits for the log in the
// outbox: what was taken before the subscription is in the answer.
//
// Owner:   Shard.      Thread: its shard's.
// Limits:  a page is at most 64 messages or 64 KiB; a client that does not read gets no further
//          page.
// Spec:    MQTT 5.0 §3.3.1.3, §3.8.4.
#pragma once

#include "core/retained/retained_query.h"
#include "core/retained/retained_store.h"
#include "core/session/delivery.h"
#include "core/shard/context.h"
#include "core/shard/mail.h"
#include "core/shard/outbox.h"

#include <boost/unordered/unordered_flat_map.hpp>
#include <boost/unordered/unordered_flat_set.hpp>

#include <cstdint>
#include <list>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace sluice::core {

class RetainedDelivery {
 public:
  RetainedDelivery(Context& context, Delivering& delivering, const Outbox& outbox)
      : c_(context), delivering_(delivering), outbox_(outbox) {}

  /// A subscription has just been made: from now on live messages count. Returns the number of its
  /// query.
  std::uint64_t prepare(const Session& session, std::string_view filter,
                        const Subscription& subscription);
  /// Every shard knows of the subscription: its query may begin, unless it was cancelled meanwhile,
  /// and so may those of the session that were prepared before it.
  void start(const Session& session, std::uint64_t query);
  /// How many queries the session has that are not done.
  std::size_t waiting(SessionSlot session) const {
    if (jobs_.empty()) return 0;  // asked for each packet
    const auto found = jobs_.find(index_of(session));
    return found != jobs_.end() ? found->second.waiting.size() : 0;
  }
  /// True once after queries were done.
  bool take_done() { return std::exchange(has_done_, false); }
  /// The client left, or the filter was unsubscribed.
  void cancel(const Session& session);
  void cancel(const Session& session, std::string_view filter);

  /// A live message that is retained too has just gone to the session.
  void on_live(const Session& session, std::string_view topic) {
    if (!jobs_.empty()) note_live(session, topic);
  }
  /// The session may have room for another page.
  void on_room(const Session& session) {
    if (!jobs_.empty()) wake(session.slot);
  }
  /// What waited in the outbox may have left.
  void on_outbox_sent();
  /// Delivers pages to those who have room, in turn, until the turn is full.
  void advance();
  bool has_work() const { return !runnable_.empty(); }

  void on_mail(ShardIndex from, const mail::RetainedAsked& asked);
  void on_mail(ShardIndex from, const mail::RetainedCancelled& cancelled);
  void on_mail(const mail::RetainedFound& found);
  void on_mail(const mail::RetainedPageEnd& end);
  /// All mail that was there has been handled: what was asked may be answered now.
  void answer_asked();

 private:
  struct Job {
    std::uint64_t query = 0;
    std::string filter;
    Subscription subscription;
    std::uint16_t shard = 0;  // whose topics are being read
    std::uint16_t end = 0;    // behind the last that is; a filter without wildcards has one owner
    bool is_asking = false;   // a page of another shard is on its way
    bool is_held = false;     // it is not asked for before what waits in the outbox has left
    bool is_asked_first = true;
    std::unique_ptr<RetainedQuery> local;
    boost::unordered_flat_set<std::uint64_t> live;
  };
  struct SessionJobs {
    std::list<Job> waiting;     // never empty; the first is under way, if it has started
    std::uint32_t started = 0;  // the low half of the last query that has; they start in order
    bool is_runnable = false;   // stands in runnable_
  };
  struct Asked {
    ShardIndex from{};
    std::uint64_t query = 0;
    PageLimits limits;
  };

  void note_live(const Session& session, std::string_view topic);
  void wake(SessionSlot slot);
  bool has_room(const Session& session) const;
  void run_page(Session& session);
  bool is_over(const Message& message) const;
  void clear_expired();
  void run_local_page(Session& session, Job& job);
  void ask(SessionSlot slot, Job& job);
  void deliver(const Session& session, Job& job, Routed& routed);
  void finish_first(SessionSlot slot);
  void drop_query(Job& job);
  static bool is_started(const SessionJobs& jobs, const Job& job) {
    return static_cast<std::int32_t>(jobs.started - static_cast<std::uint32_t>(job.query)) >= 0;
  }
  Job* find(std::uint64_t query);
  void answer(const Asked& asked);
  std::uint64_t hash(std::string_view topic) const {
    return siphash_1_3(c_.setup.table_key, as_bytes(topic));
  }
  bool is_turn_full() const;
  PageLimits page_limits() const;

  Context& c_;
  Delivering& delivering_;
  const Outbox& outbox_;
  boost::unordered_flat_map<std::uint32_t, SessionJobs> jobs_;  // by session slot
  std::vector<SessionSlot> runnable_;
  std::vector<SessionSlot> held_;
  std::vector<Asked> asked_;
  boost::unordered_flat_map<std::uint64_t, std::unique_ptr<RetainedQuery>>
      queries_;  // of other shards
  std::vector<std::string> expired_;
  std::uint64_t last_query_ = 0;
  bool has_done_ = false;
};

}  // namespace sluice::core
