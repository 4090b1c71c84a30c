// SPDX-License-Identifier: Apache-2.0
//
// Properties is a view of the property bytes of one MQTT 5.0 packet, checked whole by the decoder
// and then walked by a PropertyCursor, in the order of the wire. PropertyWriter appends properties
// to a buffer of the caller's.
//
// Owner:   whoever owns the bytes; a view lives as long as they do.      Thread: any.
// Never:   allocation.
// Limits:  DecodeLimits::user_properties_max.
// Spec:    MQTT 5.0 §2.2.2.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "codec/limits.h"
#include "codec/types.h"

namespace sluice::codec {

enum class PropertyId : std::uint8_t {
#define SLUICE_PROPERTY(name, id, wire, packets, repeats, rule) name = id,
#include "codec/properties.def"
#undef SLUICE_PROPERTY
};

enum class PropertyWire : std::uint8_t {
  byte,
  two_bytes,
  four_bytes,
  varint,
  utf8,
  binary,
  utf8_pair,
};
enum class PropertyRule : std::uint8_t { any, zero_or_one, non_zero, topic_alias, topic_name };

/// Where properties stand: in a packet, or in the will of a CONNECT.
enum class PropertyPlace : std::uint8_t { packet, will };

/// One row of properties.def.
struct PropertyInfo {
  PropertyId id;
  const char* name;  ///< snake_case, as in the table
  PropertyWire wire;
  std::uint16_t packets;  ///< bit n: PacketType n; bit 0: will properties
  std::uint16_t repeats;  ///< likewise, where it may stand more than once
  PropertyRule rule;

  constexpr bool is_allowed(PacketType type) const { return holds(packets, type); }
  constexpr bool is_allowed_in_will() const { return (packets & 1U) != 0; }
  constexpr bool may_repeat(PacketType type) const { return holds(repeats, type); }
  constexpr bool may_repeat_in_will() const { return (repeats & 1U) != 0; }

  static constexpr bool holds(std::uint16_t set, PacketType type) {
    return ((set >> static_cast<unsigned>(type)) & 1U) != 0;
  }
};

/// The whole table, ascending by id.
std::span<const PropertyInfo> all_properties() noexcept;
/// The row of an id, or null if the standard defines none.
const PropertyInfo* find_property(std::uint8_t id) noexcept;
/// The row of a name as in the table ("content_type"), or null.
const PropertyInfo* find_property(std::string_view name) noexcept;

/// One property. What it holds depends on its wire type: `number` for bytes, integers and booleans,
/// `text` for a string, `binary` for binary data, `name` and `value` for a pair.
struct PropertyView {
  PropertyId id{};
  std::uint32_t number = 0;
  std::string_view text{};
  ByteView binary{};
  std::string_view name{};
  std::string_view value{};
};

/// Walks properties that were checked before; any other bytes end the walk early, without reading
/// past the end.
class PropertyCursor {
 public:
  explicit PropertyCursor(ByteView raw) : rest_(raw) {}
  std::optional<PropertyView> next();

 private:
  ByteView rest_{};
};

struct Properties {
  ByteView raw{};               ///< without the length in front
  std::uint64_t present = 0;  ///< bit n: the property of id n is there

  bool is_empty() const { return raw.empty(); }
  bool has(PropertyId id) const { return ((present >> static_cast<unsigned>(id)) & 1U) != 0; }
  PropertyCursor cursor() const { return PropertyCursor(raw); }

  /// The first property of that id; O(1) when it is absent, else a walk up to it.
  std::optional<PropertyView> find(PropertyId id) const;
  std::optional<std::uint32_t> number(PropertyId id) const;
  std::optional<std::string_view> text(PropertyId id) const;
  std::optional<ByteView> binary(PropertyId id) const;
  /// A boolean property, or what the standard says when it is absent.
  bool flag(PropertyId id, bool absent) const { return number(id).value_or(absent ? 1 : 0) != 0; }

  /// A view of bytes that were checked before, e.g. stored by us.
  static Properties of_checked(ByteView raw);

  bool operator==(const Properties& other) const { return as_text(raw) == as_text(other.raw); }
};

/// Checks the properties of a packet (or will): ids, placement, duplicates, wire forms, values,
/// UTF-8, limits. The offset of an error counts from the first byte of `raw`.
Result<Properties> check_properties(ByteView raw, PacketType type, PropertyPlace place,
                                    const DecodeLimits& limits);

/// Appends properties to the caller's buffer. An append that does not fit, or whose value has no
/// wire form, is remembered and finish() says so; the appends after it are ignored. Whether a
/// property may stand in a packet is not its matter.
class PropertyWriter {
 public:
  explicit PropertyWriter(MutableByteView buffer) : buffer_(buffer) {}

  /// REQUIRES: the property is of that kind in properties.def.
  PropertyWriter& number(PropertyId id, std::uint32_t value);
  PropertyWriter& text(PropertyId id, std::string_view value);
  PropertyWriter& binary(PropertyId id, ByteView value);
  PropertyWriter& user(std::string_view name, std::string_view value);
  /// Appends a copy of a property of any kind.
  PropertyWriter& append(const PropertyView& property);
  /// Appends bytes of properties that were checked before.
  PropertyWriter& append(const Properties& properties);

  bool is_overflowed() const { return error_.code == ErrorCode::buffer_too_small; }
  std::size_t size() const { return used_; }
  /// The view of all that was appended; buffer_too_small or invalid_argument if an append failed.
  Result<Properties> finish() const;

 private:
  std::uint8_t* claim(PropertyId id, std::size_t bytes);
  void refuse(ErrorCode code, const char* detail);

  MutableByteView buffer_;
  std::size_t used_ = 0;
  std::uint64_t present_ = 0;
  Error error_{};
};

}  // namespace sluice::codec
