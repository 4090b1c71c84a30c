// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as the properties of any packet: what is accepted must be walked whole, be answered by
// identifier as it is walked, and be written again byte for byte.
//
// Input: one byte (packet type; 0 for a will), then the properties.
#include "base/assert.h"
#include "codec/property.h"

#include <vector>

namespace sluice::codec {
namespace {

void check_getters(const Properties& properties, const PropertyView& property, bool is_first) {
  SLUICE_ASSERT(properties.has(property.id));
  if (!is_first) return;
  const auto found = properties.find(property.id);
  SLUICE_ASSERT(found.has_value());
  SLUICE_ASSERT(found->number == property.number);
  SLUICE_ASSERT(found->text == property.text);
  SLUICE_ASSERT(found->name == property.name);
  SLUICE_ASSERT(found->value == property.value);
  SLUICE_ASSERT(found->binary.data() == property.binary.data());
}

void check_accepted(const Properties& properties, PacketType type, PropertyPlace place) {
  std::vector<std::uint8_t> buffer(properties.raw.size());
  PropertyWriter writer(buffer);
  std::uint64_t seen = 0;
  PropertyCursor cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(property->id);
    const PropertyInfo* info = find_property(static_cast<std::uint8_t>(property->id));
    SLUICE_ASSERT(info != nullptr);
    SLUICE_ASSERT(place == PropertyPlace::will ? info->is_allowed_in_will()
                                               : info->is_allowed(type));
    check_getters(properties, *property, (seen & bit) == 0);
    seen |= bit;
    writer.append(*property);
  }
  SLUICE_ASSERT(seen == properties.present);
  const auto written = writer.finish();
  SLUICE_ASSERT(written.has_value());
  SLUICE_ASSERT(*written == properties);
  SLUICE_ASSERT(Properties::of_checked(properties.raw).present == properties.present);
}

void run(ByteView input) {
  if (input.empty()) return;
  const std::uint8_t selector = input[0] % 16;
  const auto place = selector == 0 ? PropertyPlace::will : PropertyPlace::packet;
  const auto type = selector == 0 ? PacketType::connect : static_cast<PacketType>(selector);
  const std::vector<std::uint8_t> raw(input.begin() + 1, input.end());
  const auto properties = check_properties(raw, type, place, {});
  if (properties) {
    check_accepted(*properties, type, place);
  } else {
    SLUICE_ASSERT(properties.error().offset <= raw.size());
    PropertyCursor cursor{ByteView(raw)};
    while (cursor.next()) {
    }
  }
}

}  // namespace
}  // namespace sluice::codec

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  sluice::codec::run({data, size});
  return 0;
}
