// SPDX-License-Identifier: Apache-2.0
//
// What decoding a packet's body needs to know, and the declarations of one function for each packet
// kind. Offsets of errors count from the first byte of the body.
#pragma once

#include "base/result.h"
#include "codec/byte_reader.h"
#include "codec/codec.h"

namespace sluice::codec {

struct DecodeContext {
  Version version;
  Direction direction;
  const DecodeLimits& limits;

  bool is_v5() const { return version == Version::v5; }
};

/// Takes a property length and that many bytes of properties, and checks them.
Result<Properties> take_properties(ByteReader& reader, PacketType type, PropertyPlace place,
                                   const DecodeLimits& limits);
/// Takes a packet identifier and refuses 0.
Result<PacketId> take_packet_id(ByteReader& reader);
/// Refuses a reason code that the standard does not list for this packet and direction.
Result<ReasonCode> take_reason(ByteReader& reader, PacketType type, Direction direction);
/// Refuses bytes behind the last field.
Result<void> check_end(const ByteReader& reader);
/// Refuses Authentication Data without Authentication Method.
Result<void> check_authentication(const Properties& properties, std::size_t offset);

Result<void> decode_ack_body(ByteView body, const DecodeContext& context, AnyAck& out);

Result<void> decode_body(ByteView body, const DecodeContext& context, Connack& out);
Result<void> decode_body(ByteView body, const DecodeContext& context, Subscribe& out);
Result<void> decode_body(ByteView body, const DecodeContext& context, Suback& out);
Result<void> decode_body(ByteView body, const DecodeContext& context, Unsubscribe& out);
Result<void> decode_body(ByteView body, const DecodeContext& context, Unsuback& out);
Result<void> decode_body(ByteView body, const DecodeContext& context, Disconnect& out);
Result<void> decode_body(ByteView body, const DecodeContext& context, Auth& out);

}  // namespace sluice::codec
