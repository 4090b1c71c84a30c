// SPDX-License-Identifier: Apache-2.0
//
// The flags of the commands that ask a broker's administration port.
#pragma once

#include "cli/flags/flag.h"

#include <string_view>

namespace sluice::cli {

inline constexpr std::string_view default_admin_address = "127.0.0.1:18083";
inline constexpr Flag admin_flag{"admin", '\0', FlagKind::text, "HOST:PORT",
                                 "the broker's administration port (127.0.0.1:18083)"};

const FlagTable* clients_flags();
const FlagTable* kick_flags();
const FlagTable* bans_flags();
const FlagTable* quotas_flags();

}  // namespace sluice::cli
