// SPDX-License-Identifier: Apache-2.0
//
// The three steps of encoding, for each packet kind: say what has no wire form, count the bytes
// behind the fixed header, write them. encode.cc puts the fixed header in front and proves that
// count and writing agree.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/result.h"
#include "codec/byte_writer.h"
#include "codec/codec.h"

namespace sluice::codec {

/// Behind the last byte that was written, or where to write.
using Cursor = std::uint8_t*;

inline bool is_field(std::size_t bytes) { return bytes <= field_bytes_max; }
inline Failure not_encodable(const char* detail) {
  return fail(ErrorCode::invalid_argument, detail);
}

inline std::size_t properties_bytes(const Properties& properties, Version version) {
  if (version != Version::v5) return 0;
  return varint_bytes(properties.raw.size()) + properties.raw.size();
}
/// [MQTT5-2.2.2-1]: without properties their length is there all the same.
inline Cursor put_properties(Cursor at, const Properties& properties, Version version) {
  if (version != Version::v5) return at;
  return put_bytes(put_varint(at, properties.raw.size()), properties.raw);
}

inline std::uint8_t first_byte(PacketType type, unsigned flags = 0) {
  return static_cast<std::uint8_t>(static_cast<unsigned>(type) << 4 | flags);
}
std::uint8_t first_byte(const Publish& packet);

Result<void> check_encodable(const Connect& packet, Version version);
Result<void> check_encodable(const Connack& packet, Version version);
Result<void> check_encodable(const Publish& packet, Version version);
Result<void> check_encodable(const Subscribe& packet, Version version);
Result<void> check_encodable(const Suback& packet, Version version);
Result<void> check_encodable(const Unsubscribe& packet, Version version);
Result<void> check_encodable(const Unsuback& packet, Version version);
Result<void> check_encodable(const Disconnect& packet, Version version);
Result<void> check_encodable(const Auth& packet, Version version);

std::size_t body_bytes(const Connect& packet, Version version);
std::size_t body_bytes(const Connack& packet, Version version);
std::size_t body_bytes(const Subscribe& packet, Version version);
std::size_t body_bytes(const Suback& packet, Version version);
std::size_t body_bytes(const Unsubscribe& packet, Version version);
std::size_t body_bytes(const Unsuback& packet, Version version);
std::size_t body_bytes(const Disconnect& packet, Version version);
std::size_t body_bytes(const Auth& packet, Version version);

Cursor put_body(Cursor at, const Connect& packet, Version version);
Cursor put_body(Cursor at, const Connack& packet, Version version);
Cursor put_body(Cursor at, const Subscribe& packet, Version version);
Cursor put_body(Cursor at, const Suback& packet, Version version);
Cursor put_body(Cursor at, const Unsubscribe& packet, Version version);
Cursor put_body(Cursor at, const Unsuback& packet, Version version);
Cursor put_body(Cursor at, const Disconnect& packet, Version version);
Cursor put_body(Cursor at, const Auth& packet, Version version);

}  // namespace sluice::codec
