// SPDX-License-Identifier: Apache-2.0
//
// Makes Settings of a configuration file, the environment and the command line; each overrides the
// one before. All that is wrong is reported, not only the first mistake, and a Settings with
// problems is not to be used. Reading the file is the caller's matter.
//
// Thread: any (pure).
#pragma once

#include "config/settings.h"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::config {

struct Inputs {
  /// "group.name=value", which all else may change.
  std::vector<std::string> defaults{};
  std::string file_name{};  ///< for messages
  std::string file_text{};  ///< TOML: [group], then name = value
  /// "NAME=value" as in environ; SLUICE__GROUP__NAME sets group.name, other names are not ours.
  std::vector<std::string> environment{};
  /// "group.name=value".
  std::vector<std::string> assignments{};
  /// Further entries of lists: [[group]].
  struct Entry {
    std::string group;
    std::string place;  ///< for messages
    std::vector<std::pair<std::string, std::string>> values;
  };
  std::vector<Entry> entries{};
};

/// Something an operator must mend.
struct Problem {
  std::string place;  ///< "sluice.toml:12", "SLUICE__MQTT__X", "--set mqtt.x"
  std::string text;   ///< what is wrong, and what is allowed

  bool operator==(const Problem&) const = default;
};

/// "place: text".
std::string to_string(const Problem& problem);

struct Loaded {
  Settings settings;
  std::vector<Problem> problems;
};

Loaded load(const Schema& schema, const Inputs& inputs);

}  // namespace sluice::config
