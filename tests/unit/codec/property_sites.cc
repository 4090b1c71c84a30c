// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/codec/property_sites.h"

namespace sluice::codec {
namespace {

using testing::append;
using testing::Bytes;
using testing::wire;

struct Frame {
  std::uint8_t first_byte;
  const char* before;
  const char* behind;
};

Frame frame_of(const PropertySite& site) {
  if (site.place == PropertyPlace::will)
    return {0x10, "s'MQTT' 05 06 0000 [] s'id'", "s'will' s'gone'"};
  switch (site.type) {
    case PacketType::connect:
      return {0x10, "s'MQTT' 05 02 0000", "s'id'"};
    case PacketType::connack:
      return {0x20, "00 00", ""};
    case PacketType::publish:
      return {0x32, "s'a/b' 0001", "'payload'"};
    case PacketType::puback:
      return {0x40, "0001 00", ""};
    case PacketType::pubrec:
      return {0x50, "0001 00", ""};
    case PacketType::pubrel:
      return {0x62, "0001 00", ""};
    case PacketType::pubcomp:
      return {0x70, "0001 00", ""};
    case PacketType::subscribe:
      return {0x82, "0001", "s'a/b' 00"};
    case PacketType::suback:
      return {0x90, "0001", "00"};
    case PacketType::unsubscribe:
      return {0xA2, "0001", "s'a/b'"};
    case PacketType::unsuback:
      return {0xB0, "0001", "00"};
    case PacketType::disconnect:
      return {0xE0, "00", ""};
    case PacketType::auth:
      return {0xF0, "18", ""};
    default:
      std::abort();
  }
}

}  // namespace

std::string PropertySite::name() const {
  if (place == PropertyPlace::will) return "will";
  return std::string(to_string(type)) +
         (direction == Direction::to_server ? "_to_server" : "_to_client");
}

bool PropertySite::does_allow(const PropertyInfo& info) const {
  if (place == PropertyPlace::will) return info.is_allowed_in_will();
  if (type == PacketType::publish && direction == Direction::to_server &&
      info.id == PropertyId::subscription_identifier)
    return false;
  if (type == PacketType::disconnect && direction == Direction::to_client &&
      info.id == PropertyId::session_expiry_interval)
    return false;
  return info.is_allowed(type);
}

Bytes PropertySite::companions(const PropertyInfo& info) const {
  const bool needs_method =
      place == PropertyPlace::packet && info.id != PropertyId::authentication_method &&
      (type == PacketType::auth || info.id == PropertyId::authentication_data);
  return needs_method ? wire("15 s'SCRAM'") : Bytes{};
}

Bytes PropertySite::packet_with(const Bytes& properties) const {
  const Frame frame = frame_of(*this);
  Bytes body = wire(frame.before);
  append(body, testing::varint(properties.size()));
  append(body, properties);
  append(body, wire(frame.behind));
  return testing::packet(frame.first_byte, body);
}

std::vector<PropertySite> property_sites() {
  std::vector<PropertySite> sites{{PacketType::connect, PropertyPlace::will, Direction::to_server}};
  for (const Direction direction : {Direction::to_server, Direction::to_client}) {
    const bool is_in = direction == Direction::to_server;
    for (const PacketType type :
         {is_in ? PacketType::connect : PacketType::connack, PacketType::publish,
          PacketType::puback, PacketType::pubrec, PacketType::pubrel, PacketType::pubcomp,
          is_in ? PacketType::subscribe : PacketType::suback,
          is_in ? PacketType::unsubscribe : PacketType::unsuback, PacketType::disconnect,
          PacketType::auth})
      sites.push_back({type, PropertyPlace::packet, direction});
  }
  return sites;
}

Bytes valid_property(const PropertyInfo& info) {
  Bytes bytes{static_cast<std::uint8_t>(info.id)};
  switch (info.wire) {
    case PropertyWire::byte:
      append(bytes, wire("01"));
      break;
    case PropertyWire::two_bytes:
      append(bytes, wire("0102"));
      break;
    case PropertyWire::four_bytes:
      append(bytes, wire("01020304"));
      break;
    case PropertyWire::varint:
      append(bytes, wire("8001"));
      break;
    case PropertyWire::utf8:
      append(bytes, wire("s'text'"));
      break;
    case PropertyWire::binary:
      append(bytes, wire("0003 00FF80"));
      break;
    case PropertyWire::utf8_pair:
      append(bytes, wire("s'name' s'value'"));
      break;
  }
  return bytes;
}

}  // namespace sluice::codec
