// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice completion`.
const FlagTable* completion_flags();
/// The flags of `sluice man`.
const FlagTable* man_flags();

}  // namespace sluice::cli
