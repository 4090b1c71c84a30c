// SPDX-License-Identifier: Apache-2.0
#include "server/turn/turn.h"

#include "base/assert.h"

#include <array>
#include <utility>

namespace sluice::server {
namespace {

constexpr Duration handshake_grace = 5s;
constexpr Duration check_period = 1s;
constexpr std::size_t reads_between_clocks = 16;

}  // namespace

Turn::Turn(const core::ShardSetup& setup, const core::CoreOptions& options,
           const TurnOptions& turn_options, Rng& rng, Log& log, RingMatrix& rings, TurnHost& host,
           Instant now)
    : options_(turn_options),
      host_(host),
      mailer_(rings, setup.index, turn_options.ring_overflow_bytes_max, metrics_),
      shard_(std::make_unique<core::Shard>(setup, options, rng, log, effects_, mailer_, now)),
      now_(now),
      connect_timeout_(options.limits.connect_timeout),
      index_(setup.index),
      logger_(log) {}

Turn::~Turn() {
  for (std::uint32_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.transport && slot.is_watched) host_.unwatch(*slot.transport);
    // What was never written may refer to messages of the shard, which goes before the output.
    effects_.output.drop({i, slot.generation});
  }
}

void Turn::use_log(store::ShardLog& log, std::size_t pending_bytes_max,
                   std::uint64_t checkpoint_bytes_min) {
  log_ = &log;
  log_pending_bytes_max_ = pending_bytes_max;
  checkpoints_.emplace(Checkpoints::Parts{.shard = *shard_,
                                          .log = log,
                                          .logger = logger_,
                                          .metrics = metrics_,
                                          .log_bytes_min = checkpoint_bytes_min,
                                          .index = core::index_of(index_),
                                          .turn_bytes = options_.checkpoint_turn_bytes});
}

Turn::Slot* Turn::find(core::ConnId id) {
  if (id.slot >= slots_.size()) return nullptr;
  Slot& slot = slots_[id.slot];
  return slot.generation == id.generation && slot.phase != Phase::free ? &slot : nullptr;
}

core::ConnId Turn::take_slot(std::unique_ptr<net::Transport> transport) {
  std::uint32_t index = static_cast<std::uint32_t>(slots_.size());
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    index = free_.back();
    free_.pop_back();
  }
  Slot& slot = slots_[index];
  const std::uint32_t generation = slot.generation + 1;
  slot = Slot{};
  slot.generation = generation;
  slot.phase = Phase::open;
  slot.transport = std::move(transport);
  ++open_;
  return {index, generation};
}

void Turn::free_slot(core::ConnId id) {
  Slot& slot = slots_[id.slot];
  if (slot.transport && slot.is_watched) host_.unwatch(*slot.transport);
  effects_.output.drop(id);
  if (slot.is_handshaking) end_handshake(id, slot);
  slot.transport.reset();
  slot.phase = Phase::free;
  free_.push_back(id.slot);
  --open_;
}

void Turn::list_readable(core::ConnId id, Slot& slot) {
  slot.is_readable = true;
  if (slot.is_listed || slot.is_paused) return;
  slot.is_listed = true;
  (slot.comes_or_goes() ? churn_ : readable_).push_back(id);
}

void Turn::begin(Instant now) {
  now_ = now;
  ++metrics_.turns;
  hand_overs_.clear();
  shard_->begin_turn(now);
  if (log_ != nullptr) {
    shard_->set_log_state(log_->space() == store::Space::low               ? core::LogState::full
                          : log_->pending_bytes() > log_pending_bytes_max_ ? core::LogState::behind
                                                                           : core::LogState::good);
    take_durable();
    take_chunks();
  }
  for (const auto& [id, cause] : lost_) {
    shard_->on_closed(id, cause);
    if (find(id) != nullptr) free_slot(id);
  }
  lost_.clear();
  for (const core::ConnId id : drained_) shard_->on_writable(id);
  drained_.clear();
}

