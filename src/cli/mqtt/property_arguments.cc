// SPDX-License-Identifier: Apache-2.0
#include "cli/mqtt/property_arguments.h"

#include "base/assert.h"

#include <algorithm>

namespace sluice::cli {
namespace {

using codec::PacketType;
using codec::PropertyInfo;
using codec::PropertyPlace;
using codec::PropertyWire;

/// A command of -D: the packet it names and where the properties go.
struct Target {
  std::string_view name;
  PacketType type;
  PropertyPlace place;
  PropertyList PropertyArguments::* list;
};

constexpr Target targets[] = {
    {"connect", PacketType::connect, PropertyPlace::packet, &PropertyArguments::connect},
    {"publish", PacketType::publish, PropertyPlace::packet, &PropertyArguments::publish},
    {"subscribe", PacketType::subscribe, PropertyPlace::packet, &PropertyArguments::subscribe},
    {"unsubscribe", PacketType::unsubscribe, PropertyPlace::packet,
     &PropertyArguments::unsubscribe},
    {"disconnect", PacketType::disconnect, PropertyPlace::packet, &PropertyArguments::disconnect},
    {"will", PacketType::connect, PropertyPlace::will, &PropertyArguments::will},
};

std::unexpected<UsageError> refuse_property(std::string text) {
  return std::unexpected(UsageError{"-D: " + std::move(text)});
}

const Target* find_target(std::string_view name) {
  const auto found = std::ranges::find(targets, name, &Target::name);
  return found == std::end(targets) ? nullptr : &*found;
}

std::string dashed(std::string text) {
  std::ranges::replace(text, '_', '-');
  return text;
}

const PropertyInfo* find_by_dashed_name(std::string name) {
  std::ranges::replace(name, '-', '_');
  return codec::find_property(std::string_view(name));
}

bool is_allowed(const PropertyInfo& info, const Target& target) {
  // A client's PUBLISH has no subscription identifier: the table allows it for the server's.
  if (target.type == PacketType::publish && info.id == codec::PropertyId::subscription_identifier) {
    return false;
  }
  return target.place == PropertyPlace::will ? info.is_allowed_in_will()
                                             : info.is_allowed(target.type);
}

std::int64_t largest(PropertyWire wire) {
  switch (wire) {
    case PropertyWire::byte:
      return 0xFF;
    case PropertyWire::two_bytes:
      return 0xFFFF;
    case PropertyWire::varint:
      return codec::remaining_length_max;
    default:
      return 0xFFFF'FFFF;
  }
}

Parsed<bool> add_value(const PropertyInfo& info, const PropertyWords& words, PropertyList& list) {
  switch (info.wire) {
    case PropertyWire::utf8_pair:
      list.add_pair(words.value, words.second);
      return true;
    case PropertyWire::utf8:
    case PropertyWire::binary:
      if (words.value.size() > codec::field_bytes_max) {
        return refuse_property(words.name + " has at most 65535 bytes");
      }
      list.add_text(info.id, words.value);
      return true;
    case PropertyWire::byte:
    case PropertyWire::two_bytes:
    case PropertyWire::four_bytes:
    case PropertyWire::varint:
      break;
  }
  std::int64_t number = 0;
  if (!parse_integer(words.value, number) || number < 0 || number > largest(info.wire)) {
    return refuse_property(words.name + " takes a number from 0 to " +
                           std::to_string(largest(info.wire)) + ", not '" + words.value + "'");
  }
  list.add_number(info.id, static_cast<std::uint32_t>(number));
  return true;
}

Parsed<bool> add_words(const PropertyWords& words, PropertyArguments& out) {
  const Target* target = find_target(words.command);
  if (target == nullptr) {
    return refuse_property(
        "'" + words.command +
        "' is no command that takes properties; these do: connect, publish, subscribe, "
        "unsubscribe, disconnect, will");
  }
  const PropertyInfo* info = find_by_dashed_name(words.name);
  if (info == nullptr) return refuse_property("there is no property '" + words.name + "'");
  if (!is_allowed(*info, *target)) {
    return refuse_property(dashed(info->name) + " may not stand in " + words.command);
  }
  return add_value(*info, words, out.*target->list);
}

}  // namespace

void PropertyList::add_number(codec::PropertyId id, std::uint32_t value) {
  add({.id = id, .number = value, .text = {}, .binary = {}, .name = {}, .value = {}});
}

void PropertyList::add_text(codec::PropertyId id, std::string_view value) {
  add({.id = id, .number = 0, .text = value, .binary = as_bytes(value), .name = {}, .value = {}});
}

void PropertyList::add_pair(std::string_view name, std::string_view value) {
  add({.id = codec::PropertyId::user_property,
       .number = 0,
       .text = {},
       .binary = {},
       .name = name,
       .value = value});
}

void PropertyList::add(const codec::PropertyView& property) {
  constexpr std::size_t header_bytes = 8;
  const std::size_t used = bytes_.size();
  const std::size_t room = header_bytes + std::max(property.text.size(), property.binary.size()) +
                           property.name.size() + property.value.size();
  bytes_.resize(used + room);
  codec::PropertyWriter writer(MutableByteView(bytes_).subspan(used));
  writer.append(property);
  SLUICE_ASSERT(writer.finish().has_value());
  bytes_.resize(used + writer.size());
}

Parsed<PropertyArguments> parse_properties(const std::vector<PropertyWords>& words) {
  PropertyArguments out;
  for (const PropertyWords& one : words) {
    if (one.value.size() > codec::field_bytes_max || one.second.size() > codec::field_bytes_max) {
      return refuse_property(one.name + " has at most 65535 bytes");
    }
    if (const auto added = add_words(one, out); !added) return std::unexpected(added.error());
  }
  for (const Target& target : targets) {
    const auto checked = codec::check_properties((out.*target.list).bytes(), target.type,
                                                 target.place, codec::DecodeLimits{});
    if (!checked) return refuse_property(std::string(target.name) + ": " + checked.error().detail);
  }
  return out;
}

}  // namespace sluice::cli
