// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice test`.
const FlagTable* test_flags();
/// The flags of `sluice doctor`.
const FlagTable* doctor_flags();

}  // namespace sluice::cli
