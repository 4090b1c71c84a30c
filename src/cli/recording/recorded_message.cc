// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/recorded_message.h"

#include "cli/mqtt/property_arguments.h"

namespace sluice::cli {

RecordedMessage recorded(const codec::Publish& publish, WallTime time) {
  PropertyList kept;
  auto cursor = publish.properties.cursor();
  while (const auto property = cursor.next()) {
    const bool is_of_connection = property->id == codec::PropertyId::topic_alias ||
                                  property->id == codec::PropertyId::subscription_identifier;
    if (!is_of_connection) kept.add(*property);
  }
  return {.time = time,
          .qos = publish.qos,
          .retain = publish.retain,
          .topic = std::string(publish.topic),
          .payload = std::string(as_text(publish.payload)),
          .properties = kept.bytes()};
}

codec::Publish to_publish(const RecordedMessage& message) {
  codec::Publish publish;
  publish.qos = message.qos;
  publish.retain = message.retain;
  publish.topic = message.topic;
  publish.properties = codec::Properties::of_checked(message.properties);
  publish.payload = as_bytes(message.payload);
  return publish;
}

}  // namespace sluice::cli
