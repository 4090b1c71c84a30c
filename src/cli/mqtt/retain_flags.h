// SPDX-License-Identifier: Apache-2.0
//
// What a subscription does with retained messages, for commands that ask the user about it.
// Names and values are those of mosquitto_sub and mosquitto_rr.
#pragma once

#include "cli/flags/flag_parser.h"
#include "codec/types.h"

namespace sluice::cli {

inline constexpr Flag retain_flags[] = {
    {"retain-as-published", '\0', FlagKind::toggle, "",
     "messages keep the retain flag they were published with (MQTT 5)"},
    {"retain-handling", '\0', FlagKind::text, "WHEN",
     "retained messages: always, new (for a new subscription) or never (MQTT 5)"},
};

/// The subscription options of --qos and of the flags above.
Parsed<codec::SubscriptionOptions> subscription_options(const ParsedFlags& flags);

}  // namespace sluice::cli
