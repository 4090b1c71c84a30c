// SPDX-License-Identifier: Apache-2.0
#include "server/shard_thread.h"

#include "base/assert.h"
#include "os/clock.h"
#include "os/process/thread_priority.h"
#include "os/socket/socket_options.h"
#include "server/handshake_desk.h"

#include <algorithm>
#include <string>

namespace sluice::server {
namespace {

TurnOptions turn_options(const ServerOptions& options) {
  return {
      .write_timeout = options.server.write_timeout,
      .linger = options.server.close_linger,
      .input_bytes_max = static_cast<std::size_t>(options.server.turn_input_bytes_max),
      .ring_overflow_bytes_max = static_cast<std::size_t>(options.server.ring_overflow_bytes_max)};
}

}  // namespace

ShardThread::ShardThread(const core::ShardSetup& setup, const core::CoreOptions& core,
                         const ServerOptions& server, std::uint64_t seed, Log& log,
                         RingMatrix& rings)
    : index_(setup.index),
      core_options_(core),
      options_(server),
      rng_(seed),
      turn_(setup, core_options_, turn_options(server), rng_, log, rings, *this,
            os::monotonic_now()) {}

ShardThread::~ShardThread() { join(); }

Result<void> ShardThread::prepare(std::vector<Door> doors) {
  SLUICE_TRY(reactor_, os::Reactor::create());
  SLUICE_TRY(wakeup_, os::Wakeup::create());
  SLUICE_CHECK(reactor_->add(wakeup_->fd(), wakeup_token, os::Watch::edge));
  set_doors(std::move(doors));
  return {};
}

void ShardThread::set_doors(std::vector<Door> doors) {
  if (stop_grace_ || !stop_at_.is_never()) return;
  doors_ = std::move(doors);
  for (std::size_t i = 0; i < doors_.size(); ++i) {
    SLUICE_ASSERT(doors_[i].listener->attach(*reactor_, door_bit | i).has_value());
    if (is_held_) doors_[i].listener->hold();
  }
}

Result<void> ShardThread::start(std::span<const std::unique_ptr<ShardThread>> peers) {
  peers_ = peers;
  SLUICE_TRY(thread_, os::Thread::start("shard-" + std::to_string(core::index_of(index_)),
                                        [this] { loop(); }));
  return {};
}

std::uint64_t ShardThread::begin_run() {
  turn_began_ = os::monotonic_now();
  turn_.begin(turn_began_);
  shard().begin_run();
  turn_.run();
  return turn_.finish();
}

std::uint64_t ShardThread::run_once() {
  turn_began_ = os::monotonic_now();
  turn_.begin(turn_began_);
  turn_.run();
  return turn_.finish() | (turn_.has_work() ? 1U : 0U);
}

bool ShardThread::post(Command command) {
  const os::Sent sent = mailbox_.send(Letter(std::move(command)));
  if (sent == os::Sent::first) wakeup_->signal();
  return sent != os::Sent::refused;
}

void ShardThread::stop(Duration grace) {
  post([grace](ShardThread& self) {
    self.doors_.clear();
    self.stop_grace_ = grace;
  });
}

bool ShardThread::watch(const net::Transport& transport, core::ConnId id) {
  if (transport.fd() < 0) return true;
  const std::uint64_t token = std::uint64_t{id.generation & 0x7fffffffU} << 32 | id.slot;
  return reactor_->add(transport.fd(), token, os::Watch::edge).has_value();
}

void ShardThread::unwatch(const net::Transport& transport) {
  if (transport.fd() >= 0 && reactor_) reactor_->remove(transport.fd());
}

bool ShardThread::is_time_over() {
  return os::monotonic_now() - turn_began_ >= options_.server.turn_time_max;
}

void ShardThread::authenticate(core::AuthRequest request) {
  const core::ConnId id = request.conn;
  std::optional<core::AuthAnswer> answer;
  if (auth_desk_ != nullptr) {
    answer = auth_desk_->submit(index_, std::move(request));
  } else {
    answer.emplace();
    answer->code = codec::ReasonCode::server_unavailable;
    answer->reason = "nobody checks credentials";
  }
  if (answer) answered_.push_back({id, std::move(*answer)});
}

void ShardThread::tell_answers() {
  for (AuthLetter& letter : answered_)
    shard().on_auth_answer(letter.conn, std::move(letter.answer));
  answered_.clear();
}

// An answer that finds no room is an answer that never comes: the client's time runs out.
void ShardThread::answer_auth(core::ConnId id, core::AuthAnswer answer) {
  if (mailbox_.send(Letter(AuthLetter{id, std::move(answer)})) == os::Sent::first)
    wakeup_->signal();
}

WallTime ShardThread::wall_now() { return os::wall_now(); }

bool ShardThread::may_attend_churn(std::size_t done) {
  const Instant now = os::monotonic_now();
  const Duration time_max = options_.server.turn_churn_time_max;
  churned_ = done;
  if (done == 0) churn_began_ = now;
  return done == 0 || (now - churn_began_ < time_max && churn_cost_ * churned_ < time_max);
}

void ShardThread::on_churn_attended() {
  const auto took =
      std::chrono::duration_cast<std::chrono::microseconds>(os::monotonic_now() - churn_began_);
  turn_.metrics().churn_us += static_cast<std::uint64_t>(took.count());
}

bool ShardThread::shake_hands(HandshakeLetter& letter) {
  return handshake_desk_ != nullptr && handshake_desk_->submit(index_, letter);
}

void ShardThread::answer_handshake(HandshakeLetter letter) {
  if (mailbox_.send(Letter(std::move(letter))) == os::Sent::first) wakeup_->signal();
}

// What a connection cost that came or went, until all was written: a mean of the last few turns.
void ShardThread::learn_churn_cost() {
  if (churned_ == 0) return;
  const Duration cost = (os::monotonic_now() - churn_began_) / churned_;
  churn_cost_ += (cost - churn_cost_) / 4;
  churned_ = 0;
}

Duration ShardThread::time_to_wait(Instant now) const {
  if (turn_.has_work() || !answered_.empty()) return Duration{0};
  Instant next = std::min(turn_.next_deadline(), stop_at_);
  for (const Door& door : doors_) next = std::min(next, door.listener->next_deadline());
  if (next.is_never()) return Duration{-1};
  return std::max(Duration{0}, next - now);
}

void ShardThread::loop() {
  os::shorten_thread_waits();
  Instant now = os::monotonic_now();
  while (!is_finished(now)) {
    ++turn_.metrics().epoll_waits;
    const auto batch = reactor_->wait(time_to_wait(now));
    now = os::monotonic_now();
    turn_began_ = now;
    turn_.begin(now);
    tell_answers();
    dispatch(batch, now);
    turn_.run();
    if (stop_grace_) close_clients(now);
    send_out(turn_.finish());
    learn_churn_cost();
    pace_doors(now);
  }
}

// After the mail of the turn: what other shards acknowledged before the stop is delivered first.
void ShardThread::close_clients(Instant now) {
  turn_.drop_handshakes();
  shard().stop();
  turn_.begin_last_checkpoint();
  stop_at_ = now + *stop_grace_;
  stop_grace_.reset();
}

bool ShardThread::is_finished(Instant now) const {
  const bool is_done = turn_.connections() == 0 && !turn_.has_checkpoint();
  return !stop_at_.is_never() && (is_done || now >= stop_at_);
}

void ShardThread::dispatch(std::span<const os::Ready> batch, Instant now) {
  for (const os::Ready& ready : batch) {
    if (ready.token == wakeup_token) {
      wakeup_->acknowledge();
      ++turn_.metrics().wakeups_received;
      read_mailbox();
    } else if ((ready.token & door_bit) != 0) {
      const auto door = static_cast<std::size_t>(ready.token & ~door_bit);
      if (door < doors_.size()) accept(doors_[door], now);
    } else {
      const core::ConnId id{static_cast<std::uint32_t>(ready.token),
                            static_cast<std::uint32_t>(ready.token >> 32)};
      turn_.on_ready(id, {ready.readable, ready.writable, ready.hangup});
    }
  }
}

void ShardThread::accept(Door& door, Instant now) {
  door.listener->accept(accepted_, now);
  for (auto& transport : accepted_) {
    const core::Opened opened{transport->peer(), door.policy.entrance, {}};
    // A proxy is not the client: that one is looked at once the proxy has said who it is.
    const bool is_proxy = net::contains(door.policy.proxies, opened.peer);
    if (!(is_proxy && door.policy.is_proxied) && !door.policy.lets_in(opened.peer)) {
      ++turn_.metrics().accepts_denied_address;
      continue;
    }
    if (!is_proxy && !is_granted(opened.peer)) continue;
    transport = count_connection(door.policy, std::move(transport));
    if (transport == nullptr) {
      ++turn_.metrics().accepts_denied_connections_max;
      continue;
    }
    turn_.add(std::move(transport), opened);
  }
  accepted_.clear();
}

bool ShardThread::is_granted(const Peer& peer) {
  using Entry = auth::BanList::Entry;
  const Entry entry = ban_desk_ != nullptr ? ban_desk_->on_connection(peer) : Entry::granted;
  if (entry == Entry::banned) ++turn_.metrics().accepts_denied_banned;
  if (entry == Entry::too_fast) ++turn_.metrics().accepts_denied_connections_per_s;
  return entry == Entry::granted;
}

bool ShardThread::lets_in(const Peer& peer, core::EntranceId entrance) {
  for (const Door& door : doors_) {
    if (door.policy.entrance != entrance || door.policy.lets_in(peer)) continue;
    ++turn_.metrics().accepts_denied_address;
    return false;
  }
  return is_granted(peer);
}

// Nobody new while too many have not said who they are.
void ShardThread::pace_doors(Instant now) {
  std::uint64_t errors = 0;
  for (Door& door : doors_) {
    door.listener->on_deadline(now);
    errors += door.listener->counters().failed + door.listener->counters().dropped;
  }
  if (!doors_.empty()) turn_.metrics().accept_errors = errors;
  const std::uint64_t handshakes = shard().handshakes() + turn_.handshakes();
  const bool is_full = handshakes >= static_cast<std::uint64_t>(options_.server.handshakes_max);
  turn_.metrics().handshakes_open = handshakes;
  if (is_full == is_held_) return;
  is_held_ = is_full;
  if (is_full) ++turn_.metrics().accept_pauses;
  for (Door& door : doors_) is_full ? door.listener->hold() : door.listener->resume();
}

void ShardThread::read_mailbox() {
  letters_.clear();
  mailbox_.take_all(letters_);
  for (Letter& letter : letters_) {
    if (auto* hand_over = std::get_if<HandOverLetter>(&letter))
      turn_.adopt(std::move(*hand_over));
    else if (auto* auth = std::get_if<AuthLetter>(&letter))
      shard().on_auth_answer(auth->conn, std::move(auth->answer));
    else if (auto* handshake = std::get_if<HandshakeLetter>(&letter))
      turn_.on_shaken(std::move(*handshake));
    else
      std::get<Command>(letter)(*this);
  }
  letters_.clear();
}

void ShardThread::send_out(std::uint64_t to_wake) {
  for (HandOverLetter& letter : turn_.hand_overs()) {
    const std::size_t target = core::index_of(letter.target);
    // A shard that cannot keep up with its mail cannot have another client: this one may try again.
    if (peers_[target]->mailbox_.send(Letter(std::move(letter))) != os::Sent::refused)
      to_wake |= std::uint64_t{1} << target;
  }
  for (; to_wake != 0; to_wake &= to_wake - 1) {
    ++turn_.metrics().wakeups_sent;
    peers_[static_cast<std::size_t>(std::countr_zero(to_wake))]->wake();
  }
}

}  // namespace sluice::server
