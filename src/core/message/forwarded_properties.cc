// SPDX-License-Identifier: Apache-2.0
#include "core/message/forwarded_properties.h"

#include "base/assert.h"

namespace sluice::core {

ForwardedProperties::ForwardedProperties(const codec::Properties& properties)
    : bytes_(properties.raw) {
  using codec::PropertyId;
  if (properties.is_empty()) return;
  is_unchanged_ = !properties.has(PropertyId::topic_alias) &&
                  !properties.has(PropertyId::message_expiry_interval) &&
                  !properties.has(PropertyId::will_delay_interval);
  if (is_unchanged_) return;
  MutableByteView place(small_);
  if (properties.raw.size() > small_.size()) {
    large_.resize(properties.raw.size());
    place = large_;
  }
  codec::PropertyWriter writer(place);
  auto cursor = properties.cursor();
  while (const auto property = cursor.next()) {
    if (property->id == PropertyId::message_expiry_interval)
      expiry_s_ = property->number;
    else if (property->id != PropertyId::topic_alias &&
             property->id != PropertyId::will_delay_interval)
      writer.append(*property);
  }
  const auto written = writer.finish();
  SLUICE_ASSERT(written.has_value());
  bytes_ = written->raw;
}

}  // namespace sluice::core
