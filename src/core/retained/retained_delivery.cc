// SPDX-License-Identifier: Apache-2.0
#include "core/retained/retained_delivery.h"

#include "codec/topic.h"
#include "core/shard/mail_codec.h"

#include <algorithm>

namespace sluice::core {
namespace {

constexpr std::size_t page_messages_max = 64;
constexpr std::size_t page_bytes_max = 64 * 1024;
constexpr std::size_t body_copied_max = 1024;
constexpr std::size_t turn_bytes_max = 256 * 1024;  // to one client

// A query is numbered by its session, so that an answer finds its job; the low half tells queries
// of one session apart.
constexpr std::uint64_t query_number(SessionSlot slot, std::uint64_t count) {
  return std::uint64_t{index_of(slot)} << 32 | (count & 0xffffffffU);
}

}  // namespace

std::uint64_t RetainedDelivery::prepare(const Session& session, std::string_view filter,
                                        const Subscription& subscription) {
  SessionJobs& jobs = jobs_[index_of(session.slot)];
  if (jobs.waiting.empty()) jobs.started = static_cast<std::uint32_t>(last_query_);
  Job& job = jobs.waiting.emplace_back();
  job.query = query_number(session.slot, ++last_query_);
  job.filter = filter;
  job.subscription = subscription;
  job.end = c_.setup.count;
  if (!c_.is_alone() && !codec::has_wildcard(filter)) {
    job.shard = index_of(c_.owner_of(filter));
    job.end = static_cast<std::uint16_t>(job.shard + 1);
  }
  return job.query;
}

void RetainedDelivery::start(const Session& session, std::uint64_t query) {
  const auto found = jobs_.find(index_of(session.slot));
  if (found == jobs_.end()) return;
  found->second.started = static_cast<std::uint32_t>(query);
  wake(session.slot);
}

void RetainedDelivery::drop_query(Job& job) {
  if (job.shard >= job.end || ShardIndex{job.shard} == c_.setup.index || job.is_asked_first) return;
  mail::RetainedCancelled cancelled{job.query};
  mail::send(c_.mailer, ShardIndex{job.shard}, cancelled);
}

void RetainedDelivery::cancel(const Session& session) {
  const auto found = jobs_.find(index_of(session.slot));
  if (found == jobs_.end()) return;
  for (Job& job : found->second.waiting) drop_query(job);
  jobs_.erase(found);
}

void RetainedDelivery::cancel(const Session& session, std::string_view filter) {
  const auto found = jobs_.find(index_of(session.slot));
  if (found == jobs_.end()) return;
  std::list<Job>& waiting = found->second.waiting;
  for (Job& job : waiting)
    if (job.filter == filter) drop_query(job);
  std::erase_if(waiting, [filter](const Job& job) { return job.filter == filter; });
  if (waiting.empty())
    jobs_.erase(found);
  else
    wake(session.slot);
}

void RetainedDelivery::note_live(const Session& session, std::string_view topic) {
  const auto found = jobs_.find(index_of(session.slot));
  if (found == jobs_.end()) return;
  for (Job& job : found->second.waiting)
    if (codec::matches(job.filter, topic)) job.live.insert(hash(topic));
}

void RetainedDelivery::wake(SessionSlot slot) {
  const auto found = jobs_.find(index_of(slot));
  if (found == jobs_.end() || std::exchange(found->second.is_runnable, true)) return;
  runnable_.push_back(slot);
}

bool RetainedDelivery::has_room(const Session& session) const {
  if (!session.is_connected()) return false;
  const Outbound* outbound = session.find_outbound();
  if (outbound != nullptr && (!outbound->queue.empty() || outbound->unsent > 0)) return false;
  return c_.effects.output.backlog_bytes(session.conn) == 0;
}

// What a page holds may all have to be queued, in a queue that is empty: it must not be dropped.
PageLimits RetainedDelivery::page_limits() const {
  PageLimits limits{.messages_max = page_messages_max, .bytes_max = page_bytes_max};
  const auto& session = c_.options.session;
  if (session.queue_messages_max > 0)
    limits.messages_max =
        std::min(limits.messages_max, static_cast<std::size_t>(session.queue_messages_max));
  if (session.queue_bytes_max > 0)
    limits.bytes_max =
        std::min(limits.bytes_max, static_cast<std::size_t>(session.queue_bytes_max));
  return limits;
}

bool RetainedDelivery::is_turn_full() const {
  return c_.turn_deliveries >= static_cast<std::uint64_t>(c_.options.limits.turn_deliveries_max) ||
         c_.effects.output.turn_bytes() >=
             static_cast<std::size_t>(c_.options.limits.turn_output_bytes_max);
}

void RetainedDelivery::advance() {
  std::size_t done = 0;
  std::vector<SessionSlot> later;
  while (done < runnable_.size() && !is_turn_full()) {
    const SessionSlot slot = runnable_[done++];
    Session* session = c_.state.sessions.find(slot);
    const auto found = jobs_.find(index_of(slot));
    if (found == jobs_.end()) continue;
    found->second.is_runnable = false;
    if (session == nullptr || !has_room(*session)) continue;
    const Job& job = found->second.waiting.front();
    if (job.is_asking || !is_started(found->second, job)) continue;
    // Only the end of the turn tells whether the socket has taken this much.
    if (c_.effects.output.pending_bytes(session->conn) >= turn_bytes_max) {
      found->second.is_runnable = true;
      later.push_back(slot);
      continue;
    }
    run_page(*session);
    // Behind the others, if it can go on at once.
    const auto rest = jobs_.find(index_of(slot));
    if (rest != jobs_.end() && !rest->second.waiting.front().is_asking) wake(slot);
  }
  runnable_.erase(runnable_.begin(), runnable_.begin() + static_cast<std::ptrdiff_t>(done));
  runnable_.insert(runnable_.end(), later.begin(), later.end());
}

void RetainedDelivery::run_page(Session& session) {
  Job& job = jobs_[index_of(session.slot)].waiting.front();
  if (job.shard == job.end) {
    finish_first(session.slot);
  } else if (ShardIndex{job.shard} == c_.setup.index) {
    run_local_page(session, job);
  } else {
    ask(session.slot, job);
  }
}

bool RetainedDelivery::is_over(const Message& message) const {
  const Duration time_max = c_.options.retained.time_max;
  return message.is_expired(c_.now) ||
         (time_max > Duration{} && message.received() + time_max <= c_.now);
}

void RetainedDelivery::clear_expired() {
  for (const std::string& topic : expired_) {
    c_.commit(record::RetainedCleared{topic}, true);
    c_.forget_retained(topic);
  }
}

void RetainedDelivery::run_local_page(Session& session, Job& job) {
  if (!job.local) job.local = std::make_unique<RetainedQuery>(job.filter);
  expired_.clear();
  const bool has_more =
      job.local->next(c_.state.retained, page_limits(), [&](const MessageRef& message) {
        // [RULE5-retained-expiry]
        if (is_over(*message)) {
          expired_.emplace_back(message->topic());
          return;
        }
        Routed routed = Routed::of(message);
        deliver(session, job, routed);
      });
  clear_expired();
  if (!has_more) {
    job.local.reset();
    ++job.shard;
  }
}

void RetainedDelivery::ask(SessionSlot slot, Job& job) {
  if (job.is_asked_first && outbox_.is_waiting(ShardIndex{job.shard})) {
    job.is_asking = job.is_held = true;
    held_.push_back(slot);
    return;
  }
  const PageLimits limits = page_limits();
  mail::RetainedAsked asked{
      .filter = job.is_asked_first ? std::string_view(job.filter) : std::string_view(),
      .query = job.query,
      .messages_max = static_cast<std::uint32_t>(limits.messages_max),
      .bytes_max = static_cast<std::uint32_t>(limits.bytes_max)};
  mail::send(c_.mailer, ShardIndex{job.shard}, asked);
  job.is_asked_first = false;
  job.is_asking = true;
}

void RetainedDelivery::on_outbox_sent() {
  for (const SessionSlot slot : std::exchange(held_, {})) {
    const auto found = jobs_.find(index_of(slot));
    if (found == jobs_.end()) continue;
    Job& job = found->second.waiting.front();
    if (std::exchange(job.is_held, false)) job.is_asking = false;
    wake(slot);
  }
}

// [MQTT3-3.3.1-6] [MQTT3-3.3.1-8] [MQTT5-3.3.1-9]
void RetainedDelivery::deliver(const Session& session, Job& job, Routed& routed) {
  if (!job.live.empty() && job.live.contains(hash(routed.topic))) return;
  // [RULE5-retained-subscription-identifier]
  const Target target{.session = session.slot,
                      .qos = job.subscription.options.qos,
                      .retain = true,
                      .subscription_id = job.subscription.subscription_id,
                      .more_ids = {}};
  delivering_.deliver(routed, target);
}

void RetainedDelivery::finish_first(SessionSlot slot) {
  const auto found = jobs_.find(index_of(slot));
  has_done_ = true;
  found->second.waiting.pop_front();
  if (found->second.waiting.empty()) jobs_.erase(found);
}

RetainedDelivery::Job* RetainedDelivery::find(std::uint64_t query) {
  const auto found = jobs_.find(static_cast<std::uint32_t>(query >> 32));
  if (found == jobs_.end() || found->second.waiting.front().query != query) return nullptr;
  return &found->second.waiting.front();
}

void RetainedDelivery::on_mail(const mail::RetainedFound& found) {
  Job* job = find(found.query);
  if (job == nullptr) return;
  const mail::Publish& publish = found.publish;
  Routed routed{.topic = publish.topic,
                .properties = publish.properties,
                .payload = publish.body_or_payload(),
                .qos = publish.qos,
                .retain = true,
                .expiry_s = publish.expiry_s,
                .received = publish.received,
                .durability = publish.is_volatile ? Durability::memory : Durability::fsync,
                .body = publish.body};
  c_.has_volatile |= publish.is_volatile;
  deliver(c_.state.sessions.at(job->subscription.session), *job, routed);
}

void RetainedDelivery::on_mail(const mail::RetainedPageEnd& end) {
  Job* job = find(end.query);
  if (job == nullptr) return;
  job->is_asking = false;
  if (end.is_last) {
    ++job->shard;
    job->is_asked_first = true;
  }
  wake(job->subscription.session);
}

void RetainedDelivery::on_mail(ShardIndex from, const mail::RetainedAsked& asked) {
  const std::uint64_t key = asked.query ^ std::uint64_t{index_of(from)} << 58;
  if (!asked.filter.empty()) queries_[key] = std::make_unique<RetainedQuery>(asked.filter);
  asked_.push_back({from, asked.query, {asked.messages_max, asked.bytes_max}});
}

void RetainedDelivery::on_mail(ShardIndex from, const mail::RetainedCancelled& cancelled) {
  queries_.erase(cancelled.query ^ std::uint64_t{index_of(from)} << 58);
}

void RetainedDelivery::answer_asked() {
  for (const Asked& asked : asked_) answer(asked);
  asked_.clear();
}

void RetainedDelivery::answer(const Asked& asked) {
  const auto found = queries_.find(asked.query ^ std::uint64_t{index_of(asked.from)} << 58);
  if (found == queries_.end()) return;  // cancelled meanwhile
  expired_.clear();
  const bool has_more =
      found->second->next(c_.state.retained, asked.limits, [&](const MessageRef& message) {
        if (is_over(*message)) {
          expired_.emplace_back(message->topic());
          return;
        }
        const bool is_shared = message->payload().size() > body_copied_max;
        mail::RetainedFound mail{.publish = {.topic = message->topic(),
                                             .properties = message->properties(),
                                             .payload = is_shared ? ByteView{} : message->payload(),
                                             .body = {},
                                             .received = message->received(),
                                             .expiry_s = message->expiry_s(),
                                             .qos = message->qos(),
                                             .retain = true,
                                             .is_volatile = message->is_volatile()},
                                 .query = asked.query};
        if (is_shared) mail.publish.body = SharedBytes::copy_of(message->payload());
        mail::send(c_.mailer, asked.from, mail);
      });
  clear_expired();
  if (!has_more) queries_.erase(found);
  mail::RetainedPageEnd end{asked.query, !has_more};
  mail::send(c_.mailer, asked.from, end);
}

}  // namespace sluice::core