void Turn::add(std::unique_ptr<net::Transport> transport, const core::Opened& opened) {
  ++metrics_.accepts;
  const core::ConnId id = take_slot(std::move(transport));
  Slot& slot = slots_[id.slot];
  slot.is_handshaking = slot.transport->is_handshaking();
  list_readable(id, slot);
  if (!slot.is_handshaking) {
    shard_->on_opened(id, opened);
    return;
  }
  // The shard hears of it once it can be talked to.
  slot.is_blocked = true;
  slot.entrance = opened.entrance;
  slot.deadline = now_ + connect_timeout_;
  ++handshakes_;
  blocked_.push_back(id);
  if (next_check_.is_never()) next_check_ = now_ + check_period;
}

void Turn::on_ready(core::ConnId id, ReadyFor ready) {
  Slot* slot = find(id);
  if (slot == nullptr) return;
  if (ready.hangup) slot->is_hung_up = true;
  if (ready.readable || ready.hangup) list_readable(id, *slot);
  if (slot->transport == nullptr) return;  // what it has to write is looked at when it comes back
  if (ready.writable && (!slot->is_writable || slot->transport->has_pending_output())) {
    slot->is_writable = true;
    to_write_.push_back(id);
  }
}

// Before each input, not once a turn: what a client was told by another shard is in our mail by the
// time it speaks to us.
void Turn::take_mail() {
  if (!mailer_.may_have_mail()) return;
  mailer_.receive(
      [this](core::ShardIndex from, ByteView record) { shard_->on_mail(from, record); });
  shard_->on_mail_end();
}

void Turn::run() {
  take_mail();
  if (shard_->next_deadline() <= now_) shard_->on_deadline();
  // What waited for this turn comes before those who could fill it.
  const std::size_t listed = readable_.size();
  if (std::exchange(churn_waits_, false)) {
    attend_churn();
    // Not those that it has read: what the shard wants of them (to hand one over, or to close it)
    // is done when the turn ends.
    read_all(listed);
    return;
  }
  const bool has_read = read_all(listed);
  if (!has_churn()) return;
  // What was read now is to leave first.
  churn_waits_ = has_read;
  if (!has_read) attend_churn();
}

bool Turn::read_all(std::size_t most) {
  round_.clear();
  round_.swap(readable_);
  most = std::min({most, round_.size(), reads_max});
  std::size_t done = 0;
  for (; done < most && !shard_->is_turn_full(); ++done) {
    if (done % reads_between_clocks == reads_between_clocks - 1 && host_.is_time_over()) {
      ++metrics_.turn_bound_hits_time;
      break;
    }
    if (input_.bytes() >= options_.input_bytes_max) {
      ++metrics_.turn_bound_hits_input;
      break;
    }
    const core::ConnId id = round_[done];
    Slot* slot = find(id);
    if (slot == nullptr) continue;
    attend(id, *slot);
  }
  if (shard_->is_turn_full()) ++metrics_.turn_bound_hits_output;
  // Those that had no turn come first in the next one.
  readable_.insert(readable_.begin(), round_.begin() + static_cast<std::ptrdiff_t>(done),
                   round_.end());
  return done > 0;
}

void Turn::attend(core::ConnId id, Slot& slot) {
  slot.is_listed = false;
  if (slot.is_paused || !slot.is_readable) return;
  if (slot.is_handshaking)
    shake_hands(id, slot);
  else if (slot.phase == Phase::open)
    read(id, slot);
  else
    discard_input(id, slot);
}

bool Turn::watch(core::ConnId id, Slot& slot) {
  if (!slot.is_watched) slot.is_watched = host_.watch(*slot.transport, id);
  return slot.is_watched;
}

