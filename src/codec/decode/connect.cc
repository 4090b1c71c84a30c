// SPDX-License-Identifier: Apache-2.0
#include "codec/decode/context.h"
#include "codec/fault.h"
#include "codec/limit_kind.h"
#include "codec/topic.h"
#include "codec/utf8.h"

namespace sluice::codec {
namespace {

constexpr std::uint8_t bridge_bit = 0x80;

struct ConnectFlags {
  std::uint8_t byte = 0;

  bool is_reserved_set() const { return (byte & 1U) != 0; }
  bool has_clean_start() const { return (byte & 2U) != 0; }
  bool has_will() const { return (byte & 4U) != 0; }
  unsigned will_qos() const { return (byte >> 3) & 3U; }
  bool has_will_retain() const { return (byte & 0x20U) != 0; }
  bool has_password() const { return (byte & 0x40U) != 0; }
  bool has_user_name() const { return (byte & 0x80U) != 0; }
};

Failure cut_short(const ByteReader& reader) {
  return fail(malformed(reader.offset(), "the packet is cut short"));
}

ConnectFault fault_of(const Error& error) {
  switch (error.code) {
    case ErrorCode::malformed_packet:
      return ConnectFault::malformed;
    case ErrorCode::limit_exceeded:
    case ErrorCode::packet_too_large:
      return ConnectFault::limit;
    default:
      return ConnectFault::protocol_error;
  }
}

Error unsupported(std::size_t offset, const char* detail) {
  return fault(ErrorCode::unsupported_version, ReasonCode::unsupported_protocol_version, offset,
               detail);
}

// MQIsdp has level 3 and MQTT levels 4 and 5; 5 has no bridge bit.
// [RULE31-name-and-level]
std::optional<Version> version_of(bool is_old_name, std::uint8_t level) {
  if (is_old_name) return (level & ~bridge_bit) == 3 ? std::optional(Version::v3_1) : std::nullopt;
  if (level == 5) return Version::v5;
  return (level & ~bridge_bit) == 4 ? std::optional(Version::v3_1_1) : std::nullopt;
}

// Protocol name and level: which MQTT the rest is written in.
Result<Version> take_protocol(ByteReader& reader, ConnectResult& out) {
  std::string_view name;
  if (!reader.take_text(name)) return cut_short(reader);
  const bool is_old = name == "MQIsdp";
  if (!is_old && name != "MQTT") {  // [MQTT5-3.1.2-1] [MQTT3-3.1.2-1]
    out.fault = ConnectFault::unknown_protocol_name;
    return fail(unsupported(2, "the protocol name is neither MQTT nor MQIsdp"));
  }
  if (!reader.take_byte(out.level)) return cut_short(reader);
  const auto version = version_of(is_old, out.level);
  if (!version) {  // [MQTT5-3.1.2-2] [MQTT3-3.1.2-2]
    out.fault = ConnectFault::unsupported_level;
    // A version behind 5 reads what 5 says; the old name has no such version.
    const bool is_later = !is_old && out.level >= 5 && out.level < bridge_bit;
    out.version = is_later ? Version::v5 : Version::v3_1_1;
    return fail(unsupported(reader.offset() - 1, "the protocol level is not 3, 4 or 5"));
  }
  out.version = version;
  out.connect.version = *version;
  out.connect.is_bridge = (out.level & bridge_bit) != 0;
  return *version;
}

Result<void> check_flags(ConnectFlags flags, Version version, std::size_t offset) {
  if (flags.has_will()) {
    if (flags.will_qos() == 3)  // [MQTT5-3.1.2-12] [MQTT3-3.1.2-14]
      return fail(malformed(offset, "the QoS of the will is 3"));
  } else if (flags.will_qos() != 0) {  // [MQTT5-3.1.2-11] [MQTT3-3.1.2-11] [MQTT3-3.1.2-13]
    return fail(malformed(offset, "a QoS of the will without a will"));
  } else if (flags.has_will_retain()) {  // [MQTT5-3.1.2-13] [MQTT3-3.1.2-15]
    return fail(malformed(offset, "Will Retain without a will"));
  }
  if (version != Version::v5 && flags.has_password() && !flags.has_user_name())
    return fail(malformed(offset, "a password without a user name"));  // [MQTT3-3.1.2-22]
  return {};
}

Result<void> take_utf8(ByteReader& reader, std::string_view& out) {
  if (!reader.take_text(out)) return cut_short(reader);
  // [MQTT5-3.1.3-4] [MQTT5-3.1.3-11] [MQTT5-3.1.3-12] [MQTT3-3.1.3-4] [MQTT3-3.1.3-10]
  // [MQTT3-3.1.3-11]
  if (auto checked = check_utf8(out); !checked)
    return fail(shifted(checked.error(), reader.offset() - out.size()));
  return {};
}

// [MQTT5-3.1.2-9] [MQTT3-3.1.2-9]
Result<void> take_will(ByteReader& reader, ConnectFlags flags, const DecodeContext& context,
                       Connect& out) {
  if (!flags.has_will()) return {};  // [MQTT3-3.1.2-12]
  Will& will = out.will.emplace();
  will.qos = static_cast<Qos>(flags.will_qos());
  will.retain = flags.has_will_retain();
  if (context.is_v5()) {
    SLUICE_TRY(will.properties,
               take_properties(reader, PacketType::connect, PropertyPlace::will, context.limits));
  }
  if (!reader.take_text(will.topic)) return cut_short(reader);
  if (auto checked = check_topic_name(will.topic, context.limits.topic()); !checked)
    return fail(shifted(checked.error(), reader.offset() - will.topic.size()));
  if (!reader.take_field(will.payload)) return cut_short(reader);
  return {};
}

// [MQTT5-3.1.2-17] [MQTT5-3.1.2-19] [MQTT3-3.1.2-19] [MQTT3-3.1.2-21]
Result<void> take_credentials(ByteReader& reader, ConnectFlags flags, Version version,
                              Connect& out) {
  // MQTT 3.1 §3.1: a flag may be set and its field absent at the end of the packet.
  // [RULE31-absent-fields]
  const bool may_be_absent = version == Version::v3_1;
  if (flags.has_user_name() && !(may_be_absent && reader.is_done())) {
    SLUICE_CHECK(take_utf8(reader, out.user_name.emplace()));
  }
  if (flags.has_password() && !(may_be_absent && reader.is_done())) {
    if (!reader.take_field(out.password.emplace())) return cut_short(reader);
  }
  return {};
}

// Whether a broker may take this client id at all; looked at last, so that a packet that is wrong
// in itself is not answered. [MQTT3-3.1.3-7] [MQTT3-3.1.3-8] [MQTT3-3.1.3-9] [MQTT5-3.1.3-8]
Result<void> check_client_id(const Connect& connect, const DecodeLimits& limits, std::size_t offset,
                             ConnectFault& fault_out) {
  const char* detail = nullptr;
  // [MQTT3-3.1.3-5] [MQTT5-3.1.3-5] [RULE31-client-id-long] [RULE3-client-id-characters]
  if (connect.client_id.size() > limits.client_id_bytes_max) detail = limit_text::client_id_bytes;
  // [RULE31-client-id-empty]
  else if (connect.client_id.empty() && connect.version == Version::v3_1)
    detail = "MQTT 3.1 has no empty client identifier";
  else if (connect.client_id.empty() && connect.version == Version::v3_1_1 && !connect.clean_start)
    detail = "an empty client identifier needs Clean Session";
  if (detail == nullptr) return {};
  fault_out = ConnectFault::client_id_refused;
  return fail(fault(ErrorCode::refused, ReasonCode::client_identifier_not_valid, offset, detail));
}

// Everything behind the protocol level, in the order of [MQTT5-3.1.3-1] [MQTT3-3.1.3-1].
Result<void> take_rest(ByteReader& reader, const DecodeContext& context, ConnectResult& result) {
  Connect& out = result.connect;
  ConnectFlags flags;
  if (!reader.take_byte(flags.byte)) return cut_short(reader);
  // MQTT 3.1 says of the bit that it is not used. [RULE31-unused-bits]
  // [MQTT5-3.1.2-3] [MQTT3-3.1.2-3]
  if (flags.is_reserved_set() && context.version != Version::v3_1) {
    result.fault = ConnectFault::reserved_flag;
    return fail(malformed(reader.offset() - 1, "the reserved connect flag is set"));
  }
  SLUICE_CHECK(check_flags(flags, context.version, reader.offset() - 1));
  out.clean_start = flags.has_clean_start();
  if (!reader.take_two_bytes(out.keep_alive_s)) return cut_short(reader);
  if (context.is_v5()) {
    SLUICE_TRY(out.properties,
               take_properties(reader, PacketType::connect, PropertyPlace::packet, context.limits));
    SLUICE_CHECK(check_authentication(out.properties, reader.offset() - out.properties.raw.size()));
  }
  const std::size_t client_id_at = reader.offset() + 2;
  // [MQTT5-3.1.3-3] [MQTT3-3.1.3-3]
  SLUICE_CHECK(take_utf8(reader, out.client_id));
  SLUICE_CHECK(take_will(reader, flags, context, out));
  SLUICE_CHECK(take_credentials(reader, flags, context.version, out));
  // A field without its flag is one too many. [MQTT5-3.1.2-16] [MQTT5-3.1.2-18] [MQTT3-3.1.2-11]
  // [MQTT3-3.1.2-18] [MQTT3-3.1.2-20]
  SLUICE_CHECK(check_end(reader));
  return check_client_id(out, context.limits, client_id_at, result.fault);
}

}  // namespace

ConnectResult decode_connect(ByteView packet, const DecodeLimits& limits) {
  ConnectResult result;
  const auto refuse = [&result](const Error& error) -> ConnectResult& {
    if (result.fault == ConnectFault::none) result.fault = fault_of(error);
    result.error = error;
    return result;
  };
  FrameResult frame = peek_frame(packet, Version::v3_1, limits.packet_bytes_max);
  if (frame.is_failed()) return refuse(frame.error);
  if (!frame.is_complete()) return refuse(malformed(packet.size(), "the packet is cut short"));
  if (frame.total != packet.size())
    return refuse(malformed(frame.total, "bytes follow the packet"));
  if (frame.type() != PacketType::connect)  // [MQTT5-3.1.0-1] [MQTT3-3.1.0-1]
    return refuse(protocol_fault(0, "the first packet must be CONNECT"));
  ByteReader reader(packet.subspan(frame.header_bytes));
  const auto version = take_protocol(reader, result);
  if (!version) return refuse(shifted(version.error(), frame.header_bytes));
  frame = peek_frame(packet, *version, limits.packet_bytes_max);
  if (frame.is_failed()) return refuse(frame.error);
  const DecodeContext context{*version, Direction::to_server, limits};
  if (auto taken = take_rest(reader, context, result); !taken)
    return refuse(shifted(taken.error(), frame.header_bytes));
  return result;
}

}  // namespace sluice::codec
