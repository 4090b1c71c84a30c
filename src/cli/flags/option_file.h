// SPDX-License-Identifier: Apache-2.0
//
// Mosquitto's option files: one flag and its value a line, in front of the command line's own. The
// usual ones are read only where the program is called by mosquitto's names.
#pragma once

#include "cli/flags/flag_parser.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// $XDG_CONFIG_HOME/NAME, or $HOME/.config/NAME; empty if neither is set.
std::string option_file_path(std::string_view program, std::string_view config_home,
                             std::string_view home);
/// Whether somebody has named the file, so that it must be there.
enum class OptionFile : std::uint8_t { usual, named };

/// The words of the file; none if the usual one does not exist, or `path` is empty.
Parsed<std::vector<std::string>> read_option_file(const std::string& path, OptionFile kind);
/// The words of its text: on each line a flag, a blank, and the rest as one value; for -D the
/// words of the property.
std::vector<std::string> option_file_words(std::string_view text);

}  // namespace sluice::cli
