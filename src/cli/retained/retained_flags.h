// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice retained`.
const FlagTable* retained_flags();

}  // namespace sluice::cli
