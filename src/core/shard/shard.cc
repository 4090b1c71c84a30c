// SPDX-License-Identifier: Apache-2.0
#include "core/shard/shard.h"

#include "core/connection/inbound.h"
#include "core/shard/mail_codec.h"
#include "core/shard/pressure.h"
#include "core/shard/recovery.h"
#include "core/shard/sys_topics.h"

namespace sluice::core {

// The parts of a shard, in an order in which each finds those it needs.
struct Shard::Parts {
  explicit Parts(Context& c)
      : delivering(c),
        interest(c),
        members(c, interest),
        outbox(c),
        retained(c, delivering, outbox),
        router(c, delivering, interest, members, retained, outbox),
        closing(c, router, interest, members, retained),
        acks(c, closing),
        publishing(c, router, closing, delivering, retained, acks),
        subscribing(c, interest, members, retained, acks),
        auth(c, closing),
        handshake(c, auth, closing, delivering, members),
        inbound(c, {auth, handshake, publishing, subscribing, closing}),
        sys(c, router),
        recovery(c, closing, interest, members, outbox),
        pressure(c) {}

  Delivering delivering;
  Interest interest;
  SharedMembers members;
  Outbox outbox;
  RetainedDelivery retained;
  Router router;
  Closing closing;
  Acknowledging acks;
  Publishing publishing;
  Subscribing subscribing;
  Authenticating auth;
  Handshake handshake;
  Inbound inbound;
  SysTopics sys;
  Recovery recovery;
  Pressure pressure;
};

Shard::Shard(const ShardSetup& setup, const CoreOptions& options, Rng& rng, Log& log,
             Effects& effects, Mailer& mailer, Instant now)
    : context_(setup, options, rng, log, effects, mailer, now),
      parts_(std::make_unique<Parts>(context_)) {}

Shard::~Shard() = default;

Result<void> Shard::restore(ByteView batch) { return parts_->recovery.restore(batch); }

void Shard::begin_run() { parts_->recovery.begin_run(); }

void Shard::begin_turn(Instant now) {
  SLUICE_ASSERT(now >= context_.now);
  context_.now = now;
  context_.turn_deliveries = 0;
  const auto& client = context_.options.client;
  context_.has_client_rates = (client.messages_per_s | client.bytes_per_s |
                               client.subscribes_per_s | client.deliveries_per_s) != 0;
  if (parts_->pressure.look(memory_bytes()) == Pressure::Outlook::better) parts_->inbound.wake();
  if (was_full_) parts_->inbound.wake();
  was_full_ = false;
}

void Shard::on_opened(ConnId id, const Opened& opened) {
  Connection& connection = context_.connections.open(id);
  connection.peer = opened.peer;
  connection.entrance = opened.entrance;
  if (!opened.identity.empty())
    connection.identity = std::make_unique<std::string>(opened.identity);
  connection.opened = connection.last_received = context_.now;
  connection.timer = context_.timers.add(context_.now + context_.options.limits.connect_timeout,
                                         timer_connection, pack(id));
  if (!opened.is_moved) ++context_.metrics.connections_accepted;
  ++context_.metrics.connections_open;
  ++context_.handshakes;
  context_.log.debug("connection_opened", {{"peer", sluice::to_string(opened.peer)}});
}

void Shard::on_bytes(ConnId id, ByteView bytes) {
  Connection* connection = context_.connections.find(id);
  if (connection == nullptr) return;
  const bool was_connected = connection->state == ConnectionState::connected;
  parts_->inbound.on_bytes(*connection, bytes);
  if (!was_connected) settle_handshake(id);
}

void Shard::settle_handshake(ConnId id) {
  Connection* connection = context_.connections.find(id);
  if (connection == nullptr || is_handshake(connection->state)) return;
  // The clock of CONNECT gives way to that of the keep-alive.
  context_.timers.cancel(connection->timer);
  connection->timer = {};
  const Instant deadline = deadline_of(*connection);
  if (!deadline.is_never())
    connection->timer = context_.timers.add(deadline, timer_connection, pack(id));
}

void Shard::on_closed(ConnId id, CloseCause cause) {
  if (Connection* connection = context_.connections.find(id))
    parts_->closing.on_lost(*connection, cause);
}

void Shard::on_writable(ConnId id) {
  Connection* connection = context_.connections.find(id);
  if (connection == nullptr || connection->state != ConnectionState::connected) return;
  if (connection->is_waiting) parts_->inbound.wake();
  Session& session = context_.state.sessions.at(connection->session);
  parts_->delivering.pump(session);
  parts_->retained.on_room(session);
}

void Shard::set_log_state(LogState state) {
  const bool was_behind = context_.is_log_behind;
  context_.is_log_behind = state == LogState::behind;
  context_.is_log_full = state == LogState::full;
  parts_->pressure.note_holding();
  if (was_behind && !context_.is_log_behind) parts_->inbound.wake();
}

void Shard::on_answer(Ticket ticket) {
  // First: what a client does once it is answered may need it on the other shards.
  if (context_.setup.has_log) {
    parts_->outbox.on_durable(ticket);
    parts_->retained.on_outbox_sent();
  }
  context_.journal.release(ticket, [this](const Held& held) { let_go(held); });
  if (checkpoint_end_ != Ticket{0} && checkpoint_end_ <= ticket) {
    checkpoint_end_ = {};
    context_.effects.add(EffectKind::checkpoint_durable, {});
  }
  parts_->inbound.wake();
}

void Shard::on_written(Ticket ticket) {
  context_.journal.release_written(ticket, [this](const Held& held) { let_go(held); });
  parts_->inbound.wake();
}

void Shard::let_go(const Held& held) {
  switch (held.kind) {
    case Held::Kind::acknowledgement:
      parts_->acks.on_durable(held);
      return;
    case Held::Kind::delivery:
      parts_->delivering.on_durable(held);
      return;
    case Held::Kind::connack:
      parts_->handshake.on_durable(held);
      return;
  }
}

void Shard::on_auth_answer(ConnId id, AuthAnswer answer) {
  Connection* connection = context_.connections.find(id);
  if (connection == nullptr) return;
  parts_->handshake.on_auth_answer(*connection, std::move(answer));
  // A re-authentication changes how long its right lasts.
  settle_handshake(id);
  parts_->inbound.wake();
}

void Shard::on_chunk(const ChunkAnswer& answer) { parts_->delivering.on_chunk(answer); }

void Shard::forget_chunks() {
  for (const ReleasedChunk& chunk : context_.state.take_released_chunks()) {
    context_.effects.add(EffectKind::chunk, {}, context_.effects.chunk_requests.size());
    context_.effects.chunk_requests.push_back(
        {.kind = ChunkRequest::Kind::forget, .id = chunk.id, .released_bytes = chunk.bytes});
  }
}

void Shard::on_mail(ShardIndex from, ByteView record) {
  switch (mail::kind_of(record)) {
    case mail::Kind::publish:
      parts_->router.on_mail(from, mail::read<mail::Publish>(record));
      return;
    case mail::Kind::shared_publish:
      parts_->router.on_mail(from, mail::read<mail::SharedPublish>(record));
      return;
    case mail::Kind::interest_changed: {
      const auto changed = mail::read<mail::InterestChanged>(record);
      parts_->interest.on_changed(from, changed.key, changed.is_interested);
      mail::Confirmed confirmed{changed.sequence};
      mail::send(context_.mailer, from, confirmed);
      return;
    }
    case mail::Kind::shared_member: {
      const auto member = mail::read<mail::SharedMember>(record);
      parts_->members.on_mail(from, member);
      mail::Confirmed confirmed{member.sequence};
      mail::send(context_.mailer, from, confirmed);
      return;
    }
    case mail::Kind::confirmed:
      if (parts_->interest.on_confirmed(from, mail::read<mail::Confirmed>(record).sequence))
        parts_->subscribing.on_confirmed();
      return;
    case mail::Kind::retained_asked:
      parts_->retained.on_mail(from, mail::read<mail::RetainedAsked>(record));
      return;
    case mail::Kind::retained_cancelled:
      parts_->retained.on_mail(from, mail::read<mail::RetainedCancelled>(record));
      return;
    case mail::Kind::retained_found:
      parts_->retained.on_mail(mail::read<mail::RetainedFound>(record));
      return;
    case mail::Kind::retained_page_end:
      parts_->retained.on_mail(mail::read<mail::RetainedPageEnd>(record));
      return;
    case mail::Kind::outbox_confirmed:
      parts_->outbox.on_mail(from, mail::read<mail::OutboxConfirmed>(record));
      parts_->inbound.wake();
      return;
  }
}

void Shard::on_mail_end() { parts_->retained.answer_asked(); }

Instant Shard::deadline_of(const Connection& connection) const {
  if (is_handshake(connection.state))
    // [RULE5-connect-in-time]
    return connection.opened + context_.options.limits.connect_timeout;
  const Session& session = context_.state.sessions.at(connection.session);
  const Instant right_ends =
      session.access != nullptr ? session.access->principal.valid_until : Instant::never();
  // [RULE3-keep-alive-0] [RULE5-keep-alive-0]
  if (connection.keep_alive_s == 0) return right_ends;
  const double factor = context_.options.mqtt.keep_alive_factor;
  const auto allowed = static_cast<std::int64_t>(factor * 1e9 * connection.keep_alive_s);
  return std::min(right_ends, connection.last_received + Duration(allowed));
}

// [MQTT3-3.1.2-24] [MQTT5-3.1.2-22]
void Shard::on_connection_timer(ConnId id, Instant& again) {
  Connection* connection = context_.connections.find(id);
  if (connection == nullptr) return;
  // While we do not read, or the client waits for its CONNACK, silence is ours.
  if (connection->is_paused || connection->state == ConnectionState::awaiting_log)
    connection->last_received = context_.now;
  const Instant deadline = deadline_of(*connection);
  if (deadline > context_.now) {
    again = deadline;
    return;
  }
  if (connection->state == ConnectionState::awaiting_auth) {
    parts_->handshake.on_auth_late(*connection);
    return;
  }
  if (is_handshake(connection->state)) {
    parts_->closing.close(*connection, CloseCause::connect_timeout,
                          codec::ReasonCode::unspecified_error, {});
    return;
  }
  if (const Session& session = context_.state.sessions.at(connection->session);
      session.access != nullptr && session.access->principal.valid_until <= context_.now) {
    parts_->closing.close(*connection, CloseCause::not_authorized,
                          codec::ReasonCode::not_authorized, "its credentials have expired");
    return;
  }
  parts_->closing.close(*connection, CloseCause::keep_alive_timeout,
                        codec::ReasonCode::keep_alive_timeout,
                        "nothing was received for the Keep Alive and a half");
}

void Shard::on_rate_timer(ConnId id) {
  Connection* connection = context_.connections.find(id);
  if (connection == nullptr) return;
  if (connection->rates) connection->rates->wakes_at = Instant::never();
  if (connection->is_waiting) parts_->inbound.wake();
  if (connection->state == ConnectionState::connected)
    parts_->delivering.pump(context_.state.sessions.at(connection->session));
}

// Those who are to be refused by now have to hear of it, too.
void Shard::on_memory_timer(Instant& again) {
  again = parts_->pressure.next_look();
  if (context_.is_memory_long_full) parts_->inbound.wake();
}

Instant Shard::on_timer(TimerKind kind, std::uint64_t payload) {
  Instant again = Instant::never();
  const ConnId packed = unpack_conn(payload);
  if (kind == timer_connection)
    on_connection_timer(packed, again);
  else if (kind == timer_session_expiry)
    parts_->closing.on_session_expired(SessionSlot{packed.slot}, packed.generation);
  else if (kind == timer_rate)
    on_rate_timer(packed);
  else if (kind == timer_will)
    parts_->closing.on_will_due(SessionSlot{packed.slot}, packed.generation);
  else if (kind == timer_memory)
    on_memory_timer(again);
  return again;
}

void Shard::on_deadline() {
  context_.timers.advance(context_.now, [this](TimerKind kind, std::uint64_t payload) {
    return on_timer(kind, payload);
  });
}

void Shard::publish_sys(const CoreMetrics& totals, Duration uptime, std::string_view version) {
  parts_->sys.publish(totals, uptime, version);
}

bool Shard::kick(std::string_view client_id) {
  Session* session = context_.state.sessions.find(client_id);
  Connection* connection = session != nullptr ? context_.connections.find(session->conn) : nullptr;
  if (connection == nullptr) return false;
  parts_->closing.close(*connection, CloseCause::administrative_action,
                        codec::ReasonCode::administrative_action, "closed by the operator");
  return true;
}

void Shard::stop() {
  context_.connections.for_each([this](Connection& connection) {
    parts_->closing.close(connection, CloseCause::server_shutting_down,
                          codec::ReasonCode::server_shutting_down, {});
  });
}

bool Shard::is_turn_full() const {
  const auto& limits = context_.options.limits;
  return context_.turn_deliveries >= static_cast<std::uint64_t>(limits.turn_deliveries_max) ||
         context_.effects.output.turn_bytes() >=
             static_cast<std::size_t>(limits.turn_output_bytes_max);
}

void Shard::begin_checkpoint() {
  checkpoint_end_ = {};
  context_.journal.note_change();
  context_.checkpoint.begin(context_.now);
  context_.effects.add(EffectKind::checkpoint_begun, {});
}

void Shard::go_on_with_checkpoint(std::size_t bytes) {
  context_.journal.note_change();
  if (context_.checkpoint.go_on(bytes, context_.now) == Checkpoint::Progress::ended)
    checkpoint_end_ = context_.journal.ticket();
}

void Shard::finish_turn() {
  parts_->inbound.go_on();
  parts_->retained.advance();
  if (parts_->retained.take_done()) parts_->inbound.wake();
  was_full_ = is_turn_full() || context_.mailer.is_congested();
  if (context_.setup.has_log) parts_->outbox.finish_turn();
  if (context_.state.has_released_chunks()) [[unlikely]]
    forget_chunks();
  const Ticket ticket = context_.journal.ticket();
  context_.effects.is_written_awaited = context_.journal.is_written_awaited();
  if (!context_.journal.close_batch()) return;
  context_.records.take(context_.effects.records);
  context_.effects.add(EffectKind::persist, {}, static_cast<std::uint64_t>(ticket));
}

Instant Shard::next_deadline() const { return context_.timers.next_deadline(); }

bool Shard::has_work() const {
  return was_full_ || parts_->inbound.has_work() || parts_->retained.has_work() ||
         context_.journal.is_batch_open();
}

const CoreMetrics& Shard::metrics() {
  CoreMetrics& m = context_.metrics;
  const State& state = context_.state;
  m.sessions = state.sessions.size();
  m.subscriptions = state.subscriptions.count();
  m.retained_messages = state.retained.count();
  m.retained_bytes = state.retained.message_bytes();
  m.queue_messages = state.queue_messages();
  m.queue_bytes = state.queue_bytes();
  m.queue_spilled_messages = state.away_messages();
  m.outbox_bytes = state.outbox_bytes();
  m.inflight_messages = state.window_messages();
  m.stored_messages = state.messages.count();
  m.stored_payload_bytes = state.messages.payload_bytes();
  m.wills_pending = state.wills();
  return m;
}

std::size_t Shard::state_bytes() const {
  const State& state = context_.state;
  return state.messages.bytes() + state.sessions.bytes() + state.subscriptions.bytes() +
         state.retained.index_bytes() +
         (state.queue_messages() - state.away_messages() + state.window_messages()) *
             sizeof(Delivery) +
         state.away_chunks() * sizeof(Chunk);
}

std::size_t Shard::memory_bytes() const {
  return state_bytes() + context_.connections.bytes() + context_.effects.output.bytes();
}

void Shard::for_each_client(const std::function<void(const ClientInfo&)>& f) const {
  auto& sessions = const_cast<Sessions&>(context_.state.sessions);
  auto& connections = const_cast<Connections&>(context_.connections);
  for (std::uint32_t i = 0; i < sessions.end(); ++i) {
    const Session* session = sessions.find(SessionSlot{i});
    if (session == nullptr || session->is_stand_in()) continue;
    const Connection* connection = connections.find(session->conn);
    const Outbound* outbound = session->find_outbound();
    f({.client_id = session->client_id(),
       .user = session->access != nullptr ? std::string_view(session->access->principal.user)
                                          : std::string_view(),
       .principal = session->access != nullptr ? &session->access->principal : nullptr,
       .entrance = connection != nullptr ? connection->entrance : EntranceId{},
       .peer = connection != nullptr ? sluice::to_string(connection->peer) : std::string(),
       .version = session->version,
       .keep_alive_s = connection != nullptr ? connection->keep_alive_s : std::uint16_t{0},
       .subscriptions =
           static_cast<std::uint32_t>(context_.state.subscriptions.count(session->slot)),
       .since =
           context_.now - (connection != nullptr ? connection->opened : session->disconnected_at),
       .queue_bytes = outbound != nullptr ? outbound->queue_bytes : 0,
       .queue_messages =
           outbound != nullptr ? static_cast<std::uint32_t>(outbound->queue.size()) : 0,
       .inflight_messages = outbound != nullptr ? outbound->unacknowledged : 0,
       .session_expiry_s = session->expiry_s,
       .drops = session->drops,
       .is_connected = connection != nullptr});
  }
}

}  // namespace sluice::core
