// SPDX-License-Identifier: Apache-2.0
//
// `sluice acl`: the command and its flags.
#pragma once

#include "cli/commands.h"
#include "cli/flags/flag.h"

namespace sluice::cli {

const FlagTable* acl_flags();
int run_acl(const Arguments& arguments);

}  // namespace sluice::cli
