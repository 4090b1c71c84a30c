// SPDX-License-Identifier: Apache-2.0
#include "net/listener.h"

#include "base/assert.h"
#include "net/transport/tcp/tcp_transport.h"
#include "net/transport/unix/unix_transport.h"
#include "os/reactor/reactor.h"

namespace sluice::net {

Result<std::unique_ptr<Listener>> Listener::open(const os::SocketAddress& address,
                                                 const ListenerOptions& options) {
  SLUICE_ASSERT(options.accept_batch_max > 0);
  SLUICE_TRY(os::ListeningSocket socket, os::listen_on(address, options.socket));
  return std::make_unique<Listener>(std::move(socket), options);
}

Listener::Listener(os::ListeningSocket socket, const ListenerOptions& options)
    : socket_(std::move(socket.socket)), address_(socket.address), options_(options) {
  if (!options_.wrap) options_.wrap = address_.is_unix() ? wrap_unix : wrap_tcp;
  if (address_.is_unix()) return;
  // What is accepted inherits these: set here they cost a connection nothing.
  os::set_no_delay(socket_.get(), true);
  os::set_keep_alive(socket_.get(), options_.keep_alive);
}

Result<void> Listener::attach(os::Reactor& reactor, std::uint64_t token) {
  SLUICE_ASSERT(reactor_ == nullptr);
  SLUICE_CHECK(reactor.add(socket_.get(), token, os::Watch::nothing));
  reactor_ = &reactor;
  token_ = token;
  watch();
  return {};
}

void Listener::detach() {
  if (reactor_ != nullptr) reactor_->remove(socket_.get());
  reactor_ = nullptr;
}

void Listener::accept(std::vector<std::unique_ptr<Transport>>& into, Instant now) {
  for (std::size_t i = 0; i < options_.accept_batch_max; ++i)
    if (take_one(into, now) == Taken::none) return;
}

void Listener::hold() {
  is_held_ = true;
  watch();
}

void Listener::resume() {
  is_held_ = false;
  watch();
}

void Listener::on_deadline(Instant now) {
  if (now < resume_at_) return;
  resume_at_ = Instant::never();
  watch();
}

Listener::Taken Listener::take_one(std::vector<std::unique_ptr<Transport>>& into, Instant now) {
  auto accepted = os::accept_from(socket_.get());
  if (!accepted) return on_refusal(accepted.error(), now);
  into.push_back(options_.wrap(std::move(accepted->socket), accepted->peer));
  ++counters_.accepted;
  return Taken::one;
}

Listener::Taken Listener::on_refusal(const Error& error, Instant now) {
  if (error.code == ErrorCode::would_block) return Taken::none;
  if (error.code == ErrorCode::out_of_descriptors) {
    const auto dropped = reserve_.drop_one(socket_.get());
    if (!dropped && dropped.error().code == ErrorCode::would_block) return Taken::none;
    if (dropped) {
      ++counters_.dropped;
      return Taken::skipped;
    }
  }
  if (error.code == ErrorCode::closed) {
    ++counters_.failed;
    return Taken::skipped;
  }
  // Nothing that another attempt right now would mend: memory, or descriptors of the whole machine.
  ++counters_.failed;
  ++counters_.paused;
  resume_at_ = now + pause_time;
  watch();
  return Taken::none;
}

void Listener::watch() {
  if (reactor_ == nullptr) return;
  const bool is_silent = is_held_ || !resume_at_.is_never();
  const auto watched = is_silent ? os::Watch::nothing : os::Watch::level_read;
  SLUICE_ASSERT(reactor_->modify(socket_.get(), token_, watched).has_value());
}

}  // namespace sluice::net
