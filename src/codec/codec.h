// SPDX-License-Identifier: Apache-2.0
//
// MQTT 3.1, 3.1.1 and 5.0 packets to and from bytes. decode() returns views into the bytes it was
// given, valid while those are; encode() writes into a buffer of the caller's, of at least
// encoded_size() bytes.
//
// An error of decode() carries a code, the MQTT 5 reason to answer it with, the offset of the byte
// in the packet, and a static sentence. malformed_packet: the bytes have no meaning;
// protocol_error: they have one that is not allowed; limit_exceeded, packet_too_large,
// unsupported_version as they say.
//
// Owner:   none, pure functions.      Thread: any.
// Never:   allocation, exceptions, I/O.
// Limits:  DecodeLimits.
// Spec:    MQTT 5.0 §2, §3; MQTT 3.1.1 §2, §3; MQTT 3.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/frame.h"
#include "codec/limits.h"
#include "codec/packets.h"
#include "codec/types.h"

namespace sluice::codec {

/// Decodes one packet, fixed header included. `version` is that of the connection; CONNECT says its
/// own.
Result<Packet> decode(ByteView packet, Version version, Direction direction,
                      const DecodeLimits& limits);

/// What is wrong with a CONNECT, as far as the answers to it differ.
enum class ConnectFault : std::uint8_t {
  none,
  unknown_protocol_name,  ///< not MQTT: close without an answer
  unsupported_level,      ///< a version that we do not speak: CONNACK 0x01 (3.x form), 0x84 (5.0)
  reserved_flag,          ///< bit 0 of the connect flags
  malformed,
  protocol_error,
  client_id_refused,  ///< too long, or empty in 3.x without Clean Session: CONNACK 0x02, 0x85
  limit,              ///< another limit of ours; error.reason says which
};

struct ConnectResult {
  ConnectFault fault = ConnectFault::none;
  std::uint8_t level = 0;          ///< the protocol level byte as it came, once it was read
  std::optional<Version> version{};  ///< the version to answer in, once it is known
  Error error{};                     ///< set with every fault
  Connect connect{};                 ///< whole if there is no fault
};

/// Decodes one CONNECT, fixed header included.
ConnectResult decode_connect(ByteView packet, const DecodeLimits& limits);

/// The hot path of a server: decodes a PUBLISH from a client. `body` is all behind the fixed
/// header; offsets of errors count from its first byte. `out` is unspecified after an error.
Result<void> decode_publish(std::uint8_t first_byte, ByteView body, Version version,
                            const DecodeLimits& limits, Publish& out);
/// The same for a client: a PUBLISH from a server, which may have Subscription Identifiers.
Result<void> decode_delivery(std::uint8_t first_byte, ByteView body, Version version,
                             const DecodeLimits& limits, Publish& out);

/// PUBACK, PUBREC, PUBREL or PUBCOMP, for those who treat them alike.
struct AnyAck {
  PacketType type = PacketType::puback;
  PacketId packet_id = 0;
  ReasonCode reason = ReasonCode::success;
  Properties properties{};
};
/// The hot path of acknowledgements, either way; `body` and offsets as in decode_publish().
Result<void> decode_ack(std::uint8_t first_byte, ByteView body, Version version,
                        const DecodeLimits& limits, AnyAck& out);

/// For a PUBLISH whose payload is taken in pieces: how many bytes of the body stand before the
/// payload, 0 while `prefix` (the first bytes of the body) does not tell. Given that many bytes as
/// body, decode_publish() checks all but the payload.
Result<std::size_t> publish_header_bytes(std::uint8_t first_byte, ByteView prefix,
                                         std::uint32_t remaining_length, Version version);

/// The bytes that encode() will write.
std::size_t encoded_size(const Connect& packet, Version version);
std::size_t encoded_size(const Connack& packet, Version version);
std::size_t encoded_size(const Publish& packet, Version version);
std::size_t encoded_size(const Puback& packet, Version version);
std::size_t encoded_size(const Pubrec& packet, Version version);
std::size_t encoded_size(const Pubrel& packet, Version version);
std::size_t encoded_size(const Pubcomp& packet, Version version);
std::size_t encoded_size(const Subscribe& packet, Version version);
std::size_t encoded_size(const Suback& packet, Version version);
std::size_t encoded_size(const Unsubscribe& packet, Version version);
std::size_t encoded_size(const Unsuback& packet, Version version);
std::size_t encoded_size(const Pingreq& packet, Version version);
std::size_t encoded_size(const Pingresp& packet, Version version);
std::size_t encoded_size(const Disconnect& packet, Version version);
std::size_t encoded_size(const Auth& packet, Version version);
std::size_t encoded_size(const Packet& packet, Version version);

/// Writes the packet and returns its size. buffer_too_small: `out` has fewer bytes than
/// encoded_size(). invalid_argument: a field has no wire form (longer than 65,535 bytes, packet
/// identifier 0, QoS 0 with DUP, no filters, AUTH in 3.x …). packet_too_large: beyond the
/// protocol's maximum. Texts and topics are written as they are: whoever lets a user choose them
/// checks them with topic.h and utf8.h. For CONNECT `version` must be that of the packet.
Result<std::size_t> encode(const Connect& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Connack& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Publish& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Puback& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Pubrec& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Pubrel& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Pubcomp& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Subscribe& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Suback& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Unsubscribe& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Unsuback& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Pingreq& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Pingresp& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Disconnect& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Auth& packet, Version version, MutableByteView out);
Result<std::size_t> encode(const Packet& packet, Version version, MutableByteView out);

/// For servers that send payloads by reference: everything before the payload, and its size.
/// packet.payload is not looked at; `payload_bytes` will follow.
std::size_t encoded_header_size(const Publish& packet, std::size_t payload_bytes, Version version);
Result<std::size_t> encode_publish_header(const Publish& packet, std::size_t payload_bytes,
                                          Version version, MutableByteView out);

/// A PUBACK, PUBREC, PUBREL or PUBCOMP of success without properties: the same four bytes in every
/// version.
constexpr std::array<std::uint8_t, 4> encode_ack(PacketType type, PacketId packet_id) {
  const auto flags = type == PacketType::pubrel ? 2U : 0U;
  return {static_cast<std::uint8_t>((static_cast<unsigned>(type) << 4) | flags), 2,
          static_cast<std::uint8_t>(packet_id >> 8), static_cast<std::uint8_t>(packet_id & 0xFFU)};
}
inline constexpr std::array<std::uint8_t, 2> pingreq_bytes{0xC0, 0};
inline constexpr std::array<std::uint8_t, 2> pingresp_bytes{0xD0, 0};

}  // namespace sluice::codec
