// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice record`.
const FlagTable* record_flags();
/// The flags of `sluice replay`.
const FlagTable* replay_flags();

}  // namespace sluice::cli
