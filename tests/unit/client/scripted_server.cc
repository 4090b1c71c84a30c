// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/client/scripted_server.h"

#include <gtest/gtest.h>

#include <utility>

namespace sluice::client {
namespace {

std::string hex(codec::ReasonCode reason) {
  return reason == codec::ReasonCode::success
             ? std::string()
             : " r=" + std::to_string(static_cast<unsigned>(reason));
}

std::string describe_publish(const codec::Publish& publish) {
  std::string out = "PUBLISH " + std::to_string(publish.packet_id) + " q" +
                    std::to_string(static_cast<unsigned>(publish.qos));
  if (publish.dup) out += " dup";
  if (publish.retain) out += " retain";
  return out + " t=" + std::string(publish.topic) + " p=" + std::string(as_text(publish.payload));
}

template <codec::PacketType type>
std::string describe_ack(const char* name, const codec::Ack<type>& ack) {
  return std::string(name) + " " + std::to_string(ack.packet_id) + hex(ack.reason);
}

std::string describe_connect(const codec::Connect& connect) {
  return "CONNECT v" + std::to_string(static_cast<unsigned>(connect.version)) +
         " id=" + std::string(connect.client_id) + (connect.clean_start ? " clean" : "");
}

}  // namespace

std::string describe(const codec::Packet& packet) {
  using codec::PacketType;
  switch (codec::type_of(packet)) {
    case PacketType::connect:
      return describe_connect(std::get<codec::Connect>(packet));
    case PacketType::publish:
      return describe_publish(std::get<codec::Publish>(packet));
    case PacketType::puback:
      return describe_ack("PUBACK", std::get<codec::Puback>(packet));
    case PacketType::pubrec:
      return describe_ack("PUBREC", std::get<codec::Pubrec>(packet));
    case PacketType::pubrel:
      return describe_ack("PUBREL", std::get<codec::Pubrel>(packet));
    case PacketType::pubcomp:
      return describe_ack("PUBCOMP", std::get<codec::Pubcomp>(packet));
    case PacketType::subscribe:
      return "SUBSCRIBE " + std::to_string(std::get<codec::Subscribe>(packet).packet_id);
    case PacketType::unsubscribe:
      return "UNSUBSCRIBE " + std::to_string(std::get<codec::Unsubscribe>(packet).packet_id);
    case PacketType::disconnect:
      return "DISCONNECT" + hex(std::get<codec::Disconnect>(packet).reason);
    case PacketType::auth:
      return "AUTH" + hex(std::get<codec::Auth>(packet).reason);
    default:
      return codec::to_string(codec::type_of(packet));
  }
}

void RecordedEvents::on_connected(const Connected& connected) {
  lines_.push_back(connected.is_resumed ? "connected resumed" : "connected");
}
void RecordedEvents::on_refused(const codec::Connack& connack) {
  lines_.push_back("refused " + std::to_string(connack.code));
}
void RecordedEvents::on_message(const Message& message) {
  deliveries.push_back(message.delivery);
  lines_.push_back(describe(message.publish));
}
void RecordedEvents::on_published(const Published& published) {
  lines_.push_back("published " + std::to_string(published.packet_id) + hex(published.reason));
}
void RecordedEvents::on_subscribed(const codec::Suback& ack) {
  lines_.push_back("subscribed " + std::to_string(ack.packet_id));
}
void RecordedEvents::on_unsubscribed(const codec::Unsuback& ack) {
  lines_.push_back("unsubscribed " + std::to_string(ack.packet_id));
}
void RecordedEvents::on_lost(codec::PacketId id) { lines_.push_back("lost " + std::to_string(id)); }
void RecordedEvents::on_auth(const codec::Auth& auth) {
  lines_.push_back("auth" + hex(auth.reason));
}
void RecordedEvents::on_pong() { lines_.push_back("pong"); }
void RecordedEvents::on_ended(const Ending& ending) {
  static constexpr const char* causes[] = {"by_user",  "by_server",       "refused",
                                           "protocol", "connect_timeout", "ping_timeout",
                                           "transport"};
  last_error = ending.error;
  lines_.push_back(std::string("ended ") + causes[static_cast<unsigned>(ending.cause)] +
                   hex(ending.reason));
}
std::vector<std::string> RecordedEvents::take() { return std::exchange(lines_, {}); }

void ScriptedServer::open() {
  machine.on_opened(now);
  received();
}

void ScriptedServer::connect(const codec::Connack& connack) {
  open();
  send(connack);
}

void ScriptedServer::close() {
  machine.on_closed({.code = ErrorCode::closed}, now);
  received();
}

void ScriptedServer::send(const codec::Packet& packet) {
  std::vector<std::uint8_t> bytes(codec::encoded_size(packet, machine.options().version));
  ASSERT_TRUE(codec::encode(packet, machine.options().version, bytes));
  send_bytes(bytes);
}

void ScriptedServer::advance(Duration time) {
  const Instant end = now + time;
  while (machine.next_deadline() <= end) {
    now = std::max(now, machine.next_deadline());
    machine.on_deadline(now);
  }
  now = end;
}

std::vector<std::string> ScriptedServer::received() {
  std::vector<std::string> lines;
  const codec::Version version = machine.options().version;
  while (!machine.output().empty()) {
    const auto frame = codec::peek_frame(machine.output(), version);
    EXPECT_TRUE(frame.is_complete());
    if (!frame.is_complete()) break;
    const auto packet = codec::decode(machine.output().first(frame.total), version,
                                      codec::Direction::to_server, codec::DecodeLimits{});
    EXPECT_TRUE(packet) << packet.error().detail;
    lines.push_back(packet ? describe(*packet) : "?");
    machine.consume(frame.total);
  }
  return lines;
}

Result<codec::PacketId> ScriptedServer::publish(std::string_view topic, std::string_view payload,
                                                codec::Qos qos) {
  codec::Publish publish;
  publish.topic = topic;
  publish.qos = qos;
  publish.payload = as_bytes(payload);
  return machine.publish(publish, now);
}

codec::Publish message(std::string_view topic, std::string_view payload, codec::Qos qos,
                       codec::PacketId id) {
  codec::Publish publish;
  publish.topic = topic;
  publish.qos = qos;
  publish.packet_id = id;
  publish.payload = as_bytes(payload);
  return publish;
}

MachineOptions v5() {
  MachineOptions options;
  options.client_id = "c";
  return options;
}

MachineOptions v3() {
  MachineOptions options = v5();
  options.version = codec::Version::v3_1_1;
  return options;
}

MachineOptions keeping_session() {
  MachineOptions options = v5();
  options.clean_start = CleanStart::first_connection;
  options.session_expiry_s = 600;
  return options;
}

codec::Connack session_present() {
  codec::Connack connack;
  connack.session_present = true;
  return connack;
}

codec::Connack refusal(std::uint8_t code) {
  codec::Connack connack;
  connack.code = code;
  return connack;
}

BuiltProperties& BuiltProperties::number(codec::PropertyId id, std::uint32_t value) {
  writer_.number(id, value);
  return *this;
}
BuiltProperties& BuiltProperties::text(codec::PropertyId id, std::string_view value) {
  writer_.text(id, value);
  return *this;
}
codec::Properties BuiltProperties::view() { return *writer_.finish(); }

}  // namespace sluice::client
