// SPDX-License-Identifier: Apache-2.0
//
// `sluice passwd`: the command and its flags.
#pragma once

#include "cli/commands.h"
#include "cli/flags/flag.h"

namespace sluice::cli {

const FlagTable* passwd_flags();
int run_passwd(const Arguments& arguments);

}  // namespace sluice::cli
