// SPDX-License-Identifier: Apache-2.0
//
// Manual pages in roff, made from the tables of the commands.
#pragma once

#include "cli/commands.h"

#include <span>
#include <string>

namespace sluice::cli {

/// sluice-NAME(1). REQUIRES: the command has a table.
std::string man_page(const Command& command);
/// sluice(1).
std::string overview_man_page(std::span<const Command> commands);

}  // namespace sluice::cli
