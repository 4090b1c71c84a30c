// SPDX-License-Identifier: Apache-2.0
#include "tests/support/shard_driver.h"

#include "base/assert.h"

#include <array>

namespace sluice::testing {

using core::ConnId;
using core::EffectKind;

ShardDriver::ShardDriver(const Setup& setup, const core::CoreOptions& options, Log& log,
                         Instant now)
    : setup_(setup),
      rng_(setup.seed),
      mailer_(setup.shard.count),
      shard_(setup.shard, options, rng_, log, effects_, mailer_, now),
      chunk_desk_(setup.shard.chunks) {}

// What was never written may refer to messages of the shard, which goes before the output.
ShardDriver::~ShardDriver() {
  for (const Conn& conn : conns_) {
    effects_.output.drop(conn.id);
    if (conn.socket != nullptr) conn.socket->is_closed_by_broker = conn.socket->is_released = true;
  }
  for (const MovingConnection& opening : opening_)
    opening.socket->is_closed_by_broker = opening.socket->is_released = true;
}

void ShardDriver::begin_run(Instant now) {
  for (const auto& batch : setup_.log) {
    const auto done = shard_.restore(batch);
    SLUICE_ASSERT(done.has_value());
  }
  turn_with(now, [](core::Shard& shard) { shard.begin_run(); });
}

void ShardDriver::open(Socket& socket, const MovingConnection& from) {
  opening_.push_back(from);
  opening_.back().socket = &socket;
}

void ShardDriver::deliver_mail(core::ShardIndex from, MailRecord record) {
  mail_.push_back({from, std::move(record)});
}

void ShardDriver::answer_log(std::size_t count) {
  SLUICE_ASSERT(answers_ + count <= tickets_.size());
  answers_ += count;
}

bool ShardDriver::has_work(Instant now) const {
  if (shard_log_ != nullptr && shard_log_->durable() != durable_) return true;
  if (chunk_desk_.has_work()) return true;
  if (!opening_.empty() || !mail_.empty() || answers_ > 0 || shard_.has_work()) return true;
  if (shard_.next_deadline() <= now) return true;
  for (const Conn& conn : conns_) {
    if (conn.socket == nullptr) continue;
    const Socket& socket = *conn.socket;
    if (socket.is_reset) return true;
    if (!conn.is_paused && (!socket.inbound.empty() || socket.is_ended)) return true;
    if (conn.has_backlog && socket.free_room() > 0) return true;
  }
  return false;
}

ConnId ShardDriver::new_id() {
  if (free_.empty()) {
    conns_.push_back({.id = {static_cast<std::uint32_t>(conns_.size()), 1}});
    return conns_.back().id;
  }
  const std::uint32_t slot = free_.back();
  free_.pop_back();
  ++conns_[slot].id.generation;
  return conns_[slot].id;
}

ShardDriver::Conn* ShardDriver::find(ConnId id) {
  Conn& conn = conns_.at(id.slot);
  return conn.id == id && conn.socket != nullptr ? &conn : nullptr;
}

void ShardDriver::open_new() {
  for (MovingConnection& from : opening_) {
    const ConnId id = new_id();
    conns_[id.slot] = {.socket = from.socket, .id = id};
    shard_.on_opened(id, from.opened);
    if (from.bytes.empty()) continue;
    read_bytes_.push_back(std::move(from.bytes));
    shard_.on_bytes(id, read_bytes_.back());
  }
  opening_.clear();
}

void ShardDriver::write(Conn& conn) {
  std::array<ByteView, 16> slices;
  while (effects_.output.pending_bytes(conn.id) > 0 && conn.socket->free_room() > 0) {
    const std::size_t count = effects_.output.gather(conn.id, slices, 1 << 20);
    SLUICE_ASSERT(count > 0);
    std::size_t written = 0;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t part = conn.socket->write(slices[i]);
      written += part;
      if (part < slices[i].size()) break;
    }
    effects_.output.consume(conn.id, written);
  }
  conn.has_backlog = effects_.output.pending_bytes(conn.id) > 0;
}

void ShardDriver::write_backlogs() {
  for (Conn& conn : conns_) {
    if (conn.socket == nullptr || !conn.has_backlog || conn.socket->free_room() == 0) continue;
    write(conn);
    if (!conn.has_backlog) shard_.on_writable(conn.id);
  }
}

void ShardDriver::read(std::size_t read_max) {
  for (std::size_t i = 0; i < conns_.size(); ++i) {
    Conn& conn = conns_[(i + rotation_) % conns_.size()];
    if (conn.socket == nullptr) continue;
    Socket& socket = *conn.socket;
    const bool is_read = !conn.is_paused && !socket.is_reset;
    if (is_read && !socket.inbound.empty()) {
      const std::size_t size = std::min(read_max, socket.inbound.size());
      const auto end = socket.inbound.begin() + static_cast<std::ptrdiff_t>(size);
      read_bytes_.emplace_back(socket.inbound.begin(), end);
      socket.inbound.erase(socket.inbound.begin(), end);
      shard_.on_bytes(conn.id, read_bytes_.back());
    } else if (socket.is_reset || (is_read && socket.is_ended)) {
      shard_.on_closed(conn.id, core::CloseCause::connection_lost);
      forget(conn);
    }
  }
}

