// SPDX-License-Identifier: Apache-2.0
//
// The text of `--help`, from a command's table.
#pragma once

#include "cli/flags/flag.h"

#include <string>

namespace sluice::cli {

/// `program` is what the user calls the command by; it stands in front of each usage line.
std::string help_text(const FlagTable& table, std::string_view program);

}  // namespace sluice::cli
