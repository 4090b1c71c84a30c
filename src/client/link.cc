// SPDX-License-Identifier: Apache-2.0
#include "client/link.h"

#include "base/assert.h"
#include "client/machine/connect_packet.h"
#include "codec/reason_code.h"

#include <algorithm>
#include <array>
#include <utility>

namespace sluice::client {
namespace {

constexpr std::size_t read_bytes = 65'536;
constexpr int reads_each_turn = 4;

bool is_version_refusal(const codec::Connack& connack) {
  constexpr auto in_v5 = static_cast<std::uint8_t>(codec::ReasonCode::unsupported_protocol_version);
  constexpr auto in_v3 =
      static_cast<std::uint8_t>(codec::ConnectReturnCode::unacceptable_protocol_version);
  return connack.code == in_v5 || connack.code == in_v3;
}

}  // namespace

Link::Link(LinkOptions options, const Uses& uses)
    : options_(std::move(options)),
      uses_(uses),
      machine_(std::make_unique<ClientMachine>(options_.machine, *this)),
      connector_(options_.connector, uses.reactor, uses.token),
      backoff_(options_.backoff),
      own_buffer_(uses.read_buffer.empty() ? read_bytes : 0),
      read_buffer_(uses.read_buffer.empty() ? MutableByteView(own_buffer_) : uses.read_buffer) {}

void Link::start(Instant now) {
  SLUICE_ASSERT(transport_ == nullptr);
  is_accepted_ = false;
  phase_ = Phase::opening;
  phase_deadline_ = Instant::never();
  proceed(connector_.start(now), now);
}

void Link::proceed(Connector::Progress progress, Instant now) {
  if (progress == Connector::Progress::busy) return;
  if (progress == Connector::Progress::failed) {
    uses_.link_events.on_unreachable(connector_.endpoint(), connector_.error());
    return retry_or_end(now);
  }
  transport_ = connector_.take();
  phase_ = Phase::open;
  is_writable_ = true;
  is_readable_ = transport_->has_buffered_input();
  end_cause_ = EndCause::transport;
  was_taken_over_ = false;
  uses_.link_events.on_open(*transport_);
  uses_.link_events.on_opening(*machine_);
  if (uses_.observer != nullptr) uses_.observer->on_opened(options_.machine.version);
  machine_->on_opened(now);
  flush(now);
}

void Link::on_ready(const os::Ready& ready, Instant now) {
  if (phase_ == Phase::opening) proceed(connector_.on_ready(now), now);
  if (transport_ == nullptr) return;
  if (ready.readable || ready.hangup) is_readable_ = true;
  if (ready.writable) is_writable_ = true;
  if (is_readable_) read_some(now);
  flush(now);
}

void Link::on_deadline(Instant now) {
  if (phase_ == Phase::opening) return proceed(connector_.on_deadline(now), now);
  if (phase_ == Phase::open) {
    // What we do not read is no silence of the server's.
    if (reading_ == Reading::paused) machine_->on_bytes({}, now);
    machine_->on_deadline(now);
    return flush(now);
  }
  if (now < phase_deadline_) return;
  if (phase_ == Phase::lingering) return finish({.code = ErrorCode::timed_out}, now);
  if (phase_ == Phase::waiting) start(now);
}

Instant Link::next_deadline() const {
  if (phase_ == Phase::opening) return connector_.next_deadline();
  if (phase_ == Phase::open) return machine_->next_deadline();
  return phase_deadline_;
}

void Link::read_some(Instant now) {
  for (int turn = 0; turn < reads_each_turn && transport_ != nullptr; ++turn) {
    if (phase_ == Phase::open && reading_ == Reading::paused) return;
    const auto got = transport_->read(read_buffer_);
    if (!got && got.error().code == ErrorCode::would_block) {
      is_readable_ = false;
      return;
    }
    if (!got) return finish(got.error(), now);
    if (phase_ != Phase::open) continue;  // the server's last bytes
    const ByteView bytes = ByteView(read_buffer_).first(*got);
    if (uses_.observer != nullptr) uses_.observer->on_received(bytes);
    machine_->on_bytes(bytes, now);
  }
}

void Link::flush(Instant now) {
  if (phase_ != Phase::open) return;
  write_some(now);
  if (phase_ == Phase::open && machine_->state() == MachineState::closing) after_machine(now);
}

void Link::write_some(Instant now) {
  if (transport_->has_pending_output()) {
    const auto flushed = transport_->flush();
    if (!flushed && flushed.error().code != ErrorCode::would_block)
      return write_failed(flushed.error(), now);
  }
  while (is_writable_ && transport_ != nullptr && !machine_->output().empty()) {
    const ByteView waiting = machine_->output();
    const std::array slices{net::IoSlice{waiting.data(), waiting.size()}};
    const auto sent = transport_->write(slices);
    if (sent) {
      if (uses_.observer != nullptr) uses_.observer->on_sent(waiting.first(*sent));
      machine_->consume(*sent);
    } else if (sent.error().code == ErrorCode::would_block) {
      is_writable_ = false;
    } else {
      return write_failed(sent.error(), now);
    }
  }
}

// The server may have said why before it closed: read that first.
void Link::write_failed(const Error& error, Instant now) {
  is_readable_ = true;
  reading_ = Reading::on;
  while (transport_ != nullptr && is_readable_) read_some(now);
  if (transport_ != nullptr) finish(error, now);
}

// The machine wants no more: what it said last goes out, then the transport is closed.
void Link::after_machine(Instant now) {
  if (!machine_->output().empty() && is_writable_) return;
  if (!machine_->output().empty()) {
    if (end_cause_ == EndCause::by_user) return;  // goes on when there is room
    return finish({.code = ErrorCode::closed}, now);
  }
  if (transport_->has_pending_output()) return;
  if (end_cause_ == EndCause::by_user) return linger(now);
  finish({.code = ErrorCode::closed}, now);
}

void Link::linger(Instant now) {
  phase_ = Phase::lingering;
  phase_deadline_ = now + options_.linger_timeout;
  transport_->shutdown_write();
  if (is_readable_) read_some(now);
}

void Link::stop(Instant now) {
  set_reconnect(Reconnect::never);
  is_falling_back_ = false;
  connector_.stop();
  if (transport_ != nullptr) return finish({.code = ErrorCode::cancelled}, now);
  phase_ = Phase::over;
  phase_deadline_ = Instant::never();
}

void Link::finish(const Error& error, Instant now) {
  transport_.reset();
  machine_->on_closed(error, now);
  retry_or_end(now);
}

void Link::retry_or_end(Instant now) {
  if (is_falling_back_) {
    is_falling_back_ = false;
    options_.fall_back = FallBack::never;
    options_.machine.version = codec::Version::v3_1_1;
    machine_ = std::make_unique<ClientMachine>(options_.machine, *this);
    return start(now);
  }
  if (!referred_.empty() && may_go_on_) return follow_reference(now);
  if (tries_another()) {
    phase_ = Phase::opening;
    return proceed(connector_.go_on(now), now);
  }
  if (options_.reconnect == Reconnect::never || end_cause_ == EndCause::by_user) {
    phase_ = Phase::over;
    phase_deadline_ = Instant::never();
    return;
  }
  Duration wait = backoff_.next(uses_.rng);
  return_home();
  if (was_taken_over_) wait = std::max(wait, options_.taken_over_wait);
  phase_ = Phase::waiting;
  phase_deadline_ = now + wait;
  uses_.link_events.on_retry(wait);
}

// MQTT 5.0 §4.11: whoever refuses or ends a connection with these codes may name others.
void Link::take_reference(codec::ReasonCode reason, const codec::Properties& properties) {
  referred_.clear();
  const bool is_named =
      reason == codec::ReasonCode::use_another_server || reason == codec::ReasonCode::server_moved;
  if (!is_named || !may_go_on_ || references_ >= options_.server_references_max) return;
  const auto named = properties.text(codec::PropertyId::server_reference);
  if (named) referred_ = endpoints_of_reference(*named, connector_.endpoint());
  if (!referred_.empty()) has_moved_ = reason == codec::ReasonCode::server_moved;
}

void Link::follow_reference(Instant now) {
  ++references_;
  connector_.set_endpoints(std::exchange(referred_, {}));
  uses_.link_events.on_referred(connector_.endpoint());
  start(now);
}

void Link::return_home() {
  references_ = 0;
  if (has_moved_ && is_accepted_) return;
  has_moved_ = false;
  connector_.set_endpoints(options_.connector.endpoints);
}

bool Link::tries_another() const {
  return may_go_on_ && !is_accepted_ && end_cause_ != EndCause::by_user && connector_.has_more();
}

bool Link::can_fall_back(const codec::Connack& connack) const {
  if (options_.fall_back != FallBack::to_v3_1_1 || !is_version_refusal(connack)) return false;
  MachineOptions older = options_.machine;
  older.version = codec::Version::v3_1_1;
  return options_.machine.version == codec::Version::v5 && check_options(older).has_value();
}

void Link::on_connected(const Connected& connected) {
  backoff_.reset();
  is_accepted_ = true;
  uses_.events.on_connected(connected);
}

void Link::on_refused(const codec::Connack& connack) {
  is_falling_back_ = can_fall_back(connack);
  if (is_falling_back_) return;
  take_reference(static_cast<codec::ReasonCode>(connack.code), connack.properties);
  uses_.events.on_refused(connack);
}

void Link::on_ended(const Ending& ending) {
  end_cause_ = ending.cause;
  was_taken_over_ =
      ending.cause == EndCause::by_server && ending.reason == codec::ReasonCode::session_taken_over;
  const bool may_follow = options_.reconnect == Reconnect::always;
  if (ending.cause == EndCause::by_server && may_follow)
    take_reference(ending.reason, ending.properties);
  if (!is_falling_back_) uses_.events.on_ended(ending);
}

}  // namespace sluice::client