void Turn::read(core::ConnId id, Slot& slot) {
  MutableByteView room = input_.room();
  if (slot.is_bulk) room = room.first(std::min(room.size(), bulk_bytes_max));
  ++metrics_.reads;
  const auto size = slot.transport->read(room);
  if (!size) {
    slot.is_readable = false;
    ++metrics_.reads_empty;
    if (size.error().code == ErrorCode::protocol_error) {
      shard_->on_closed(id, core::CloseCause::protocol_error);
      end_gently(id, slot);
      return;
    }
    if (size.error().code != ErrorCode::would_block) {
      lose(id, core::CloseCause::connection_lost);
      return;
    }
    if (!watch(id, slot)) lose(id, core::CloseCause::limit);
    return;
  }
  input_.take(*size);
  slot.is_new = false;
  slot.is_bulk = *size == room.size();
  // Less than asked for: the socket is empty, and says so when it is no longer; unless its end was
  // announced already.
  const bool is_more = *size == room.size() || slot.is_hung_up || !slot.is_watched ||
                       slot.transport->has_buffered_input();
  slot.is_readable = is_more;
  take_mail();
  shard_->on_bytes(id, room.first(*size));
  if (is_more) list_readable(id, slot);
}

// A layer of the transport has said why it ends: that is to arrive although the peer still sends.
void Turn::end_gently(core::ConnId id, Slot& slot) {
  if (slot.is_handshaking) end_handshake(id, slot);
  slot.phase = Phase::closing;
  slot.deadline = now_ + options_.linger;
  closing_.push_back(id);
}

void Turn::lose(core::ConnId id, core::CloseCause cause) {
  shard_->on_closed(id, cause);
  free_slot(id);
}

// The shard has done with it; what the peer still sends is read so that its own reset does not eat
// our last words.
void Turn::discard_input(core::ConnId id, Slot& slot) {
  const MutableByteView room = input_.room();
  const auto size = slot.transport->read(room);
  if (size) {
    list_readable(id, slot);
    return;
  }
  slot.is_readable = false;
  if (size.error().code != ErrorCode::would_block)
    free_slot(id);
  else
    static_cast<void>(watch(id, slot));
}

std::uint64_t Turn::finish() {
  if (checkpoints_) checkpoints_->on_turn(now_);
  shard_->finish_turn();
  apply_effects();
  // Before any acknowledgement leaves: what a client does next may reach another shard at once, and
  // must find there what it was told is done.
  const std::uint64_t to_wake = mailer_.flush();
  write_all();
  for (const core::ConnId id : closing_)
    if (Slot* slot = find(id)) finish_closing(id, *slot);
  closing_.clear();
  if (now_ >= next_check_) check_deadlines();
  effects_.end_turn();
  input_.reset();
  return to_wake;
}

void Turn::apply_effects() {
  // Effects may add effects: an answer releases what waited for it.
  for (std::size_t i = 0; i < effects_.list.size(); ++i) {
    const core::Effect effect = effects_.list[i];
    Slot* slot = find(effect.conn);
    switch (effect.kind) {
      case core::EffectKind::persist:
        persist(core::Ticket{effect.arg});
        break;
      case core::EffectKind::chunk:
        if (log_ != nullptr) log_->carry_out(std::move(effects_.chunk_requests[effect.arg]));
        break;
      case core::EffectKind::checkpoint_begun:
        if (checkpoints_) checkpoints_->on_begun();
        break;
      case core::EffectKind::checkpoint_durable:
        if (checkpoints_) checkpoints_->on_durable(now_);
        break;
      case core::EffectKind::authenticate:
        host_.authenticate(std::move(effects_.auth_requests[effect.arg]));
        break;
      case core::EffectKind::pause:
        if (slot == nullptr) break;
        slot->is_paused = true;
        ++metrics_.read_pauses;
        ++metrics_.connections_paused;
        break;
      case core::EffectKind::resume:
        if (slot == nullptr || !slot->is_paused) break;
        slot->is_paused = false;
        --metrics_.connections_paused;
        if (slot->is_readable) list_readable(effect.conn, *slot);
        break;
      case core::EffectKind::hand_over:
        if (slot != nullptr) hand_over(effect.conn, effects_.hand_overs[effect.arg]);
        break;
      case core::EffectKind::close:
      case core::EffectKind::close_gently:
        if (slot == nullptr) break;
        slot->phase = Phase::closing;
        if (slot->is_paused) --metrics_.connections_paused;
        slot->is_paused = false;
        slot->deadline = effect.kind == core::EffectKind::close ? now_ : now_ + options_.linger;
        closing_.push_back(effect.conn);
        break;
    }
  }
}

