// SPDX-License-Identifier: Apache-2.0
#include "tests/support/packets.h"

#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace sluice::testing {
namespace {

template <class Packet>
Bytes encoded(const Packet& packet, Version version) {
  Bytes out(codec::encoded_size(packet, version));
  const auto size = codec::encode(packet, version, out);
  SLUICE_ASSERT(size.has_value());
  out.resize(*size);
  return out;
}

template <class Out, class In>
Out ack_of(const In& in) {
  return {in.packet_id, in.reason, in.props.view()};
}

template <class Out, class In>
Out owned_ack(const In& in) {
  return {in.packet_id, in.reason, Props(in.properties.raw)};
}

std::vector<std::uint8_t> owned(ByteView bytes) { return {bytes.begin(), bytes.end()}; }

std::optional<Received> owned_packet(const codec::Packet& packet) {
  if (const auto* p = std::get_if<codec::Connack>(&packet))
    return Connack{p->session_present, p->code, Props(p->properties.raw)};
  if (const auto* p = std::get_if<codec::Publish>(&packet))
    return Publish{.topic = std::string(p->topic),
                   .payload = std::string(as_text(p->payload)),
                   .qos = p->qos,
                   .retain = p->retain,
                   .dup = p->dup,
                   .packet_id = p->packet_id,
                   .props = Props(p->properties.raw)};
  if (const auto* p = std::get_if<codec::Puback>(&packet)) return owned_ack<Puback>(*p);
  if (const auto* p = std::get_if<codec::Pubrec>(&packet)) return owned_ack<Pubrec>(*p);
  if (const auto* p = std::get_if<codec::Pubrel>(&packet)) return owned_ack<Pubrel>(*p);
  if (const auto* p = std::get_if<codec::Pubcomp>(&packet)) return owned_ack<Pubcomp>(*p);
  if (const auto* p = std::get_if<codec::Suback>(&packet))
    return Suback{p->packet_id, owned(p->codes), Props(p->properties.raw)};
  if (const auto* p = std::get_if<codec::Unsuback>(&packet))
    return Unsuback{p->packet_id, owned(p->codes), Props(p->properties.raw)};
  if (std::holds_alternative<codec::Pingresp>(packet)) return Pingresp{};
  if (const auto* p = std::get_if<codec::Disconnect>(&packet))
    return Disconnect{p->reason, Props(p->properties.raw)};
  if (const auto* p = std::get_if<codec::Auth>(&packet))
    return Auth{p->reason, Props(p->properties.raw)};
  return std::nullopt;
}

[[noreturn]] void give_up(const char* why) {
  std::fprintf(stderr, "the broker sent what no broker may send: %s\n", why);
  std::abort();
}

std::string hex(const std::vector<std::uint8_t>& codes) {
  std::string text;
  for (const std::uint8_t code : codes) {
    char digits[4];
    std::snprintf(digits, sizeof digits, " %02x", code);
    text += digits;
  }
  return text;
}

template <class Ack>
std::string ack_text(const char* name, const Ack& ack) {
  return std::string(name) + " id=" + std::to_string(ack.packet_id) +
         " reason=" + codec::to_string(ack.reason);
}

struct Text {
  std::string operator()(const Connack& p) const {
    return "CONNACK present=" + std::to_string(p.session_present) +
           " code=" + std::to_string(p.code);
  }
  std::string operator()(const Publish& p) const {
    const std::string payload =
        p.payload.size() > 40 ? std::to_string(p.payload.size()) + " bytes" : p.payload;
    return "PUBLISH topic='" + p.topic + "' payload='" + payload +
           "' qos=" + std::to_string(static_cast<int>(p.qos)) +
           " retain=" + std::to_string(p.retain) + " dup=" + std::to_string(p.dup) +
           " id=" + std::to_string(p.packet_id) + " properties=" + hex(owned(p.props.view().raw));
  }
  std::string operator()(const Puback& p) const { return ack_text("PUBACK", p); }
  std::string operator()(const Pubrec& p) const { return ack_text("PUBREC", p); }
  std::string operator()(const Pubrel& p) const { return ack_text("PUBREL", p); }
  std::string operator()(const Pubcomp& p) const { return ack_text("PUBCOMP", p); }
  std::string operator()(const Suback& p) const {
    return "SUBACK id=" + std::to_string(p.packet_id) + " codes=" + hex(p.codes);
  }
  std::string operator()(const Unsuback& p) const {
    return "UNSUBACK id=" + std::to_string(p.packet_id) + " codes=" + hex(p.codes);
  }
  std::string operator()(const Pingresp&) const { return "PINGRESP"; }
  std::string operator()(const Disconnect& p) const {
    return std::string("DISCONNECT reason=") + codec::to_string(p.reason);
  }
  std::string operator()(const Auth&) const { return "AUTH"; }
};

struct Compare {
  static bool props(const Props& expected, const Props& actual) {
    return expected.empty() || expected == actual;
  }