void ShardDriver::forget(Conn& conn) {
  effects_.output.drop(conn.id);
  conn.socket->is_released = true;
  conn.socket = nullptr;
  freed_.push_back(conn.id.slot);
}

void ShardDriver::close(Conn& conn, bool is_gently) {
  if (is_gently) {
    // A transport that lingers has all of it; the peer reads it when it likes.
    const auto rest = effects_.output.take(conn.id);
    conn.socket->outbound.insert(conn.socket->outbound.end(), rest.begin(), rest.end());
  } else {
    write(conn);
  }
  conn.socket->is_closed_by_broker = true;
  forget(conn);
}

void ShardDriver::hand_over(Conn& conn, const core::HandOver& over) {
  SLUICE_ASSERT(effects_.output.pending_bytes(conn.id) == 0);
  Socket& socket = *conn.socket;
  moving_.push_back({&socket, over.target, over.opened, over.bytes});
  forget(conn);
  socket.is_released = false;
}

void ShardDriver::persist(core::Ticket ticket) {
  ++log_batches_;
  if (shard_log_ != nullptr) {
    shard_log_->append(ticket, {setup_.shard.log_clock.wall_at(now_), now_}, effects_.records);
    take_durable();
    return;
  }
  setup_.log.push_back(effects_.records);
  if (setup_.log_answers == LogAnswers::at_once)
    shard_.on_answer(ticket);
  else
    tickets_.push_back(ticket);
}

void ShardDriver::take_durable() {
  const core::Ticket durable = shard_log_->durable();
  if (durable == durable_) return;
  durable_ = durable;
  shard_.on_answer(durable);
}

void ShardDriver::apply(const core::Effect& effect) {
  if (effect.kind == EffectKind::persist) {
    persist(core::Ticket{effect.arg});
    return;
  }
  if (effect.kind == EffectKind::checkpoint_begun) {
    checkpoint_ = setup_.log.size();
    return;
  }
  if (effect.kind == EffectKind::checkpoint_durable) {
    setup_.log.erase(setup_.log.begin(),
                     setup_.log.begin() + static_cast<std::ptrdiff_t>(checkpoint_));
    return;
  }
  if (effect.kind == EffectKind::authenticate) {
    auth_requests_.push_back(std::move(effects_.auth_requests.at(effect.arg)));
    return;
  }
  if (effect.kind == EffectKind::chunk) {
    core::ChunkRequest& request = effects_.chunk_requests.at(effect.arg);
    if (shard_log_ != nullptr)
      shard_log_->carry_out(std::move(request));
    else
      chunk_desk_.take(std::move(request));
    return;
  }
  Conn* conn = find(effect.conn);
  if (conn == nullptr) return;
  switch (effect.kind) {
    case EffectKind::close_gently:
      close(*conn, true);
      return;
    case EffectKind::close:
      close(*conn, false);
      return;
    case EffectKind::pause:
      conn->is_paused = true;
      return;
    case EffectKind::resume:
      conn->is_paused = false;
      return;
    case EffectKind::hand_over:
      hand_over(*conn, effects_.hand_overs.at(effect.arg));
      return;
    case EffectKind::persist:
    case EffectKind::checkpoint_begun:
    case EffectKind::checkpoint_durable:
    case EffectKind::authenticate:
    case EffectKind::chunk:
      return;
  }
}

void ShardDriver::apply_effects() {
  // The list may grow while it is applied: the log may answer at once.
  for (std::size_t i = 0; i < effects_.list.size(); ++i) {
    const core::Effect effect = effects_.list[i];
    apply(effect);
  }
  for (const ConnId id : effects_.output.dirty())
    if (Conn* conn = find(id)) write(*conn);
}

void ShardDriver::begin(Instant now) {
  now_ = now;
  shard_.begin_turn(now);
  if (shard_log_ != nullptr) {
    shard_.set_log_state(shard_log_->space() == store::Space::low ? core::LogState::full
                                                                  : core::LogState::good);
    take_durable();
    std::vector<core::ChunkAnswer> answers;
    shard_log_->take_answers(answers);
    for (const core::ChunkAnswer& answer : answers) shard_.on_chunk(answer);
  }
  chunk_desk_.carry_out(shard_);
  write_backlogs();
  for (; answers_ > 0; --answers_) {
    const core::Ticket ticket = tickets_.front();
    tickets_.pop_front();
    shard_.on_answer(ticket);
  }
  while (!mail_.empty()) {
    Mail mail = std::move(mail_.front());
    mail_.pop_front();
    shard_.on_mail(mail.from, mail.record.view());
    mail.record.release();
  }
  shard_.on_mail_end();
}

void ShardDriver::finish(Instant now) {
  if (shard_.next_deadline() <= now) shard_.on_deadline();
  shard_.finish_turn();
  apply_effects();
  effects_.end_turn();
  read_bytes_.clear();
  free_.insert(free_.end(), freed_.begin(), freed_.end());
  freed_.clear();
}

void ShardDriver::turn(Instant now, std::size_t read_max) {
  begin(now);
  open_new();
  read(read_max);
  finish(now);
}

}  // namespace sluice::testing
