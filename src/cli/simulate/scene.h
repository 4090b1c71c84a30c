// SPDX-License-Identifier: Apache-2.0
//
// A Scene describes devices that publish telemetry: which there are, what they measure, how often.
// It comes from a small JSON file, or is one of those that the program brings along.
// docs/reference/scenes.md describes the file.
//
// Limits:  devices_max; 64 streams, 64 values of a stream.
#pragma once

#include "base/time.h"
#include "cli/flags/flag_parser.h"
#include "cli/simulate/signal.h"
#include "codec/types.h"

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::cli {

inline constexpr std::size_t devices_max = 1'000'000;

/// One kind of message of each device.
struct Stream {
  std::string topic;  ///< with {name} for each name of the device
  Duration interval{};
  codec::Qos qos = codec::Qos::at_most_once;
  bool retain = false;
  /// In the order of the payload's members; a single one without a name is the whole payload.
  std::vector<std::pair<std::string, SignalOptions>> values;
};

struct Scene {
  std::string description;
  /// For each name the values it takes; there is a device for each combination.
  std::vector<std::pair<std::string, std::vector<std::string>>> names;
  std::vector<Stream> streams;

  std::size_t devices() const;
  /// The topic of a stream of one device. REQUIRES: device < devices().
  std::string topic(const Stream& stream, std::size_t device) const;
};

/// `text` is the JSON; the error says what is wrong and where.
Parsed<Scene> parse_scene(std::string_view text);

struct BuiltInScene {
  std::string_view name;
  std::string_view text;
};
std::span<const BuiltInScene> built_in_scenes();

}  // namespace sluice::cli
