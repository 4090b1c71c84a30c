// SPDX-License-Identifier: Apache-2.0
//
// What a ClientMachine does with packets from the server.
#include "base/assert.h"
#include "client/machine/client_machine.h"
#include "codec/codec.h"

namespace sluice::client {

using codec::PacketId;
using codec::PacketType;
using codec::Qos;
using codec::ReasonCode;
using codec::Version;

void ClientMachine::receive(const codec::FrameResult& frame, ByteView packet, Instant now) {
  if (state_ == MachineState::connected && frame.type() == PacketType::publish) {
    codec::Publish publish;
    const auto decoded =
        codec::decode_delivery(frame.first_byte, packet.subspan(frame.header_bytes),
                               options_.version, decode_limits_, publish);
    if (!decoded) return fail_connection(decoded.error(), now);
    return receive_publish(publish, now);
  }
  // A server that does not know MQTT 5 refuses it in the form of 3.1.1.
  const bool is_old_connack = state_ == MachineState::connecting &&
                              frame.type() == PacketType::connack && frame.remaining_length == 2;
  const Version version = is_old_connack ? Version::v3_1_1 : options_.version;
  const auto decoded = codec::decode(packet, version, codec::Direction::to_client, decode_limits_);
  if (!decoded) return fail_connection(decoded.error(), now);
  if (state_ == MachineState::connecting) {
    if (const auto* connack = std::get_if<codec::Connack>(&*decoded)) {
      return receive_connack(*connack, version, now);
    }
    if (const auto* auth = std::get_if<codec::Auth>(&*decoded)) return receive_auth(*auth);
    return protocol_failure(ReasonCode::protocol_error,
                            "the first packet from the server is not CONNACK", now);
  }
  receive_other(*decoded, now);
}

void ClientMachine::receive_other(const codec::Packet& packet, Instant now) {
  switch (codec::type_of(packet)) {
    case PacketType::puback:
      return receive_puback(std::get<codec::Puback>(packet), now);
    case PacketType::pubrec:
      return receive_pubrec(std::get<codec::Pubrec>(packet), now);
    case PacketType::pubrel:
      return receive_pubrel(std::get<codec::Pubrel>(packet), now);
    case PacketType::pubcomp:
      return receive_pubcomp(std::get<codec::Pubcomp>(packet), now);
    case PacketType::suback:
      return receive_suback(std::get<codec::Suback>(packet));
    case PacketType::unsuback:
      return receive_unsuback(std::get<codec::Unsuback>(packet));
    case PacketType::pingresp:
      return events_.on_pong();
    case PacketType::disconnect:
      return receive_disconnect(std::get<codec::Disconnect>(packet));
    case PacketType::auth:
      return receive_auth(std::get<codec::Auth>(packet));
    case PacketType::connect:
    case PacketType::connack:
    case PacketType::publish:
    case PacketType::subscribe:
    case PacketType::unsubscribe:
    case PacketType::pingreq:
      break;
  }
  protocol_failure(ReasonCode::protocol_error, "the server sent a packet that it may not send now",
                   now);
}

Result<void> ClientMachine::check_connack(const codec::Connack& connack, Version form) const {
  if (options_.version == Version::v5 && form != Version::v5 && connack.code == 0) {
    return fail(ErrorCode::protocol_error, "the server accepts MQTT 5 in the form of MQTT 3.1.1");
  }
  if (connack.session_present && connack.code != 0) {
    return fail(ErrorCode::protocol_error, "CONNACK refuses and speaks of a session");
  }
  if (connack.session_present && !has_session_) {  // [MQTT5-3.2.2-4]
    return fail(ErrorCode::protocol_error, "the server resumed a session that we do not have");
  }
  return {};
}

void ClientMachine::receive_connack(const codec::Connack& connack, Version form, Instant now) {
  if (const auto good = check_connack(connack, form); !good)
    return fail_connection(good.error(), now);
  if (connack.code != 0) {
    events_.on_refused(connack);
    const auto reason =
        form == Version::v5 ? static_cast<ReasonCode>(connack.code) : ReasonCode::unspecified_error;
    return end({.cause = EndCause::refused,
                .reason = reason,
                .properties = connack.properties,
                .error = {.code = ErrorCode::refused,
                          .reason = static_cast<std::uint8_t>(reason),
                          .detail = "the server refused the connection"}});
  }
  const bool is_resumed = connack.session_present;
  const bool had_session = was_connected_ || has_session_;
  adopt(connack, now);
  if (is_resumed) {
    resume_session(ResendForm::repeat);
  } else {  // [MQTT5-3.2.2-5]: what the server forgot is forgotten here
    inbound_.clear();
    if (options_.session_loss == SessionLoss::publish_again) {
      resume_session(ResendForm::anew);
    } else if (had_session) {
      discard_session();
    }
  }
  events_.on_connected({.connack = connack, .is_resumed = is_resumed});
  if (state_ == MachineState::connected) pump(now);
}

void ClientMachine::adopt(const codec::Connack& connack, Instant now) {
  state_ = MachineState::connected;
  connect_deadline_ = Instant::never();
  was_connected_ = true;
  has_session_ = true;
  limits_ = ServerLimits::of(connack);
  if (const auto id = connack.properties.text(codec::PropertyId::assigned_client_identifier)) {
    client_id_ = *id;
  }
  const auto server_keep_alive = connack.properties.number(codec::PropertyId::server_keep_alive);
  const std::uint32_t seconds = server_keep_alive.value_or(options_.keep_alive_s);
  keep_alive_.start(std::chrono::seconds(seconds), options_.ping_timeout,
                    now);  // [MQTT5-3.2.2-21] [MQTT5-3.1.2-21]
}

void ClientMachine::resume_session(ResendForm form) {
  resend_at_ = outbound_.begin();
  resend_end_ = outbound_.end();
  if (form == ResendForm::repeat) return;
  for (std::uint64_t at = resend_at_; at < resend_end_; ++at) {
    OutboundWindow::Entry& entry = outbound_.at(at);
    entry.is_repeat = false;
    if (entry.stage != Stage::pubcomp) continue;
    // The old session had taken the message over: sending it again would deliver it twice.
    const PacketId id = OutboundWindow::id_of(at);
    complete(id, {.packet_id = id});
  }
}

void ClientMachine::discard_session() {
  // What a handler of on_lost() publishes stands behind `end` and stays.
  const std::uint64_t end = outbound_.end();
  while (outbound_.begin() < end) {
    const PacketId id = OutboundWindow::id_of(outbound_.begin());
    outbound_.remove(id);
    events_.on_lost(id);
  }
}

void ClientMachine::lose_requests() {
  const std::uint64_t end = outbound_.end();
  for (std::uint64_t at = outbound_.begin(); at < end; ++at) {
    const Stage stage = outbound_.at(at).stage;
    if (stage != Stage::suback && stage != Stage::unsuback) continue;
    const PacketId id = OutboundWindow::id_of(at);
    outbound_.remove(id);
    events_.on_lost(id);
  }
}

// Sends again, in order, what waits since an earlier connection. [MQTT5-4.4.0-1]
// [MQTT5-4.6.0-1] [MQTT3-4.4.0-1] [MQTT3-4.6.0-1]
void ClientMachine::pump(Instant now) {
  const std::size_t window = std::min(limits_.receive_maximum, options_.inflight_max);
  for (; resend_at_ < resend_end_; ++resend_at_) {
    if (resend_at_ < outbound_.begin()) continue;
    OutboundWindow::Entry& entry = outbound_.at(resend_at_);
    const PacketId id = OutboundWindow::id_of(resend_at_);
    if (entry.stage == Stage::pubcomp) {
      entry.is_sent = true;
      send_ack(PacketType::pubrel, id, ReasonCode::success, now);
    } else if (entry.stage == Stage::puback || entry.stage == Stage::pubrec) {
      if (counted_ >= window) return;
      if (const auto fits = limits_.check_size(entry.bytes.size()); !fits) {
        return fail_connection(fits.error(), now);
      }
      if (entry.is_repeat)
        entry.bytes[0] |= 0x08U;  // DUP [MQTT5-3.3.1-1]
      else
        entry.bytes[0] &= 0xF7U;
      entry.is_sent = entry.is_counted = true;
      ++counted_;
      output_.append(entry.bytes);  // with the identifier that it had [MQTT3-2.3.1-3]
      keep_alive_.on_sent(now);
    }
  }
}

void ClientMachine::complete(PacketId id, const Published& published) {
  OutboundWindow::Entry* entry = outbound_.find(id);
  SLUICE_ASSERT(entry != nullptr);
  if (entry->is_counted) --counted_;
  outbound_.remove(id);
  events_.on_published(published);
}

void ClientMachine::receive_puback(const codec::Puback& ack, Instant now) {
  const OutboundWindow::Entry* entry = outbound_.find(ack.packet_id);
  if (entry == nullptr) return;  // answered before: nothing waits for it
  if (entry->stage != Stage::puback || !entry->is_sent) {
    return protocol_failure(ReasonCode::protocol_error, "a PUBACK fits no QoS 1 publish", now);
  }
  complete(ack.packet_id, {ack.packet_id, ack.reason, ack.properties});
  if (state_ == MachineState::connected) pump(now);
}

void ClientMachine::receive_pubrec(const codec::Pubrec& ack, Instant now) {
  OutboundWindow::Entry* entry = outbound_.find(ack.packet_id);
  if (entry == nullptr) {  // the server waits for a PUBREL all the same
    return send_ack(PacketType::pubrel, ack.packet_id, ReasonCode::packet_identifier_not_found,
                    now);
  }
  const bool is_expected = entry->stage == Stage::pubrec || entry->stage == Stage::pubcomp;
  if (!is_expected || !entry->is_sent) {
    return protocol_failure(ReasonCode::protocol_error, "a PUBREC fits no QoS 2 publish", now);
  }
  if (codec::is_failure(ack.reason)) {  // [MQTT5-4.4.0-2]
    complete(ack.packet_id, {ack.packet_id, ack.reason, ack.properties});
    if (state_ == MachineState::connected) pump(now);
    return;
  }
  const bool is_first = entry->stage == Stage::pubrec;
  entry->stage = Stage::pubcomp;  // not sent again [MQTT3-4.3.3-1]
  entry->bytes.clear();
  if (is_first) events_.on_received(ack.packet_id);
  // [MQTT5-4.3.3-4] [MQTT5-4.6.0-4] [MQTT3-4.6.0-4]
  send_ack(PacketType::pubrel, ack.packet_id, ReasonCode::success, now);
}

void ClientMachine::receive_pubcomp(const codec::Pubcomp& ack, Instant now) {
  const OutboundWindow::Entry* entry = outbound_.find(ack.packet_id);
  if (entry == nullptr) return;
  if (entry->stage != Stage::pubcomp || !entry->is_sent) {
    return protocol_failure(ReasonCode::protocol_error, "a PUBCOMP fits no PUBREL", now);
  }
  // The server not knowing the identifier means that it is done: it had taken the message.
  const ReasonCode reason =
      ack.reason == ReasonCode::packet_identifier_not_found ? ReasonCode::success : ack.reason;
  complete(ack.packet_id, {ack.packet_id, reason, ack.properties});
  if (state_ == MachineState::connected) pump(now);
}

// [MQTT3-4.5.0-2] [MQTT5-4.5.0-2]
void ClientMachine::receive_publish(codec::Publish& publish, Instant now) {
  if (options_.version == Version::v5) {
    if (const auto known = aliases_.resolve(publish); !known) {
      return fail_connection(known.error(), now);
    }
  }
  if (publish.qos == Qos::at_most_once) return events_.on_message({.publish = publish});
  const bool is_known =
      publish.qos == Qos::exactly_once && inbound_.is_unreleased(publish.packet_id);
  // What has our PUBREC is not counted, though §4.9 does until the PUBCOMP: servers in wide use
  // (mosquitto 2.0) send the next message at the PUBREC, and after a refusal do so again for ever.
  if (!is_known && options_.version == Version::v5 &&
      inbound_.unanswered() >= options_.receive_maximum) {
    return protocol_failure(ReasonCode::receive_maximum_exceeded,
                            "the server exceeded our Receive Maximum", now);
  }
  if (publish.qos == Qos::at_least_once) return receive_qos_1(publish, now);
  receive_qos_2(publish, now);
}

// [MQTT5-4.3.2-4] [MQTT5-4.3.2-5] [MQTT3-4.3.2-2]: each PUBLISH of QoS 1 is a new message, whatever
// its DUP says.
void ClientMachine::receive_qos_1(const codec::Publish& publish, Instant now) {
  if (options_.acknowledge == Acknowledge::manually) {
    const DeliveryId delivery = inbound_.add_pending(publish.packet_id, publish.qos);
    return events_.on_message({.publish = publish, .delivery = delivery});
  }
  const PacketId id = publish.packet_id;
  events_.on_message({.publish = publish});
  if (state_ == MachineState::connected) {
    // [MQTT5-4.6.0-2] [MQTT3-4.6.0-2]
    send_ack(PacketType::puback, id, ReasonCode::success, now);
  }
}

// [MQTT5-4.3.3-10] [MQTT3-4.3.3-2]: delivered once until its PUBREL has come.
void ClientMachine::receive_qos_2(const codec::Publish& publish, Instant now) {
  const PacketId id = publish.packet_id;
  if (inbound_.is_unreleased(id)) {
    if (InboundWindow::Pending* pending = inbound_.find_pending(id)) {
      pending->is_here = true;
      return send_ready_acks(now);
    }
    return send_ack(PacketType::pubrec, id, ReasonCode::success, now);
  }
  inbound_.add_unreleased(id);
  if (options_.acknowledge == Acknowledge::manually) {
    const DeliveryId delivery = inbound_.add_pending(id, publish.qos);
    return events_.on_message({.publish = publish, .delivery = delivery});
  }
  events_.on_message({.publish = publish});
  if (state_ == MachineState::connected) {
    // [MQTT5-4.6.0-3] [MQTT3-4.6.0-3]
    send_ack(PacketType::pubrec, id, ReasonCode::success, now);
  }
}

void ClientMachine::receive_pubrel(const codec::Pubrel& release, Instant now) {
  if (inbound_.find_pending(release.packet_id) != nullptr) {
    return protocol_failure(ReasonCode::protocol_error,
                            "a PUBREL came before the PUBREC of its message", now);
  }
  const bool was_known = inbound_.remove_unreleased(release.packet_id);
  // [MQTT5-4.3.3-11] [MQTT3-4.3.3-2]
  send_ack(PacketType::pubcomp, release.packet_id,
           was_known ? ReasonCode::success : ReasonCode::packet_identifier_not_found, now);
}

void ClientMachine::send_ready_acks(Instant now) {
  // In the order of the messages.
  while (const auto pending = inbound_.take_ready()) {
    const bool is_qos_2 = pending->qos == Qos::exactly_once;
    if (is_qos_2 && codec::is_failure(pending->reason)) {
      inbound_.remove_unreleased(pending->packet_id);
    }
    send_ack(is_qos_2 ? PacketType::pubrec : PacketType::puback, pending->packet_id,
             pending->reason, now);
  }
}

void ClientMachine::send_ack(PacketType type, PacketId id, ReasonCode reason, Instant now) {
  if (reason == ReasonCode::success || options_.version != Version::v5) {
    output_.append(codec::encode_ack(type, id));
    keep_alive_.on_sent(now);
    return;
  }
  codec::Packet ack;
  if (type == PacketType::puback) ack = codec::Puback{id, reason, {}};
  if (type == PacketType::pubrec) ack = codec::Pubrec{id, reason, {}};
  if (type == PacketType::pubrel) ack = codec::Pubrel{id, reason, {}};
  if (type == PacketType::pubcomp) ack = codec::Pubcomp{id, reason, {}};
  const auto bytes = output_.claim(codec::encoded_size(ack, options_.version));
  const auto written = codec::encode(ack, options_.version, bytes);
  SLUICE_ASSERT(written.has_value());
  output_.commit(*written);
  keep_alive_.on_sent(now);
}

void ClientMachine::receive_suback(const codec::Suback& ack) {
  const OutboundWindow::Entry* entry = outbound_.find(ack.packet_id);
  if (entry == nullptr || entry->stage != Stage::suback || entry->filters != ack.codes.size()) {
    return end({.cause = EndCause::protocol,
                .reason = ReasonCode::protocol_error,
                .error = {.code = ErrorCode::protocol_error,
                          .reason = static_cast<std::uint8_t>(ReasonCode::protocol_error),
                          .detail = "a SUBACK fits no SUBSCRIBE"}});
  }
  outbound_.remove(ack.packet_id);
  events_.on_subscribed(ack);
}

void ClientMachine::receive_unsuback(const codec::Unsuback& ack) {
  const OutboundWindow::Entry* entry = outbound_.find(ack.packet_id);
  const bool has_codes = options_.version == Version::v5;
  if (entry == nullptr || entry->stage != Stage::unsuback ||
      (has_codes && entry->filters != ack.codes.size())) {
    return end({.cause = EndCause::protocol,
                .reason = ReasonCode::protocol_error,
                .error = {.code = ErrorCode::protocol_error,
                          .reason = static_cast<std::uint8_t>(ReasonCode::protocol_error),
                          .detail = "an UNSUBACK fits no UNSUBSCRIBE"}});
  }
  outbound_.remove(ack.packet_id);
  events_.on_unsubscribed(ack);
}

void ClientMachine::receive_disconnect(const codec::Disconnect& disconnect) {
  end({.cause = EndCause::by_server,
       .reason = disconnect.reason,
       .properties = disconnect.properties,
       .error = {.code = ErrorCode::closed,
                 .reason = static_cast<std::uint8_t>(disconnect.reason),
                 .detail = "the server ended the connection"}});
}

void ClientMachine::receive_auth(const codec::Auth& auth) {
  const auto ours = codec::Properties::of_checked(options_.connect_properties)
                        .text(codec::PropertyId::authentication_method);
  const auto theirs = auth.properties.text(codec::PropertyId::authentication_method);
  if (!ours || ours != theirs) {  // [MQTT5-4.12.0-5]
    return end({.cause = EndCause::protocol,
                .reason = ReasonCode::protocol_error,
                .error = {.code = ErrorCode::protocol_error,
                          .reason = static_cast<std::uint8_t>(ReasonCode::protocol_error),
                          .detail = "AUTH does not name the method of our CONNECT"}});
  }
  events_.on_auth(auth);
}

}  // namespace sluice::client
