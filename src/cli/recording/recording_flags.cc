// SPDX-License-Identifier: Apache-2.0
#include "cli/recording/recording_flags.h"

#include "cli/mqtt/connection_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag record_own_flags[] = {
    {"topic", 't', FlagKind::list, "FILTER", "topic filter to record; may be repeated"},
    {"output", 'o', FlagKind::text, "FILE", "write to this file (standard output)"},
    {"json", '\0', FlagKind::toggle, "", "one JSON object a line instead of the binary form"},
    {"qos", 'q', FlagKind::integer, "QOS", "highest quality of service: 0, 1 or 2 (2)", 0, 2},
    {"no-retained", 'R', FlagKind::toggle, "", "leave retained messages out"},
    {"count", 'C', FlagKind::integer, "COUNT", "end after that many messages", 1, 2'147'483'647},
    {"timeout", 'W', FlagKind::integer, "SECONDS", "end after that time", 1, 2'147'483'647},
};
constexpr FlagGroup record_groups[] = {
    {"Recording", record_own_flags}, {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags},    {"Reports", report_flags},
};
constexpr std::string_view record_usage[] = {"[URL] FILTER… -o FILE [flags]",
                                             "[URL] FILTER… --json > FILE"};
constexpr FlagTable record_table{"record", "write messages to a file, with their times",
                                 record_usage, record_groups, Positionals::allowed};

constexpr Flag replay_own_flags[] = {
    {"speed", '\0', FlagKind::decimal, "FACTOR",
     "2 is twice as fast as it was, 0 without any waiting (1)", 0, 1'000'000},
    {"topic-prefix", '\0', FlagKind::text, "TEXT", "stands in front of each topic"},
    {"qos", 'q', FlagKind::integer, "QOS", "quality of service instead of the recorded one", 0, 2},
    {"retain", 'r', FlagKind::toggle, "", "all messages are retained"},
    {"no-retain", '\0', FlagKind::toggle, "", "no message is retained"},
    {"repeat", '\0', FlagKind::integer, "COUNT", "replay it that many times, 0 without end (1)", 0,
     2'147'483'647},
};
constexpr FlagGroup replay_groups[] = {
    {"Replay", replay_own_flags}, {"Broker", broker_flags},     {"Session", session_flags},
    {"Will", will_flags},         {"TLS and proxy", tls_flags}, {"Reports", report_flags},
};
constexpr std::string_view replay_usage[] = {"[URL] FILE [flags]", "[URL] - < FILE"};
constexpr FlagTable replay_table{"replay", "publish the messages of a recording again",
                                 replay_usage, replay_groups, Positionals::allowed};

}  // namespace

const FlagTable* record_flags() { return &record_table; }
const FlagTable* replay_flags() { return &replay_table; }

}  // namespace sluice::cli