void Turn::persist(core::Ticket ticket) {
  if (log_ == nullptr) {
    shard_->on_answer(ticket);
    return;
  }
  if (effects_.is_written_awaited) log_->await_written();
  checkpoints_->on_batch(log_->append(ticket, {host_.wall_now(), now_}, effects_.records));
  take_durable();
}

// What waited for the log leaves with this turn.
void Turn::take_durable() {
  if (shard_->has_written_waiting()) [[unlikely]]
    take_written();
  const core::Ticket durable = log_->durable();
  if (durable == durable_) return;
  durable_ = durable;
  shard_->on_answer(durable);
}

void Turn::take_written() {
  const core::Ticket written = log_->written();
  if (written <= written_) return;
  written_ = written;
  shard_->on_written(written);
}

void Turn::take_chunks() {
  log_->take_answers(chunk_answers_);
  for (const core::ChunkAnswer& answer : chunk_answers_) shard_->on_chunk(answer);
  chunk_answers_.clear();
}

void Turn::hand_over(core::ConnId id, core::HandOver& what) {
  Slot& slot = slots_[id.slot];
  ++metrics_.handovers;
  if (slot.is_watched) host_.unwatch(*slot.transport);
  slot.is_watched = false;
  hand_overs_.push_back({.transport = std::move(slot.transport),
                         .bytes = std::move(what.bytes),
                         .opened = std::move(what.opened),
                         .target = what.target});
  free_slot(id);
}

void Turn::write_all() {
  // write() of one connection may not add to these: copies are not needed, indices are.
  const std::size_t waiting = to_write_.size();
  for (std::size_t i = 0; i < waiting; ++i) write(to_write_[i]);
  to_write_.erase(to_write_.begin(), to_write_.begin() + static_cast<std::ptrdiff_t>(waiting));
  for (const core::ConnId id : effects_.output.dirty()) write(id);
}

void Turn::write(core::ConnId id) {
  Slot* slot = find(id);
  if (slot == nullptr || slot->is_broken) {
    effects_.output.drop(id);
    return;
  }
  if (slot->transport == nullptr) return;
  const std::size_t pending = effects_.output.pending_bytes(id);
  if (pending == 0 && slot->transport->has_pending_output()) {
    flush(id, *slot);
    return;
  }
  if (pending == 0 || !slot->is_writable) {
    if (pending > 0) note_blocked(id, *slot);
    return;
  }
  if (!write_once(id, *slot)) return;
  if (effects_.output.pending_bytes(id) > 0) {
    if (slot->is_writable) to_write_.push_back(id);  // it took its share of this turn
    note_blocked(id, *slot);
    return;
  }
  on_written(id, *slot);
}

void Turn::on_written(core::ConnId id, Slot& slot) {
  if (slot.is_blocked) {
    slot.is_blocked = false;
    slot.deadline = slot.phase == Phase::open ? Instant::never() : slot.deadline;
    std::erase(blocked_, id);
  }
  if (slot.phase == Phase::open && effects_.output.take_drained(id)) drained_.push_back(id);
  if (slot.phase == Phase::closing) closing_.push_back(id);
}

// What a layer of the transport has taken and the socket has not.
void Turn::flush(core::ConnId id, Slot& slot) {
  const auto flushed = slot.transport->flush();
  if (flushed) {
    if (!slot.is_handshaking) on_written(id, slot);
  } else if (flushed.error().code == ErrorCode::would_block) {
    static_cast<void>(watch(id, slot));
  } else if (slot.phase == Phase::open) {
    note_broken(id, slot);
  } else {
    free_slot(id);
  }
}

// Nothing reaches the peer any more; what it had sent before may be here, and be all that it
// wanted: a client that publishes and leaves. The end of that is the end of the connection.
void Turn::note_broken(core::ConnId id, Slot& slot) {
  slot.is_broken = slot.is_hung_up = true;
  slot.deadline = now_ + options_.write_timeout;
  if (!slot.is_blocked) {
    slot.is_blocked = true;
    blocked_.push_back(id);
  }
  if (next_check_.is_never()) next_check_ = now_ + check_period;
  list_readable(id, slot);
}

