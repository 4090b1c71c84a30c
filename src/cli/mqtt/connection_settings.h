// SPDX-License-Identifier: Apache-2.0
//
// ConnectionSettings is what the flags of a client command say about its connection: where the
// broker is, which session, which properties. Made once from the parsed flags; wrong combinations
// are usage errors, with mosquitto's rules where the program is called by its names.
#pragma once

#include "cli/commands.h"
#include "cli/flags/flag_parser.h"
#include "cli/mqtt/property_arguments.h"
#include "client/link.h"

#include <optional>
#include <string>

namespace sluice::cli {

struct ConnectionSettings {
  client::LinkOptions link;
  /// As in BrokerAddress: find_service() makes endpoints of it.
  std::string service;
  PropertyArguments properties;
  /// The topic that stood in a URL.
  std::optional<std::string> url_topic;
  /// Words of the command line that are not the URL.
  std::vector<std::string> words;
  Personality personality = Personality::native;
  std::string program;
  bool is_debugging = false;
  bool is_quiet = false;
};

/// `environment_url` is SLUICE_URL, empty if it is not set.
Parsed<ConnectionSettings> connection_settings(const ParsedFlags& flags, const Arguments& arguments,
                                               std::string_view environment_url);

}  // namespace sluice::cli
