// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/flags/flag.h"

namespace sluice::cli {

/// The flags of `sluice request`.
const FlagTable* request_flags();
/// Those of them that mosquitto_rr has.
const FlagTable* mosquitto_rr_flags();
/// The flags of `sluice reply`.
const FlagTable* reply_flags();

}  // namespace sluice::cli
