// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/pub_flags.h"

#include "cli/mqtt/connection_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag message_flags[] = {
    {"topic", 't', FlagKind::text, "TOPIC", "topic to publish to"},
    {"message", 'm', FlagKind::text, "TEXT", "the payload"},
    {"file", 'f', FlagKind::text, "FILE", "the payload is the contents of a file"},
    {"stdin-line", 'l', FlagKind::toggle, "", "a message for each line of standard input"},
    {"stdin-file", 's', FlagKind::toggle, "", "the payload is all of standard input"},
    {"null-message", 'n', FlagKind::toggle, "", "a payload of no bytes"},
    {"qos", 'q', FlagKind::integer, "QOS", "quality of service: 0, 1 or 2 (0)", 0, 2},
    {"retain", 'r', FlagKind::toggle, "", "the broker keeps it for new subscribers"},
    {"repeat", '\0', FlagKind::integer, "COUNT", "publish it that many times", 1, 2'147'483'647},
    {"repeat-delay", '\0', FlagKind::decimal, "SECONDS", "wait between them (0)", 0, 1'000'000},
};

constexpr FlagGroup groups[] = {
    {"Message", message_flags},   {"Broker", broker_flags},
    {"Session", session_flags},   {"Will", will_flags},
    {"TLS and proxy", tls_flags}, {"Flags from a file", option_file_flags},
    {"Reports", report_flags},
};

constexpr std::string_view usage[] = {
    "[URL] TOPIC PAYLOAD [flags]",
    "-t TOPIC {-m TEXT | -f FILE | -l | -s | -n} [-h HOST] [-p PORT] [flags]",
    "-L mqtt://HOST/TOPIC -m TEXT [flags]",
};

constexpr FlagTable table{"pub", "publish messages", usage, groups, Positionals::allowed};

}  // namespace

const FlagTable* pub_flags() { return &table; }

}  // namespace sluice::cli
