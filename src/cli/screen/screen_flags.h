// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice explore`.
const FlagTable* explore_flags();
/// The flags of `sluice top`.
const FlagTable* top_flags();

}  // namespace sluice::cli
