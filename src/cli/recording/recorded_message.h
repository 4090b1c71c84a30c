// SPDX-License-Identifier: Apache-2.0
//
// A RecordedMessage is a message in owned bytes, with the time it came: what `record` writes and
// `replay` publishes.
#pragma once

#include "base/time.h"
#include "codec/packets.h"

#include <cstdint>
#include <string>
#include <vector>

namespace sluice::cli {

struct RecordedMessage {
  WallTime time;
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  std::string topic;
  std::string payload;
  /// As codec::Properties::raw, without what belongs to one connection alone: topic alias and
  /// subscription identifiers.
  std::vector<std::uint8_t> properties;

  bool operator==(const RecordedMessage&) const = default;
};

RecordedMessage recorded(const codec::Publish& publish, WallTime time);
/// Views of the message.
codec::Publish to_publish(const RecordedMessage& message);

}  // namespace sluice::cli