// Writes a bounded share; false if the connection is gone.
bool Turn::write_once(core::ConnId id, Slot& slot) {
  std::array<ByteView, slices_max> views;
  std::array<net::IoSlice, slices_max> slices;
  std::size_t share = write_bytes_max;
  while (share > 0) {
    std::size_t count = effects_.output.gather(id, views, share);
    if (count == 0) return true;
    if (views[0].size() > write_piece_max) {
      // A part of a large message: others have a turn before the next.
      count = 1;
      views[0] = views[0].first(write_piece_max);
      share = write_piece_max;
    }
    std::size_t wanted = 0;
    for (std::size_t i = 0; i < count; ++i) {
      slices[i] = {views[i].data(), views[i].size()};
      wanted += views[i].size();
    }
    ++metrics_.writes;
    const auto written = slot.transport->write({slices.data(), count});
    if (!written) {
      slot.is_writable = false;
      if (written.error().code == ErrorCode::would_block) return true;
      effects_.output.drop(id);
      if (slot.phase == Phase::open)
        note_broken(id, slot);
      else
        closing_.push_back(id);
      return false;
    }
    effects_.output.consume(id, *written);
    shard_->note_written(*written);
    share -= *written;
    if (*written < wanted) {
      ++metrics_.writes_partial;
      slot.is_writable = false;
      slot.deadline = slot.phase == Phase::open ? now_ + options_.write_timeout : slot.deadline;
      return true;
    }
  }
  return true;
}

void Turn::note_blocked(core::ConnId id, Slot& slot) {
  if (slot.is_blocked) return;
  if (!slot.is_watched && !slot.is_writable) slot.is_watched = host_.watch(*slot.transport, id);
  slot.is_blocked = true;
  if (slot.phase == Phase::open) slot.deadline = now_ + options_.write_timeout;
  blocked_.push_back(id);
  if (next_check_.is_never()) next_check_ = now_ + check_period;
}

void Turn::finish_closing(core::ConnId id, Slot& slot) {
  if (slot.phase != Phase::closing) return;
  const bool is_written =
      effects_.output.pending_bytes(id) == 0 && !slot.transport->has_pending_output();
  if (slot.deadline <= now_) {
    free_slot(id);
    return;
  }
  if (is_written) {
    slot.transport->shutdown_write();
    slot.phase = Phase::lingering;
    list_readable(id, slot);
  }
  if (slot.is_blocked) return;
  slot.is_blocked = true;
  blocked_.push_back(id);
  if (next_check_.is_never()) next_check_ = now_ + check_period;
}

void Turn::check_deadlines() {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < blocked_.size(); ++i) {
    const core::ConnId id = blocked_[i];
    Slot* slot = find(id);
    if (slot == nullptr || !slot->is_blocked) continue;
    // Whoever has the transport is to say that it is late.
    const Duration grace = slot->transport == nullptr ? handshake_grace : Duration{0};
    if (slot->deadline + grace > now_) {
      blocked_[kept++] = id;
      continue;
    }
    slot->is_blocked = false;
    if (slot->is_handshaking) {
      if (slot->transport != nullptr) fail_handshake(*slot, "it took too long");
      slot->is_handshaking = false;
      --handshakes_;
      free_slot(id);
      continue;
    }
    if (slot->phase == Phase::open)
      lost_.emplace_back(id, slot->is_broken ? core::CloseCause::connection_lost
                                             : core::CloseCause::write_timeout);
    else
      free_slot(id);
  }
  blocked_.resize(kept);
  next_check_ = blocked_.empty() ? Instant::never() : now_ + check_period;
}

bool Turn::has_work() const {
  return !readable_.empty() || has_churn() || !lost_.empty() || !drained_.empty() ||
         !to_write_.empty() || mailer_.has_overflow() || shard_->has_work() ||
         (checkpoints_ && checkpoints_->has_work());
}

Instant Turn::next_deadline() const { return std::min(shard_->next_deadline(), next_check_); }

}  // namespace sluice::server
