// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/packet_trace.h"

#include "cli/output/terminal_text.h"
#include "codec/codec.h"

#include <vector>

namespace sluice::cli {
namespace {

using codec::Direction;
using codec::PacketType;

std::string number(std::uint64_t value) { return std::to_string(value); }

std::string hex_byte(std::uint8_t byte) {
  constexpr std::string_view digits = "0123456789abcdef";
  return {'0', 'x', digits[byte >> 4], digits[byte & 0x0F]};
}

std::string publish_text(const codec::Publish& publish) {
  return "PUBLISH (d" + number(publish.dup) + ", q" + number(static_cast<unsigned>(publish.qos)) +
         ", r" + number(publish.retain) + ", m" + number(publish.packet_id) + ", '" +
         std::string(publish.topic) + "', ... (" + number(publish.payload.size()) + " bytes))";
}

std::string ack_text(const codec::Packet& packet, codec::PacketId id, codec::ReasonCode reason,
                     Direction direction) {
  const std::string name = codec::to_string(codec::type_of(packet));
  const PacketType type = codec::type_of(packet);
  const bool is_ours = direction == Direction::to_server;
  const bool has_reason = type != PacketType::pubrel && (is_ours || type != PacketType::pubrec);
  const std::string code = number(static_cast<unsigned>(reason));
  if (direction == Direction::to_server) {
    return name + " (m" + number(id) + (has_reason ? ", rc" + code : std::string()) + ")";
  }
  return name + " (Mid: " + number(id) + (has_reason ? ", RC:" + code : std::string()) + ")";
}

std::vector<std::string> subscribe_lines(const codec::Subscribe& subscribe) {
  std::vector<std::string> lines;
  auto cursor = subscribe.filters.cursor();
  while (const auto item = cursor.next()) {
    const auto options = static_cast<std::uint8_t>(item->options.to_byte() & 0xFCU);
    lines.push_back("SUBSCRIBE (Mid: " + number(subscribe.packet_id) +
                    ", Topic: " + std::string(item->filter) +
                    ", QoS: " + number(static_cast<unsigned>(item->options.qos)) +
                    ", Options: " + hex_byte(options) + ")");
  }
  return lines;
}

std::vector<std::string> unsubscribe_lines(const codec::Unsubscribe& unsubscribe) {
  std::vector<std::string> lines;
  auto cursor = unsubscribe.filters.cursor();
  while (const auto item = cursor.next()) {
    lines.push_back("UNSUBSCRIBE (Mid: " + number(unsubscribe.packet_id) +
                    ", Topic: " + std::string(item->filter) + ")");
  }
  return lines;
}

template <class Ack>
std::string ack_line(const codec::Packet& packet, Direction direction) {
  const Ack& ack = std::get<Ack>(packet);
  return ack_text(packet, ack.packet_id, ack.reason, direction);
}

std::vector<std::string> lines_of(const codec::Packet& packet, Direction direction) {
  switch (codec::type_of(packet)) {
    case PacketType::connack:
      return {"CONNACK (" + number(std::get<codec::Connack>(packet).code) + ")"};
    case PacketType::publish:
      return {publish_text(std::get<codec::Publish>(packet))};
    case PacketType::puback:
      return {ack_line<codec::Puback>(packet, direction)};
    case PacketType::pubrec:
      return {ack_line<codec::Pubrec>(packet, direction)};
    case PacketType::pubrel:
      return {ack_line<codec::Pubrel>(packet, direction)};
    case PacketType::pubcomp:
      return {ack_line<codec::Pubcomp>(packet, direction)};
    case PacketType::subscribe:
      return subscribe_lines(std::get<codec::Subscribe>(packet));
    case PacketType::unsubscribe:
      return unsubscribe_lines(std::get<codec::Unsubscribe>(packet));
    case PacketType::disconnect: {
      const auto reason = std::get<codec::Disconnect>(packet).reason;
      if (direction == Direction::to_server) return {"DISCONNECT"};
      return {"DISCONNECT (" + number(static_cast<unsigned>(reason)) + ")"};
    }
    default:
      return {codec::to_string(codec::type_of(packet))};
  }
}

}  // namespace

PacketTrace::PacketTrace(std::FILE* out, std::string client_id)
    : out_(out), client_id_(client_id.empty() ? "(null)" : std::move(client_id)) {}

void PacketTrace::on_opened(codec::Version version) {
  version_ = version;
  for (client::PacketAssembler* assembler : {&to_server_, &to_client_}) {
    assembler->clear();
    assembler->set_limits(version, codec::remaining_length_max + 5);
  }
}

void PacketTrace::observe(ByteView bytes, Direction direction) {
  auto& assembler = direction == Direction::to_server ? to_server_ : to_client_;
  for (;;) {
    ByteView packet;
    const auto frame = assembler.next(bytes, packet);
    if (!frame.is_complete()) return;
    const bool is_old_connack = frame.type() == PacketType::connack && frame.remaining_length == 2;
    const auto decoded =
        codec::decode(packet, is_old_connack ? codec::Version::v3_1_1 : version_, direction, {});
    if (decoded) trace(*decoded, direction);
  }
}

void PacketTrace::trace(const codec::Packet& packet, Direction direction) {
  if (const auto* connack = std::get_if<codec::Connack>(&packet)) {
    const auto id = connack->properties.text(codec::PropertyId::assigned_client_identifier);
    if (id) {
      client_id_.clear();
      append_printable(*id, client_id_);
    }
  }
  for (const std::string& line : lines_of(packet, direction)) {
    write(direction == Direction::to_server ? "sending" : "received", line);
  }
  if (const auto* suback = std::get_if<codec::Suback>(&packet)) {
    std::string codes;
    for (const std::uint8_t code : suback->codes) {
      codes += (codes.empty() ? "" : ", ") + number(code);
    }
    std::fprintf(out_, "Subscribed (mid: %d): %s\n", suback->packet_id, codes.c_str());
  }
  std::fflush(out_);
}

void PacketTrace::write(const char* verb, const std::string& text) {
  std::string shown;
  append_printable(text, shown);
  std::fprintf(out_, "Client %s %s %s\n", client_id_.c_str(), verb, shown.c_str());
}

}  // namespace sluice::cli
