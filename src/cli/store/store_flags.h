// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice store`.
const FlagTable* store_flags();

}  // namespace sluice::cli
