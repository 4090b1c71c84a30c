// SPDX-License-Identifier: Apache-2.0
//
// The flags of `sluice serve`.
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

const FlagTable* serve_flags();

}  // namespace sluice::cli