  bool operator()(const Connack& e, const Connack& a) const {
    return e.session_present == a.session_present && e.code == a.code && props(e.props, a.props);
  }
  bool operator()(const Publish& e, const Publish& a) const {
    return e.topic == a.topic && e.payload == a.payload && e.qos == a.qos && e.retain == a.retain &&
           e.dup == a.dup && (e.packet_id == 0 || e.packet_id == a.packet_id) && e.props == a.props;
  }
  template <PacketType type>
  bool operator()(const OwnedAck<type>& e, const OwnedAck<type>& a) const {
    return e.packet_id == a.packet_id && e.reason == a.reason && props(e.props, a.props);
  }
  bool operator()(const Suback& e, const Suback& a) const {
    return e.packet_id == a.packet_id && e.codes == a.codes && props(e.props, a.props);
  }
  bool operator()(const Unsuback& e, const Unsuback& a) const {
    return e.packet_id == a.packet_id && e.codes == a.codes && props(e.props, a.props);
  }
  bool operator()(const Disconnect& e, const Disconnect& a) const {
    return e.reason == a.reason && props(e.props, a.props);
  }
  bool operator()(const Auth& e, const Auth& a) const {
    return e.reason == a.reason && props(e.props, a.props);
  }
  bool operator()(const Pingresp&, const Pingresp&) const { return true; }
  template <class E, class A>
  bool operator()(const E&, const A&) const {
    return false;
  }
};

}  // namespace

template <class Write>
Props& Props::add(std::size_t bytes_max, Write&& write) {
  Bytes room(bytes_max);
  codec::PropertyWriter writer(room);
  write(writer);
  const auto written = writer.finish();
  SLUICE_ASSERT(written.has_value());
  bytes_.insert(bytes_.end(), written->raw.begin(), written->raw.end());
  return *this;
}

Props& Props::number(PropertyId id, std::uint32_t value) {
  return add(8, [&](codec::PropertyWriter& writer) { writer.number(id, value); });
}
Props& Props::text(PropertyId id, std::string_view value) {
  return add(value.size() + 8, [&](codec::PropertyWriter& writer) { writer.text(id, value); });
}
Props& Props::binary(PropertyId id, std::string_view value) {
  return add(value.size() + 8,
             [&](codec::PropertyWriter& writer) { writer.binary(id, as_bytes(value)); });
}
Props& Props::user(std::string_view name, std::string_view value) {
  return add(name.size() + value.size() + 8,
             [&](codec::PropertyWriter& writer) { writer.user(name, value); });
}

Bytes encode(const Connect& packet, Version) {
  codec::Connect out{.version = packet.version,
                     .clean_start = packet.clean_start,
                     .keep_alive_s = packet.keep_alive_s,
                     .properties = packet.props.view(),
                     .client_id = packet.client_id};
  if (packet.will)
    out.will = codec::Will{.qos = packet.will->qos,
                           .retain = packet.will->retain,
                           .properties = packet.will->props.view(),
                           .topic = packet.will->topic,
                           .payload = as_bytes(packet.will->payload)};
  if (packet.user_name) out.user_name = *packet.user_name;
  if (packet.password) out.password = as_bytes(*packet.password);
  return encoded(out, packet.version);
}

Bytes encode(const Publish& packet, Version version) {
  return encoded(codec::Publish{.dup = packet.dup,
                                .qos = packet.qos,
                                .retain = packet.retain,
                                .packet_id = packet.packet_id,
                                .topic = packet.topic,
                                .properties = packet.props.view(),
                                .payload = as_bytes(packet.payload)},
                 version);
}

Bytes encode(const Puback& packet, Version version) {
  return encoded(ack_of<codec::Puback>(packet), version);
}
Bytes encode(const Pubrec& packet, Version version) {
  return encoded(ack_of<codec::Pubrec>(packet), version);
}
Bytes encode(const Pubrel& packet, Version version) {
  return encoded(ack_of<codec::Pubrel>(packet), version);
}
Bytes encode(const Pubcomp& packet, Version version) {
  return encoded(ack_of<codec::Pubcomp>(packet), version);
}

Bytes encode(const Subscribe& packet, Version version) {
  std::size_t room = 0;
  for (const Filter& filter : packet.filters) room += filter.filter.size() + 3;
  Bytes bytes(room);
  codec::SubscribeFilterWriter writer(bytes);
  for (const Filter& filter : packet.filters)
    writer.add(filter.filter,
               {filter.qos, filter.no_local, filter.retain_as_published, filter.retain_handling});
  const auto filters = writer.finish();
  SLUICE_ASSERT(filters.has_value());
  return encoded(codec::Subscribe{packet.packet_id, packet.props.view(), *filters}, version);
}

Bytes encode(const Unsubscribe& packet, Version version) {
  std::size_t room = 0;
  for (const std::string& filter : packet.filters) room += filter.size() + 2;
  Bytes bytes(room);
  codec::UnsubscribeFilterWriter writer(bytes);
  for (const std::string& filter : packet.filters) writer.add(filter);
  const auto filters = writer.finish();
  SLUICE_ASSERT(filters.has_value());
  return encoded(codec::Unsubscribe{packet.packet_id, {}, *filters}, version);
}

Bytes encode(const Pingreq&, Version version) { return encoded(codec::Pingreq{}, version); }
Bytes encode(const Disconnect& packet, Version version) {
  return encoded(codec::Disconnect{packet.reason, packet.props.view()}, version);
}
Bytes encode(const Auth& packet, Version version) {
  return encoded(codec::Auth{packet.reason, packet.props.view()}, version);
}

std::optional<Received> decode(ByteView& stream, Version version) {
  const auto frame = codec::peek_frame(stream, version);
  if (frame.is_failed()) give_up(frame.error.detail);
  if (!frame.is_complete()) return std::nullopt;
  const auto packet =
      codec::decode(stream.first(frame.total), version, codec::Direction::to_client, {});
  if (!packet) give_up(packet.error().detail);
  stream = stream.subspan(frame.total);
  auto received = owned_packet(*packet);
  if (!received) give_up("a packet that only clients send");
  return received;
}

std::string to_text(const Received& packet) { return std::visit(Text{}, packet); }

bool is_expected(const Received& expected, const Received& actual) {
  return std::visit(Compare{}, expected, actual);
}

}  // namespace sluice::testing
