// SPDX-License-Identifier: Apache-2.0
#include "core/shard/recovery.h"

#include "codec/topic.h"

#include <algorithm>
#include <string>

namespace sluice::core {

Result<void> Recovery::restore(ByteView batch) {
  if (!replay_)
    replay_ =
        std::make_unique<Replay>(c_.state, c_.setup.log_clock, c_.setup.chunks, c_.spill_rules());
  return replay_->apply(batch);
}

void Recovery::begin_run() {
  if (replay_) {
    for (const DirectChunks::Lost& lost : replay_->lost()) {
      ++c_.metrics.queue_chunks_unreadable;
      c_.log.error("queue_chunk_unreadable",
                   {{"client", std::string_view(lost.client_id)}, {"messages", lost.messages}});
    }
  }
  replay_.reset();
  c_.commit(record::RunStarted{c_.now}, true);
  outbox_.begin_run();
  for (std::uint32_t i = 0; i < c_.state.sessions.end(); ++i) {
    Session* session = c_.state.sessions.find(SessionSlot{i});
    if (session == nullptr || session->is_stand_in()) continue;
    c_.census.add(Counted::sessions, 1);
    recover(*session);
  }
}

void Recovery::recover(Session& session) {
  session.generation = c_.state.sessions.next_generation();
  session.is_interest_kept = session.is_durable();
  tell_subscriptions(session);
  if (session.is_shared_member) members_.tell_turns(session);
  // It ended with its connection; for its will it stays until that is due.
  if (!session.is_durable() && !session.will) {
    closing_.end_session(session);
    return;
  }
  const std::uint64_t who = pack(session.slot, session.generation);
  if (session.is_durable() && session.expiry_s != Session::never_expires)
    c_.timers.add(session.disconnected_at + Duration(std::chrono::seconds(session.expiry_s)),
                  timer_session_expiry, who);
  if (session.will)
    c_.timers.add(std::max(session.disconnected_at + session.will->delay,
                           c_.now + c_.options.will.restart_grace),
                  timer_will, who);
}

void Recovery::tell_subscriptions(Session& session) {
  std::string text;
  c_.state.subscriptions.for_each_of_session(
      session.slot, text, [&](std::string_view whole, const Subscription& subscription) {
        const auto split = codec::split_shared_filter(whole);
        if (split && split->is_shared()) {
          session.is_shared_member = true;
          members_.on_subscribed(session, split->share_name, split->filter, subscription);
        } else {
          interest_.add(whole,
                        session.is_interest_kept ? Interest::Keeps::yes : Interest::Keeps::no);
        }
      });
}

}  // namespace sluice::core
