// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/sub_flags.h"

#include "cli/commands/print_flags.h"
#include "cli/mqtt/connection_flags.h"
#include "cli/mqtt/retain_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag subscription_flags[] = {
    {"topic", 't', FlagKind::list, "FILTER", "topic filter to subscribe to; may be repeated"},
    {"qos", 'q', FlagKind::integer, "QOS", "highest quality of service: 0, 1 or 2 (0)", 0, 2},
    {"unsubscribe", 'U', FlagKind::list, "FILTER",
     "topic filter to unsubscribe from; may be repeated"},
};

constexpr Flag choice_flags[] = {
    {"filter-out", 'T', FlagKind::list, "FILTER", "ignore messages of these topics"},
    {"no-retained", 'R', FlagKind::toggle, "", "ignore retained messages"},
    {"retained-only", '\0', FlagKind::toggle, "",
     "only retained messages; ends at the first other one"},
    {"remove-retained", '\0', FlagKind::toggle, "",
     "clear each retained message that comes; -T spares topics"},
    {"random-filter", '\0', FlagKind::decimal, "PERCENT", "show only that share of the messages", 0,
     100},
};

constexpr Flag instead_flags[] = {
    {"watch", 'w', FlagKind::toggle, "",
     "the last message of each topic on a line of its own, renewed as more come (a terminal)"},
    {"rate", '\0', FlagKind::toggle, "", "each second how many messages and bytes came"},
    {"message-rate", '\0', FlagKind::toggle, "", "each second how many messages came, as a number"},
};

constexpr Flag end_flags[] = {
    {"count", 'C', FlagKind::integer, "COUNT", "end after that many messages", 1, 2'147'483'647},
    {"timeout", 'W', FlagKind::integer, "SECONDS", "end after that time, with exit code 27", 1,
     2'147'483'647},
    {"exit-after-subscribe", 'E', FlagKind::toggle, "",
     "end when the broker has confirmed the subscriptions"},
};

constexpr FlagGroup groups[] = {
    {"Subscription", subscription_flags},
    {"Retained messages", retain_flags},
    {"Choice", choice_flags},
    {"End", end_flags},
    {"Output", output_flags},
    {"Instead of messages", instead_flags},
    {"Broker", broker_flags},
    {"Session", session_flags},
    {"Will", will_flags},
    {"TLS and proxy", tls_flags},
    {"Flags from a file", option_file_flags},
    {"Reports", report_flags},
};

constexpr std::string_view usage[] = {
    "[URL] FILTER… [flags]",
    "-t FILTER [-t FILTER…] [-h HOST] [-p PORT] [flags]",
    "-L mqtt://HOST/FILTER [flags]",
};

constexpr FlagTable table{
    "sub",       "subscribe to topics and print what comes", usage, groups, Positionals::allowed,
    format_notes};

}  // namespace

const FlagTable* sub_flags() { return &table; }

}  // namespace sluice::cli
