// SPDX-License-Identifier: Apache-2.0
#include "core/shard/outbox.h"

#include "codec/topic.h"
#include "core/shard/mail_codec.h"

#include <utility>

namespace sluice::core {

void Outbox::send(ShardIndex target, Routed& routed, const mail::Publish& mail,
                  const Sending& how) {
  const OutboxLane& lane = c_.state.lane(target);
  OutboxEntry entry{.sequence = lane.last_sequence + 1,
                    .message = routed.ensure_message(c_.state.messages),
                    .is_for_subscribers = mail.is_for_subscribers,
                    .is_to_retain = mail.is_to_retain};
  if (const mail::SharedPublish* shared = how.shared) {
    entry.shared = "$share/" + std::string(shared->share_name) + "/" + std::string(shared->filter);
    entry.session = shared->session;
    entry.number = shared->number;
    entry.hops = shared->hops;
    entry.is_again = shared->is_again;
  }
  c_.commit(record::OutboxSent{target, entry}, true);
  if (how.waits || routed.qos == codec::Qos::exactly_once || is_waiting(target))
    waiting_[index_of(target)].push_back({c_.journal.ticket(), entry.sequence});
  else
    mail_entry(target, entry, entry.is_again);
}

void Outbox::mail_entry(ShardIndex target, const OutboxEntry& entry, bool is_again) {
  constexpr std::size_t body_copied_max = 1024;
  const Message& message = *entry.message;
  SharedBytes body = message.body();
  const bool is_large = message.payload().size() > body_copied_max;
  if (is_large && (body.is_empty() || body.size() != message.payload().size()))
    body = SharedBytes::copy_of(message.payload());
  mail::Publish publish{.topic = message.topic(),
                        .properties = message.properties(),
                        .payload = is_large ? ByteView{} : message.payload(),
                        .body = is_large ? body : SharedBytes{},
                        .received = message.received(),
                        .sequence = entry.sequence,
                        .expiry_s = message.expiry_s(),
                        .qos = message.qos(),
                        .retain = message.retain(),
                        .is_for_subscribers = entry.is_for_subscribers,
                        .is_to_retain = entry.is_to_retain};
  if (entry.shared.empty()) {
    mail::send(c_.mailer, target, publish);
    return;
  }
  const auto group = codec::split_shared_filter(entry.shared);
  SLUICE_ASSERT(group.has_value());
  mail::SharedPublish shared{.publish = std::move(publish),
                             .share_name = group->share_name,
                             .filter = group->filter,
                             .session = entry.session,
                             .number = entry.number,
                             .hops = entry.hops,
                             .is_again = is_again};
  mail::send(c_.mailer, target, shared);
}

bool Outbox::take(ShardIndex from, std::uint64_t sequence) {
  std::uint64_t& taken = taken_[index_of(from)];
  if (sequence <= std::max(taken, c_.state.lane(from).applied)) return false;
  taken = sequence;
  return true;
}

void Outbox::finish_turn() {
  for (std::uint16_t i = 0; i < c_.setup.count; ++i) {
    const std::uint64_t taken = std::exchange(taken_[i], 0);
    if (taken == 0) continue;
    c_.commit(record::OutboxApplied{ShardIndex{i}, taken}, true);
    to_confirm_.push_back({c_.journal.ticket(), taken, ShardIndex{i}});
  }
}

void Outbox::confirm(ShardIndex to, std::uint64_t sequence, bool is_after_restart) {
  mail::OutboxConfirmed confirmed{sequence, is_after_restart};
  mail::send(c_.mailer, to, confirmed);
}

void Outbox::on_durable(Ticket ticket) {
  while (!to_confirm_.empty() && to_confirm_.front().ticket <= ticket) {
    const ToConfirm next = to_confirm_.pop_front();
    confirm(next.to, next.sequence, false);
  }
  for (std::uint16_t i = 0; i < c_.setup.count; ++i) {
    RingBuffer<Waiting>& waiting = waiting_[i];
    while (!waiting.empty() && waiting.front().ticket <= ticket) {
      const RingBuffer<OutboxEntry>& entries = c_.state.lane(ShardIndex{i}).entries;
      const std::uint64_t place = waiting.pop_front().sequence - entries.front().sequence;
      mail_entry(ShardIndex{i}, entries[place], entries[place].is_again);
    }
  }
}

void Outbox::on_mail(ShardIndex from, const mail::OutboxConfirmed& confirmed) {
  // It need not be durable soon: if it is lost, the receiver says so again.
  c_.commit_in_passing(record::OutboxConfirmed{from, confirmed.sequence});
  if (!confirmed.is_after_restart) return;
  const RingBuffer<OutboxEntry>& entries = c_.state.lane(from).entries;
  for (std::size_t i = 0; i < entries.size(); ++i) mail_entry(from, entries[i], true);
}

void Outbox::begin_run() {
  for (std::uint16_t i = 0; i < c_.setup.count; ++i)
    if (ShardIndex{i} != c_.setup.index)
      confirm(ShardIndex{i}, c_.state.lane(ShardIndex{i}).applied, true);
}

}  // namespace sluice::core
