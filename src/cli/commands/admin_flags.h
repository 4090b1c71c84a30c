// SPDX-License-Identifier: Apache-2.0
//
// The flags of the commands that ask a broker's administration port.
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

const FlagTable* clients_flags();
const FlagTable* kick_flags();
const FlagTable* bans_flags();
const FlagTable* quotas_flags();

}  // namespace sluice::cli
