// SPDX-License-Identifier: Apache-2.0
#include "client/machine/client_machine.h"

#include "base/assert.h"
#include "client/machine/connect_packet.h"
#include "codec/codec.h"
#include "codec/topic.h"

#include <algorithm>
#include <utility>

namespace sluice::client {

using codec::PacketId;
using codec::Qos;
using codec::ReasonCode;
using codec::Version;

namespace {

constexpr std::uint32_t protocol_packet_bytes_max = codec::remaining_length_max + 5;

// Also before CONNACK: with an authentication method only AUTH and DISCONNECT may go out then.
// [MQTT5-3.1.2-30]
Failure closed() { return fail(ErrorCode::closed, "the client is not connected"); }

}  // namespace

ClientMachine::ClientMachine(MachineOptions options, ClientEvents& events)
    : options_(std::move(options)),
      events_(events),
      client_id_(options_.client_id),
      has_session_(options_.prior_session == PriorSession::resumed) {
  SLUICE_ASSERT(check_options(options_).has_value());
  if (options_.packet_bytes_max != 0) decode_limits_.packet_bytes_max = options_.packet_bytes_max;
  assembler_.set_limits(options_.version, options_.packet_bytes_max != 0
                                              ? options_.packet_bytes_max
                                              : protocol_packet_bytes_max);
  for (const RestoredPublish& restored : options_.restored) restore(restored);
  options_.restored.clear();
}

void ClientMachine::restore(const RestoredPublish& restored) {
  const bool is_received = restored.phase == RestoredPublish::Phase::received;
  const Stage stage = is_received                          ? Stage::pubcomp
                      : restored.qos == Qos::at_least_once ? Stage::puback
                                                           : Stage::pubrec;
  OutboundWindow::Entry* const entry = outbound_.restore(restored.packet_id, stage);
  if (entry == nullptr) return;
  entry->is_repeat = true;
  if (is_received) return;
  store(*entry, {.qos = restored.qos,
                 .retain = restored.retain,
                 .packet_id = restored.packet_id,
                 .topic = restored.topic,
                 .properties = codec::Properties::of_checked(restored.properties),
                 .payload = restored.payload});
}

void ClientMachine::set_connect_properties(std::vector<std::uint8_t> properties) {
  SLUICE_ASSERT(state_ == MachineState::idle);
  options_.connect_properties = std::move(properties);
  SLUICE_ASSERT(check_options(options_).has_value());
}

void ClientMachine::on_opened(Instant now) {
  SLUICE_ASSERT(state_ == MachineState::idle);
  state_ = MachineState::connecting;
  output_.clear();
  assembler_.clear();
  aliases_.start(options_.topic_alias_max);
  limits_ = ServerLimits{};
  counted_ = 0;
  resend_at_ = resend_end_ = outbound_.begin();
  const bool clean_start =
      options_.clean_start == CleanStart::always ||
      (options_.clean_start == CleanStart::first_connection && !was_connected_);
  if (clean_start) has_session_ = false;
  connect_deadline_ = now + options_.connect_timeout;
  // [MQTT5-3.1.0-1] [MQTT3-3.1.0-1]
  const Result<void> written =
      write_connect(options_, {.clean_start = clean_start, .client_id = client_id_}, output_);
  if (!written) end({.cause = EndCause::protocol, .error = written.error()});
}

// [MQTT3-7.1.2-1]
void ClientMachine::on_bytes(ByteView bytes, Instant now) {
  keep_alive_.on_received(now);
  while (state_ == MachineState::connecting || state_ == MachineState::connected) {
    ByteView packet;
    const codec::FrameResult frame = assembler_.next(bytes, packet);
    if (frame.is_failed()) return fail_connection(frame.error, now);
    if (!frame.is_complete()) return;
    receive(frame, packet, now);
  }
}

void ClientMachine::on_closed(const Error& cause, Instant) {
  if (state_ == MachineState::idle) return;
  if (state_ != MachineState::closing) end({.cause = EndCause::transport, .error = cause});
  state_ = MachineState::idle;
  output_.clear();
  assembler_.clear();
  inbound_.on_connection_lost();
  for (std::uint64_t at = outbound_.begin(); at < outbound_.end(); ++at) {
    OutboundWindow::Entry& entry = outbound_.at(at);
    entry.is_repeat = entry.is_repeat || entry.is_sent;
    entry.is_sent = entry.is_counted = false;
  }
}

void ClientMachine::on_deadline(Instant now) {
  if (state_ == MachineState::connecting && now >= connect_deadline_) {
    return end({.cause = EndCause::connect_timeout,
                .error = {.code = ErrorCode::timed_out, .detail = "no CONNACK came in time"}});
  }
  if (state_ != MachineState::connected) return;
  switch (keep_alive_.due(now)) {
    case KeepAlive::Due::nothing:
      return;
    case KeepAlive::Due::ping:
      return send_ping(now);
    case KeepAlive::Due::dead:
      return end({.cause = EndCause::ping_timeout,
                  .error = {.code = ErrorCode::timed_out, .detail = "no PINGRESP came in time"}});
  }
}

Instant ClientMachine::next_deadline() const {
  if (state_ == MachineState::connecting) return connect_deadline_;
  if (state_ == MachineState::connected) return keep_alive_.deadline();
  return Instant::never();
}

std::size_t ClientMachine::send_quota() const {
  if (state_ != MachineState::connected || resend_at_ < resend_end_ || !outbound_.has_room()) {
    return 0;
  }
  const std::size_t window = std::min(limits_.receive_maximum, options_.inflight_max);
  return window - std::min(window, counted_);
}

Result<void> ClientMachine::check_publish(const codec::Publish& publish) const {
  if (state_ != MachineState::connected) return closed();
  const bool has_alias =
      options_.version == Version::v5 && publish.properties.has(codec::PropertyId::topic_alias);
  // Only an alias may stand for the topic, and not where the message may be sent again on a
  // connection that does not know it.
  if (!(publish.topic.empty() && has_alias && publish.qos == Qos::at_most_once)) {
    SLUICE_CHECK(codec::check_topic_name(publish.topic));
  }
  return limits_.check(publish);
}

Result<PacketId> ClientMachine::publish(const codec::Publish& publish, Instant now) {
  SLUICE_CHECK(check_publish(publish));
  codec::Publish packet = publish;
  packet.dup = false;  // [MQTT5-3.3.1-2] [MQTT5-4.3.2-2] [MQTT5-4.3.3-2] [MQTT3-3.3.1-2]
  packet.packet_id = 0;
  if (packet.qos != Qos::at_most_once) return publish_with_id(packet, now);
  SLUICE_CHECK(send(packet, now));
  return PacketId{0};
}

Result<PacketId> ClientMachine::publish_with_id(codec::Publish packet, Instant now) {
  // [MQTT5-3.3.4-7] [MQTT5-4.9.0-2]; nothing else waits for that [MQTT5-3.3.4-8] [MQTT5-4.9.0-3]
  if (send_quota() == 0) {
    return fail(ErrorCode::would_block, "as many messages are in flight as are allowed");
  }
  // [MQTT5-2.2.1-3] [MQTT3-2.3.1-2]
  packet.packet_id = outbound_.next_id();
  SLUICE_CHECK(send(packet, now));
  OutboundWindow::Entry& entry =
      outbound_.add(packet.qos == Qos::at_least_once ? Stage::puback : Stage::pubrec);
  entry.is_sent = entry.is_counted = true;
  ++counted_;
  store(entry, packet);
  return packet.packet_id;
}

void ClientMachine::store(OutboundWindow::Entry& entry, const codec::Publish& publish) {
  codec::Publish kept = publish;
  std::vector<std::uint8_t> properties;
  if (publish.properties.has(codec::PropertyId::topic_alias)) {
    // The alias ends with this connection.
    properties.resize(publish.properties.raw.size());
    codec::PropertyWriter writer(properties);
    auto cursor = publish.properties.cursor();
    while (const auto property = cursor.next()) {
      if (property->id != codec::PropertyId::topic_alias) writer.append(*property);
    }
    kept.properties = *writer.finish();
  }
  entry.bytes.resize(codec::encoded_size(kept, options_.version));
  const auto written = codec::encode(kept, options_.version, entry.bytes);
  SLUICE_ASSERT(written.has_value() && *written == entry.bytes.size());
}

Result<PacketId> ClientMachine::subscribe(const codec::Subscribe& subscribe, Instant now) {
  if (state_ != MachineState::connected) return closed();
  if (!outbound_.has_room()) return fail(ErrorCode::would_block, "no packet identifier is free");
  auto cursor = subscribe.filters.cursor();
  while (const auto item = cursor.next()) SLUICE_CHECK(codec::check_topic_filter(item->filter));
  SLUICE_CHECK(limits_.check(subscribe));
  codec::Subscribe packet = subscribe;
  packet.packet_id = outbound_.next_id();
  SLUICE_CHECK(send(packet, now));
  OutboundWindow::Entry& entry = outbound_.add(Stage::suback);
  entry.is_sent = true;
  entry.filters = packet.filters.count;
  return packet.packet_id;
}

Result<PacketId> ClientMachine::unsubscribe(const codec::Unsubscribe& unsubscribe, Instant now) {
  if (state_ != MachineState::connected) return closed();
  if (!outbound_.has_room()) return fail(ErrorCode::would_block, "no packet identifier is free");
  auto cursor = unsubscribe.filters.cursor();
  while (const auto item = cursor.next()) SLUICE_CHECK(codec::check_topic_filter(item->filter));
  codec::Unsubscribe packet = unsubscribe;
  packet.packet_id = outbound_.next_id();
  SLUICE_CHECK(send(packet, now));
  OutboundWindow::Entry& entry = outbound_.add(Stage::unsuback);
  entry.is_sent = true;
  entry.filters = packet.filters.count;
  return packet.packet_id;
}

Result<void> ClientMachine::acknowledge(DeliveryId delivery, ReasonCode reason, Instant now) {
  if (!inbound_.acknowledge(delivery, reason)) {
    return fail(ErrorCode::not_found, "this delivery waits for no acknowledgement");
  }
  if (state_ == MachineState::connected) send_ready_acks(now);
  return {};
}

// [MQTT5-4.12.0-3]
Result<void> ClientMachine::auth(const codec::Auth& auth, Instant now) {
  if (state_ != MachineState::connecting && state_ != MachineState::connected) return closed();
  const auto ours = codec::Properties::of_checked(options_.connect_properties);
  const auto method = ours.text(codec::PropertyId::authentication_method);
  if (!method) {  // [MQTT5-4.12.0-7]
    return fail(ErrorCode::invalid_argument, "CONNECT named no authentication method");
  }
  if (auth.properties.text(codec::PropertyId::authentication_method) != method) {
    return fail(ErrorCode::invalid_argument,  // [MQTT5-4.12.0-5] [MQTT5-4.12.1-1]
                "AUTH must name the authentication method of CONNECT");
  }
  return send(auth, now);
}

Result<void> ClientMachine::ping(Instant now) {
  if (state_ != MachineState::connected) return closed();
  send_ping(now);
  return {};
}

// [MQTT3-3.14.4-1] [MQTT3-3.14.4-2]
Result<void> ClientMachine::disconnect(const codec::Disconnect& disconnect, Instant now) {
  if (state_ != MachineState::connecting && state_ != MachineState::connected) return closed();
  const auto expiry = disconnect.properties.number(codec::PropertyId::session_expiry_interval);
  if (expiry.value_or(0) != 0 && options_.session_expiry_s == 0) {
    return fail(ErrorCode::invalid_argument,
                "a session that was to end with its connection cannot be given an expiry");
  }
  SLUICE_CHECK(send(disconnect, now));
  end({.cause = EndCause::by_user,
       .reason = disconnect.reason});  // [MQTT5-3.14.4-1] [MQTT5-3.14.4-2]
  return {};
}

template <class P>
Result<void> ClientMachine::send(const P& packet, Instant now) {
  const std::size_t bytes = codec::encoded_size(packet, options_.version);
  SLUICE_CHECK(limits_.check_size(bytes));
  SLUICE_TRY(const std::size_t written,
             codec::encode(packet, options_.version, output_.claim(bytes)));
  output_.commit(written);
  keep_alive_.on_sent(now);
  return {};
}

void ClientMachine::send_ping(Instant now) {
  output_.append(codec::pingreq_bytes);
  keep_alive_.on_ping_sent(now);
}

void ClientMachine::fail_connection(const Error& error, Instant now) {
  // DISCONNECT with the reason, once CONNACK was there.
  if (state_ == MachineState::connected && options_.version == Version::v5 &&
      error.reason >= 0x80) {
    static_cast<void>(send(codec::Disconnect{static_cast<ReasonCode>(error.reason), {}}, now));
  }
  end({.cause = EndCause::protocol,
       .reason = static_cast<ReasonCode>(error.reason),
       .error = error});
}

void ClientMachine::protocol_failure(ReasonCode reason, const char* detail, Instant now) {
  fail_connection({.code = ErrorCode::protocol_error,
                   .reason = static_cast<std::uint8_t>(reason),
                   .detail = detail},
                  now);
}

void ClientMachine::end(const Ending& ending) {
  state_ = MachineState::closing;
  keep_alive_.stop();
  connect_deadline_ = Instant::never();
  lose_requests();
  events_.on_ended(ending);
}

}  // namespace sluice::client
