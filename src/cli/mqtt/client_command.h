// SPDX-License-Identifier: Apache-2.0
//
// What every client command does before its own work: option files, flags, --help, --version,
// connection settings; and what it says when the command line is wrong.
#pragma once

#include "cli/commands.h"
#include "cli/flags/flag_parser.h"
#include "cli/mqtt/connection_settings.h"

#include <functional>

namespace sluice::cli {

/// Runs `body` with the parsed command line; its UsageError, or any before it, becomes a message
/// and an exit code.
int run_client_command(
    const FlagTable& table, const Arguments& arguments,
    const std::function<Parsed<int>(const ParsedFlags&, ConnectionSettings)>& body);
/// What is wrong with words that say how to connect, if anything is.
Parsed<bool> check_connection_words(const FlagTable& table, const Arguments& arguments);

}  // namespace sluice::cli
