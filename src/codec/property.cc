// SPDX-License-Identifier: Apache-2.0
#include "codec/property.h"

#include "codec/packet_set.h"
#include "codec/property_value.h"

#include <array>

namespace sluice::codec {
namespace packet_set {
// In the namespace whose words the table uses.
static constexpr auto make_table() {
  return std::to_array<PropertyInfo>({
#define SLUICE_PROPERTY(name, id, wire, packets, repeats, rule) \
  {PropertyId::name, #name, PropertyWire::wire, packets, repeats, PropertyRule::rule},
#include "codec/properties.def"
#undef SLUICE_PROPERTY
  });
}
}  // namespace packet_set

namespace {

constexpr auto table = packet_set::make_table();

constexpr std::size_t ids_max = 0x2B;
constexpr std::uint8_t no_row = 0xFF;

constexpr std::array<std::uint8_t, ids_max> make_index() {
  std::array<std::uint8_t, ids_max> index{};
  index.fill(no_row);
  for (std::size_t i = 0; i < table.size(); ++i)
    index[static_cast<std::size_t>(table[i].id)] = static_cast<std::uint8_t>(i);
  return index;
}
constexpr auto row_of_id = make_index();

}  // namespace

std::span<const PropertyInfo> all_properties() noexcept { return table; }

const PropertyInfo* find_property(std::uint8_t id) noexcept {
  if (id >= ids_max || row_of_id[id] == no_row) return nullptr;
  return &table[row_of_id[id]];
}

const PropertyInfo* find_property(std::string_view name) noexcept {
  for (const PropertyInfo& info : table)
    if (name == info.name) return &info;
  return nullptr;
}

bool take_property_value(ByteReader& reader, PropertyWire wire, PropertyView& out) {
  std::uint8_t byte = 0;
  std::uint16_t two_bytes = 0;
  switch (wire) {
    case PropertyWire::byte:
      if (!reader.take_byte(byte)) return false;
      out.number = byte;
      return true;
    case PropertyWire::two_bytes:
      if (!reader.take_two_bytes(two_bytes)) return false;
      out.number = two_bytes;
      return true;
    case PropertyWire::four_bytes:
      return reader.take_four_bytes(out.number);
    case PropertyWire::varint:
      return reader.take_varint(out.number);
    case PropertyWire::utf8:
      return reader.take_text(out.text);
    case PropertyWire::binary:
      return reader.take_field(out.binary);
    case PropertyWire::utf8_pair:
      return reader.take_text(out.name) && reader.take_text(out.value);
  }
  return false;
}

std::optional<PropertyView> PropertyCursor::next() {
  ByteReader reader(rest_);
  std::uint8_t id = 0;
  if (!reader.take_byte(id)) return std::nullopt;
  const PropertyInfo* info = find_property(id);
  PropertyView property;
  if (info == nullptr || !take_property_value(reader, info->wire, property)) {
    rest_ = {};
    return std::nullopt;
  }
  property.id = info->id;
  rest_ = reader.rest();
  return property;
}

std::optional<PropertyView> Properties::find(PropertyId id) const {
  if (!has(id)) return std::nullopt;
  PropertyCursor walk(raw);
  while (const auto property = walk.next())
    if (property->id == id) return property;
  return std::nullopt;
}

std::optional<std::uint32_t> Properties::number(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->number) : std::nullopt;
}

std::optional<std::string_view> Properties::text(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->text) : std::nullopt;
}

std::optional<ByteView> Properties::binary(PropertyId id) const {
  const auto property = find(id);
  return property ? std::optional(property->binary) : std::nullopt;
}

Properties Properties::of_checked(ByteView raw) {
  Properties properties{.raw = raw};
  PropertyCursor walk(raw);
  while (const auto property = walk.next())
    properties.present |= std::uint64_t{1} << static_cast<unsigned>(property->id);
  return properties;
}

}  // namespace sluice::codec
