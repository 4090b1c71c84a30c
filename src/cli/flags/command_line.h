// SPDX-License-Identifier: Apache-2.0
//
// What commands that are no MQTT clients do first: parse their flags, answer --help, and say what
// is wrong.
#pragma once

#include "cli/commands.h"
#include "cli/flags/flag_parser.h"

#include <expected>
#include <string_view>

namespace sluice::cli {

/// The error is the exit code, where there is nothing more to do.
std::expected<ParsedFlags, int> parse_command_line(const Arguments& arguments,
                                                   const FlagTable& table);
/// "sluice man: text" on standard error; returns `code`.
int complain(const Arguments& arguments, std::string_view text, int code);

}  // namespace sluice::cli
