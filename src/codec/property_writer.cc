// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "base/assert.h"
#include "codec/byte_writer.h"
#include "codec/property.h"

namespace sluice::codec {

void PropertyWriter::refuse(ErrorCode code, const char* detail) {
  if (error_.code == ErrorCode::ok) error_ = {.code = code, .detail = detail};
}

// Room for the identifier and `bytes` behind it; writes the identifier. Null if there is none.
std::uint8_t* PropertyWriter::claim(PropertyId id, std::size_t bytes) {
  if (error_.code != ErrorCode::ok) return nullptr;
  if (buffer_.size() - used_ < bytes + 1) {
    refuse(ErrorCode::buffer_too_small, "the buffer for properties is full");
    return nullptr;
  }
  std::uint8_t* at = buffer_.data() + used_;
  used_ += bytes + 1;
  present_ |= std::uint64_t{1} << static_cast<unsigned>(id);
  *at = static_cast<std::uint8_t>(id);
  return at + 1;
}

PropertyWriter& PropertyWriter::number(PropertyId id, std::uint32_t value) {
  const PropertyInfo* info = find_property(static_cast<std::uint8_t>(id));
  SLUICE_ASSERT(info != nullptr && info->wire <= PropertyWire::varint);
  const PropertyWire wire = info->wire;
  const std::uint32_t value_max = wire == PropertyWire::byte        ? 0xFF
                                  : wire == PropertyWire::two_bytes ? 0xFFFF
                                  : wire == PropertyWire::varint    ? remaining_length_max
                                                                    : 0xFFFF'FFFF;
  if (value > value_max) {
    refuse(ErrorCode::invalid_argument, "the number is too large for this property");
    return *this;
  }
  const std::size_t bytes = wire == PropertyWire::byte        ? 1
                            : wire == PropertyWire::two_bytes ? 2
                            : wire == PropertyWire::varint    ? varint_bytes(value)
                                                              : 4;
  std::uint8_t* at = claim(id, bytes);
  if (at == nullptr) return *this;
  if (wire == PropertyWire::varint) {
    put_varint(at, value);
  } else {
    for (std::size_t i = 0; i < bytes; ++i)
      at[i] = static_cast<std::uint8_t>(value >> (8 * (bytes - 1 - i)));
  }
  return *this;
}

PropertyWriter& PropertyWriter::text(PropertyId id, std::string_view value) {
  const PropertyInfo* info = find_property(static_cast<std::uint8_t>(id));
  SLUICE_ASSERT(info != nullptr && info->wire == PropertyWire::utf8);
  if (value.size() > field_bytes_max)
    refuse(ErrorCode::invalid_argument, "the text is longer than 65,535 bytes");
  else if (std::uint8_t* at = claim(id, value.size() + 2); at != nullptr)
    put_field(at, as_bytes(value));
  return *this;
}

PropertyWriter& PropertyWriter::binary(PropertyId id, ByteView value) {
  const PropertyInfo* info = find_property(static_cast<std::uint8_t>(id));
  SLUICE_ASSERT(info != nullptr && info->wire == PropertyWire::binary);
  if (value.size() > field_bytes_max)
    refuse(ErrorCode::invalid_argument, "the data are longer than 65,535 bytes");
  else if (std::uint8_t* at = claim(id, value.size() + 2); at != nullptr)
    put_field(at, value);
  return *this;
}

PropertyWriter& PropertyWriter::user(std::string_view name, std::string_view value) {
  if (name.size() > field_bytes_max || value.size() > field_bytes_max) {
    refuse(ErrorCode::invalid_argument, "a user property is longer than 65,535 bytes");
    return *this;
  }
  std::uint8_t* at = claim(PropertyId::user_property, name.size() + value.size() + 4);
  if (at != nullptr) put_field(put_field(at, as_bytes(name)), as_bytes(value));
  return *this;
}

PropertyWriter& PropertyWriter::append(const PropertyView& property) {
  const PropertyInfo* info = find_property(static_cast<std::uint8_t>(property.id));
  SLUICE_ASSERT(info != nullptr);
  switch (info->wire) {
    case PropertyWire::utf8:
      return text(property.id, property.text);
    case PropertyWire::binary:
      return binary(property.id, property.binary);
    case PropertyWire::utf8_pair:
      return user(property.name, property.value);
    default:
      return number(property.id, property.number);
  }
}

PropertyWriter& PropertyWriter::append(const Properties& properties) {
  if (error_.code != ErrorCode::ok || properties.raw.empty()) return *this;
  if (buffer_.size() - used_ < properties.raw.size()) {
    refuse(ErrorCode::buffer_too_small, "the buffer for properties is full");
    return *this;
  }
  std::memcpy(buffer_.data() + used_, properties.raw.data(), properties.raw.size());
  used_ += properties.raw.size();
  present_ |= properties.present;
  return *this;
}

Result<Properties> PropertyWriter::finish() const {
  if (error_.code != ErrorCode::ok) return fail(error_);
  return Properties{.raw = buffer_.first(used_), .present = present_};
}

}  // namespace sluice::codec
