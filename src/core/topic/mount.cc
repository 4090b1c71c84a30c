// SPDX-License-Identifier: Apache-2.0
#include "core/topic/mount.h"

#include "base/assert.h"
#include "codec/topic.h"
#include "core/topic/sys_topic.h"

namespace sluice::core {

std::string mounted_topic(std::string_view mount, std::string_view topic) {
  std::string text;
  text.reserve(mount.size() + topic.size());
  if (!is_sys_topic(topic)) text = mount;
  return text += topic;
}

std::string mounted_filter(std::string_view mount, std::string_view filter) {
  const auto split = codec::split_shared_filter(filter);
  SLUICE_ASSERT(split.has_value());
  // The filter proper is the end of what the client wrote.
  const std::size_t before = filter.size() - split->filter.size();
  return std::string(filter.substr(0, before)) += mounted_topic(mount, split->filter);
}

codec::Properties mounted_properties(std::string_view mount, codec::Properties properties,
                                     MountWay way, std::vector<std::uint8_t>& place) {
  using codec::PropertyId;
  if (!properties.has(PropertyId::response_topic)) return properties;
  place.resize(properties.raw.size() + mount.size());
  codec::PropertyWriter writer(place);
  auto cursor = properties.cursor();
  while (auto property = cursor.next()) {
    std::string topic;
    if (property->id == PropertyId::response_topic && way == MountWay::in) {
      topic = mounted_topic(mount, property->text);
      // One that is too long with it is of no use to anybody.
      if (topic.size() > mounted_topic_bytes_max) continue;
      property->text = topic;
    } else if (property->id == PropertyId::response_topic) {
      property->text = unmounted_topic(mount, property->text);
    }
    writer.append(*property);
  }
  const auto written = writer.finish();
  SLUICE_ASSERT(written.has_value());
  return *written;
}

}  // namespace sluice::core
