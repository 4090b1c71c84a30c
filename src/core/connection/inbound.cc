// SPDX-License-Identifier: Apache-2.0
#include "core/connection/inbound.h"

#include "codec/frame.h"
#include "core/connection/decode_limits.h"

namespace sluice::core {
namespace {

using codec::PacketType;
using codec::ReasonCode;
using codec::Version;

// QoS 1 and 2, and what is to be retained.
constexpr std::uint8_t publish_kept_bits = 0x07;

// From this size on a packet that arrived in pieces is kept where it was put together.
constexpr std::size_t body_adopted_min = 64 * 1024;

// Before CONNECT nobody knows the version: 3.1 takes the most.
Version frame_version(const Connection& connection) {
  return connection.state == ConnectionState::awaiting_connect ? Version::v3_1 : connection.version;
}

}  // namespace

codec::DecodeLimits Inbound::limits() const {
  return decode_limits(c_.options, c_.options.mqtt.packet_bytes_max);
}

bool Inbound::must_wait(Connection& connection) {
  // The other shards' logs have to catch up.
  const auto outbox_max = static_cast<std::uint64_t>(c_.options.limits.outbox_bytes_max);
  if (c_.state.outbox_bytes() * c_.setup.count >= outbox_max) return true;
  if (connection.state == ConnectionState::awaiting_log ||
      connection.state == ConnectionState::awaiting_auth)
    return true;
  if (c_.turn_deliveries >= static_cast<std::uint64_t>(c_.options.limits.turn_deliveries_max))
    return true;
  if (c_.effects.output.turn_bytes() >=
      static_cast<std::size_t>(c_.options.limits.turn_output_bytes_max))
    return true;
  // Who asks and does not read the answers is not read either. Messages alone never get there: they
  // stop at the write buffer's limit.
  const auto unread_max = 2 * static_cast<std::size_t>(c_.options.limits.write_buffer_bytes_max);
  if (c_.effects.output.backlog_bytes(connection.id) >= unread_max) return true;
  // What waits for a slow log is bounded by what a client may have unacknowledged.
  if (connection.held >= c_.options.mqtt.receive_maximum) return true;
  if (rates_.must_wait(connection)) return true;
  if (subscribing_.must_wait(connection)) return true;
  return !c_.is_alone() && c_.mailer.is_congested() && !c_.is_mail_long_congested;
}

// What the log or the memory would have to take, or a full ring, waits until it can; all else goes
// on. Who owes us acknowledgements would wait for itself: after a while it is refused instead.
bool Inbound::must_hold(const Connection& connection, std::uint8_t first_byte) const {
  if (!c_.is_holding || is_handshake(connection.state) ||
      first_byte >> 4 != static_cast<unsigned>(PacketType::publish) ||
      (first_byte & publish_kept_bits) == 0)
    return false;
  if (c_.is_log_behind || c_.is_mail_long_congested) return true;
  return !c_.is_memory_long_full || connection.in_flight == 0;
}

void Inbound::wait(Connection& connection) {
  if (!connection.is_waiting) {
    connection.is_waiting = true;
    waiting_.push_back(connection.id);
  }
  if (connection.is_paused) return;
  connection.is_paused = true;
  c_.effects.add(EffectKind::pause, connection.id);
}

void Inbound::carry(Connection& connection, ByteView bytes) {
  if (bytes.empty()) return;
  if (!connection.carry)
    connection.carry =
        std::make_unique<GrowingBytes>(std::size_t{codec::remaining_length_max} + 16 * 1024 * 1024);
  // What a turn reads of one connection is far below the room above the largest packet.
  const auto appended = connection.carry->append(bytes);
  SLUICE_ASSERT(appended.has_value());
}

Inbound::Step Inbound::fail(Connection& connection, const Error& error) {
  count_limit(c_.metrics, error);
  const auto reason =
      error.reason != 0 ? static_cast<ReasonCode>(error.reason) : ReasonCode::malformed_packet;
  if (is_handshake(connection.state)) {
    ++c_.metrics.connects_refused_malformed_packet;
    // Behind CONNECT its version is known.
    if (connection.state != ConnectionState::awaiting_connect && connection.version == Version::v5)
      closing_.send_refusal(connection, reason, error.detail);
    closing_.refuse(connection, {.reason = error.detail});
  } else {
    // [MQTT5-4.13.1-1] [MQTT3-4.8.0-1]
    closing_.close(connection, close_cause_of(error), reason, error.detail);
  }
  return Step::gone;
}

void Inbound::on_bytes(Connection& connection, ByteView bytes) {
  c_.metrics.bytes_received += bytes.size();
  if (connection.is_waiting) {
    carry(connection, bytes);
    return;
  }
  const ConnId id = connection.id;
  Step step = Step::go_on;
  if (connection.carry) step = fill_carry(connection, bytes);
  if (step == Step::go_on) {
    step = consume(connection, bytes, true);
  } else if (step == Step::gone) {
    // Handed over by a CONNECT that was cut: what came behind it goes along.
    auto& hand_overs = c_.effects.hand_overs;
    if (!hand_overs.empty() && hand_overs.back().conn == id)
      hand_overs.back().bytes.insert(hand_overs.back().bytes.end(), bytes.begin(), bytes.end());
  }
  if (step == Step::gone) return;
  Connection& still = c_.connections.at(id);
  carry(still, bytes);
  if (step == Step::wait) wait(still);
}

// Completes the one packet that was cut, so that the rest can be parsed in place.
// [MQTT3-7.1.1-1] [MQTT5-4.2-1]
Inbound::Step Inbound::fill_carry(Connection& connection, ByteView& bytes) {
  while (connection.carry && !bytes.empty()) {
    const auto frame = codec::peek_frame(connection.carry->view(), frame_version(connection));
    if (frame.is_failed()) return fail(connection, frame.error);
    const std::size_t have = connection.carry->size();
    const std::size_t missing =
        frame.header_bytes == 0 ? 1 : frame.total - std::min<std::size_t>(have, frame.total);
    const std::size_t part = std::min(missing, bytes.size());
    carry(connection, bytes.first(part));
    bytes = bytes.subspan(part);
    const auto old = std::move(connection.carry);
    ByteView held = old->view();
    const bool is_large = held.size() >= body_adopted_min && !is_handshake(connection.state) &&
                          !must_hold(connection, held[0]);
    if (is_large && codec::peek_frame(held, frame_version(connection)).is_complete()) {
      const SharedBytes whole = old->freeze();
      held = whole.view();
      const auto complete = codec::peek_frame(held, connection.version);
      PacketBytes packet{.all = held, .body = held.subspan(complete.header_bytes), .owner = whole};
      const Step step = on_packet(connection, complete.type(), packet);
      if (step != Step::go_on) return step;
      continue;
    }
    const ConnId id = connection.id;
    const Step step = consume(connection, held, false);
    if (step == Step::gone) return step;
    if (!held.empty()) {
      Connection& still = c_.connections.at(id);
      if (held.size() == old->size())
        still.carry = std::make_unique<GrowingBytes>(std::move(*old));
      else
        carry(still, held);
    }
    if (step == Step::wait) return step;
  }
  return Step::go_on;
}

Inbound::Step Inbound::consume(Connection& connection, ByteView& bytes, bool is_stable) {
  looked_at_ = nullptr;
  while (!bytes.empty()) {
    if (must_wait(connection)) return Step::wait;
    const auto plain = connection.state == ConnectionState::connected
                           ? codec::peek_plain_frame(bytes)
                           : codec::PlainFrame{};
    if (plain.header_bytes != 0 && plain.remaining_length <= connection.inbound_bytes_max &&
        !c_.is_holding) [[likely]] {
      const std::size_t total = plain.header_bytes + plain.remaining_length;
      PacketBytes packet{.all = bytes.first(total),
                         .body = bytes.subspan(plain.header_bytes, plain.remaining_length),
                         .is_stable = is_stable};
      const auto type = static_cast<PacketType>(bytes[0] >> 4);
      if (on_packet(connection, type, packet) == Step::gone) return Step::gone;
      bytes = bytes.subspan(total);
      if (c_.state.subscriptions.cold_walks() != cold_walks_) [[unlikely]]
        look_ahead(connection, bytes);
      continue;
    }
    const std::size_t before = bytes.size();
    const Step step = consume_one(connection, bytes, is_stable);
    if (step != Step::go_on || bytes.size() == before) return step;
  }
  return Step::go_on;
}

// The last topic was matched at the speed of the memory: those of the packets behind it are matched
// side by side. What was looked at is not looked at again.
void Inbound::look_ahead(const Connection& connection, ByteView bytes) {
  auto& subscriptions = c_.state.subscriptions;
  cold_walks_ = subscriptions.cold_walks();
  if (!mount_of(connection).empty() || std::less{}(bytes.data(), looked_at_)) return;
  std::array<std::string_view, SubscriptionTree::ahead_max> topics;
  std::size_t count = 0;
  while (count < topics.size()) {
    const auto frame = codec::peek_plain_frame(bytes);
    if (frame.header_bytes == 0) break;
    const ByteView body = bytes.subspan(frame.header_bytes, frame.remaining_length);
    if (bytes[0] >> 4 == static_cast<unsigned>(PacketType::publish) && body.size() > 2) {
      const std::size_t size = std::size_t{body[0]} << 8 | body[1];
      if (size <= body.size() - 2) topics[count++] = as_text(body.subspan(2, size));
    }
    bytes = bytes.subspan(frame.header_bytes + frame.remaining_length);
  }
  looked_at_ = bytes.data();
  subscriptions.look_ahead({topics.data(), count});
}

Inbound::Step Inbound::consume_one(Connection& connection, ByteView& bytes, bool is_stable) {
  const auto frame = codec::peek_frame(bytes, frame_version(connection));
  const auto& mqtt = c_.options.mqtt;
  const bool is_first = connection.state == ConnectionState::awaiting_connect;
  const bool is_early = is_handshake(connection.state);
  const std::uint64_t size_max =
      is_early ? mqtt.packet_bytes_max_before_connect : connection.inbound_bytes_max;
  if (frame.is_failed()) return fail(connection, frame.error);
  if (is_first && (bytes[0] >> 4) != static_cast<unsigned>(PacketType::connect))
    return fail(connection,
                {.code = ErrorCode::protocol_error, .detail = "the first packet is not CONNECT"});
  if (frame.header_bytes != 0 && frame.remaining_length > static_cast<std::uint64_t>(size_max)) {
    if (is_first) {
      if (!handshake_.is_version_known(bytes)) return Step::go_on;
      handshake_.on_too_large(connection, bytes);
      return Step::gone;
    }
    ++c_.metrics.limits_hit_packet_bytes_max;
    // [MQTT5-3.2.2-15]
    return fail(connection, {.code = ErrorCode::packet_too_large,
                             .reason = static_cast<std::uint8_t>(ReasonCode::packet_too_large),
                             .detail = is_early ? "larger than mqtt.packet_bytes_max_before_connect"
                                                : "larger than mqtt.packet_bytes_max or its "
                                                  "listener's packet_bytes_max"});
  }
  if (!frame.is_complete()) return Step::go_on;
  if (must_hold(connection, bytes[0])) return Step::wait;
  PacketBytes packet{.all = bytes.first(frame.total),
                     .body = bytes.subspan(frame.header_bytes, frame.remaining_length),
                     .is_stable = is_stable};
  const ByteView rest = bytes.subspan(frame.total);
  const Step step = is_first ? on_first_packet(connection, packet, rest)
                             : on_packet(connection, frame.type(), packet);
  if (step == Step::gone) return step;
  bytes = rest;
  return Step::go_on;
}

Inbound::Step Inbound::on_first_packet(Connection& connection, const PacketBytes& packet,
                                       ByteView rest) {
  const ShardIndex home = handshake_.home_of(packet.all);
  if (home != c_.setup.index) {
    std::vector<std::uint8_t> bytes(packet.all.begin(), packet.all.end());
    bytes.insert(bytes.end(), rest.begin(), rest.end());
    Opened opened{connection.peer, connection.entrance, {}, true};
    if (connection.identity) opened.identity = std::move(*connection.identity);
    c_.effects.hand_overs.push_back({connection.id, home, std::move(opened), std::move(bytes)});
    c_.effects.add(EffectKind::hand_over, connection.id, c_.effects.hand_overs.size() - 1);
    c_.timers.cancel(connection.timer);
    --c_.handshakes;
    --c_.metrics.connections_open;
    c_.connections.close(connection.id);
    return Step::gone;
  }
  ++c_.metrics.packets_received[static_cast<std::size_t>(PacketType::connect)];
  const ConnId id = connection.id;
  connection.last_received = c_.now;
  handshake_.on_connect(connection, packet.all);
  return c_.connections.find(id) != nullptr ? Step::go_on : Step::gone;
}

Inbound::Step Inbound::on_packet(Connection& connection, PacketType type, PacketBytes& packet) {
  connection.last_received = c_.now;
  rates_.note_packet(connection, type, packet.all.size());
  if (connection.state == ConnectionState::awaiting_auth_packet)
    return on_auth_packet(connection, packet);
  ++c_.metrics.packets_received[static_cast<std::size_t>(type) & 15U];
  if (type == PacketType::publish)
    return publishing_.on_publish(connection, packet, limits()) ? Step::go_on : Step::gone;
  // An acknowledgement of a packet identifier alone says success, in every version.
  if (packet.body.size() == 2 && type >= PacketType::puback && type <= PacketType::pubcomp) {
    const auto packet_id = static_cast<codec::PacketId>(packet.body[0] << 8 | packet.body[1]);
    if (packet_id != 0) [[likely]]
      return on_plain_ack(connection, type, packet_id);
  }
  // Whatever else is wrong with it. [MQTT3-3.1.0-2] [MQTT5-3.1.0-2]
  if (type == PacketType::connect)
    return fail(connection, {.code = ErrorCode::protocol_error,
                             .reason = static_cast<std::uint8_t>(ReasonCode::protocol_error),
                             .detail = "a second CONNECT"});
  const auto decoded =
      codec::decode(packet.all, connection.version, codec::Direction::to_server, limits());
  if (!decoded) return fail(connection, decoded.error());
  return on_decoded(connection, *decoded);
}

// Between CONNECT and CONNACK there is nothing but the exchange. [MQTT5-3.1.2-30]
Inbound::Step Inbound::on_auth_packet(Connection& connection, const PacketBytes& packet) {
  const auto decoded =
      codec::decode(packet.all, connection.version, codec::Direction::to_server, limits());
  if (!decoded) return fail(connection, decoded.error());
  if (std::holds_alternative<codec::Disconnect>(*decoded)) {
    closing_.on_disconnect(connection, CloseCause::client);
    return Step::gone;
  }
  const auto* auth = std::get_if<codec::Auth>(&*decoded);
  if (auth == nullptr)
    return fail(connection, {.code = ErrorCode::protocol_error,
                             .reason = static_cast<std::uint8_t>(ReasonCode::protocol_error),
                             .detail = "another packet than AUTH before the CONNACK"});
  ++c_.metrics.packets_received[static_cast<std::size_t>(PacketType::auth)];
  return auth_.on_auth(connection, *auth) ? Step::go_on : Step::gone;
}

Inbound::Step Inbound::on_plain_ack(Connection& connection, PacketType type,
                                    codec::PacketId packet_id) {
  bool is_alive = true;
  if (type == PacketType::puback)
    is_alive = publishing_.on_puback(connection, {packet_id, ReasonCode::success, {}});
  else if (type == PacketType::pubrec)
    is_alive = publishing_.on_pubrec(connection, {packet_id, ReasonCode::success, {}});
  else if (type == PacketType::pubrel)
    is_alive = publishing_.on_pubrel(connection, {packet_id, ReasonCode::success, {}});
  else
    is_alive = publishing_.on_pubcomp(connection, {packet_id, ReasonCode::success, {}});
  return is_alive ? Step::go_on : Step::gone;
}

Inbound::Step Inbound::on_decoded(Connection& connection, const codec::Packet& packet) {
  const auto step = [](bool is_alive) { return is_alive ? Step::go_on : Step::gone; };
  if (const auto* puback = std::get_if<codec::Puback>(&packet))
    return step(publishing_.on_puback(connection, *puback));
  if (const auto* pubrec = std::get_if<codec::Pubrec>(&packet))
    return step(publishing_.on_pubrec(connection, *pubrec));
  if (const auto* pubrel = std::get_if<codec::Pubrel>(&packet))
    return step(publishing_.on_pubrel(connection, *pubrel));
  if (const auto* pubcomp = std::get_if<codec::Pubcomp>(&packet))
    return step(publishing_.on_pubcomp(connection, *pubcomp));
  if (std::holds_alternative<codec::Pingreq>(packet)) {
    Output& output = c_.effects.output;
    std::ranges::copy(codec::pingresp_bytes, output.reserve(codec::pingresp_bytes.size()).begin());
    // [MQTT3-3.12.4-1] [MQTT5-3.12.4-1]
    output.send(connection.id, output.commit(codec::pingresp_bytes.size()));
    ++c_.metrics.packets_sent[static_cast<std::size_t>(PacketType::pingresp)];
    return Step::go_on;
  }
  if (const auto* subscribe = std::get_if<codec::Subscribe>(&packet))
    return step(subscribing_.on_subscribe(connection, *subscribe));
  if (const auto* unsubscribe = std::get_if<codec::Unsubscribe>(&packet))
    return step(subscribing_.on_unsubscribe(connection, *unsubscribe));
  if (const auto* disconnect = std::get_if<codec::Disconnect>(&packet))
    return on_client_disconnect(connection, *disconnect);
  return step(auth_.on_auth(connection, std::get<codec::Auth>(packet)));
}

Inbound::Step Inbound::on_client_disconnect(Connection& connection,
                                            const codec::Disconnect& disconnect) {
  using codec::PropertyId;
  // [RULE5-session-expiry-at-disconnect] [RULE5-disconnect-changes-expiry]
  if (const auto expiry = disconnect.properties.number(PropertyId::session_expiry_interval)) {
    if (connection.session_expiry_s == 0 && *expiry != 0)
      return fail(connection,
                  {.code = ErrorCode::protocol_error,
                   .reason = static_cast<std::uint8_t>(ReasonCode::protocol_error),
                   .detail = "a Session Expiry Interval in DISCONNECT where CONNECT had none"});
    const auto expiry_max =
        std::chrono::duration_cast<std::chrono::seconds>(c_.options.session.expiry_max).count();
    connection.session_expiry_s =
        static_cast<std::uint32_t>(std::min<std::int64_t>(*expiry, expiry_max));
  }
  // [RULE5-disconnect-with-will]
  closing_.on_disconnect(connection, disconnect.reason == ReasonCode::normal_disconnection
                                         ? CloseCause::client
                                         : CloseCause::client_with_will);
  return Step::gone;
}

void Inbound::go_on() {
  if (!has_work()) return;
  can_go_on_ = false;
  round_.swap(waiting_);
  for (const ConnId id : round_) {
    Connection* connection = c_.connections.find(id);
    if (connection == nullptr) continue;
    connection->is_waiting = false;
    if (must_wait(*connection)) {
      wait(*connection);
      continue;
    }
    if (connection->carry) {
      const auto old = std::move(connection->carry);
      ByteView bytes = old->view();
      const Step step = consume(*connection, bytes, false);
      if (step == Step::gone) continue;
      if (bytes.size() == old->size())
        connection->carry = std::make_unique<GrowingBytes>(std::move(*old));
      else
        carry(*connection, bytes);
      if (step == Step::wait) {
        wait(*connection);
        continue;
      }
    }
    connection->is_paused = false;
    c_.effects.add(EffectKind::resume, id);
  }
  round_.clear();
}

}  // namespace sluice::core
