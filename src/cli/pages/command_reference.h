// SPDX-License-Identifier: Apache-2.0
//
// docs/reference/commands.md, made from the tables of the commands.
#pragma once

#include "cli/commands.h"

#include <span>
#include <string>

namespace sluice::cli {

std::string command_reference(std::span<const Command> commands);

}  // namespace sluice::cli
