// SPDX-License-Identifier: Apache-2.0
#include "cli/request/request_flags.h"

#include "cli/commands/print_flags.h"
#include "cli/mqtt/connection_flags.h"
#include "cli/mqtt/retain_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag request_own_flags[] = {
    {"topic", 't', FlagKind::text, "TOPIC", "topic that the request is published to"},
    {"response-topic", 'e', FlagKind::text, "TOPIC",
     "topic that the answer comes to (one of its own for each request)"},
    {"message", 'm', FlagKind::text, "TEXT", "the payload"},
    {"file", 'f', FlagKind::text, "FILE", "the payload is the contents of a file"},
    {"stdin-file", 's', FlagKind::toggle, "", "the payload is all of standard input"},
    {"null-message", 'n', FlagKind::toggle, "", "a payload of no bytes"},
    {"qos", 'q', FlagKind::integer, "QOS", "quality of service of both: 0, 1 or 2 (0)", 0, 2},
    {"no-retained", 'R', FlagKind::toggle, "", "a retained message is no answer"},
    {"latency", '\0', FlagKind::toggle, "", "tell how long the answer took"},
    {"timeout", 'W', FlagKind::integer, "SECONDS",
     "end after that time without an answer, with exit code 27 (10; mosquitto_rr: none)", 1,
     2'147'483'647},
};

constexpr Flag request_more_flags[] = {
    {"count", 'C', FlagKind::integer, "COUNT", "wait for that many answers (1)", 1, 2'147'483'647},
};

constexpr FlagGroup request_groups[] = {
    {"Request", request_own_flags},
    {"Answers", request_more_flags},
    {"Retained messages", retain_flags},
    {"Output", output_flags},
    {"Broker", broker_flags},
    {"Session", session_flags},
    {"Will", will_flags},
    {"TLS and proxy", tls_flags},
    {"Flags from a file", option_file_flags},
    {"Reports", report_flags},
};

constexpr FlagGroup rr_groups[] = {
    {"Request", request_own_flags}, {"Retained messages", retain_flags},
    {"Output", output_flags},       {"Broker", broker_flags},
    {"Session", session_flags},     {"Will", will_flags},
    {"TLS and proxy", tls_flags},   {"Flags from a file", option_file_flags},
    {"Reports", report_flags},
};

constexpr std::string_view request_usage[] = {
    "[URL] TOPIC PAYLOAD [flags]",
    "-t TOPIC -e RESPONSE-TOPIC {-m TEXT | -f FILE | -s | -n} [flags]",
};

constexpr FlagTable request_table{"request",
                                  "publish a request and print its answer",
                                  request_usage,
                                  request_groups,
                                  Positionals::allowed,
                                  format_notes};
constexpr FlagTable rr_table{"request",
                             "publish a request and print its answer",
                             request_usage,
                             rr_groups,
                             Positionals::refused,
                             format_notes};

constexpr Flag reply_own_flags[] = {
    {"topic", 't', FlagKind::list, "FILTER", "topic filter of the requests; may be repeated"},
    {"message", 'm', FlagKind::text, "TEXT", "answer with this"},
    {"file", 'f', FlagKind::text, "FILE", "answer with the contents of a file"},
    {"null-message", 'n', FlagKind::toggle, "", "answer with a payload of no bytes"},
    {"echo", '\0', FlagKind::toggle, "", "answer with what was asked"},
    {"command", '\0', FlagKind::text, "COMMAND",
     "answer with what this shell command prints: it reads the request from standard input, and "
     "its topic from $SLUICE_TOPIC"},
    {"response-topic", 'e', FlagKind::text, "TOPIC",
     "where to answer requests that do not say so, as those of MQTT 3.x"},
    {"qos", 'q', FlagKind::integer, "QOS", "highest quality of service: 0, 1 or 2 (0)", 0, 2},
    {"count", 'C', FlagKind::integer, "COUNT", "end after that many answers", 1, 2'147'483'647},
    {"timeout", 'W', FlagKind::integer, "SECONDS", "end after that time, with exit code 27", 1,
     2'147'483'647},
    {"command-timeout", '\0', FlagKind::decimal, "SECONDS",
     "a command that runs for longer is killed, and its request not answered (30)", 0, 86'400},
};

constexpr FlagGroup reply_groups[] = {
    {"Answers", reply_own_flags},
    {"Output", output_flags},
    {"Broker", broker_flags},
    {"Session", session_flags},
    {"Will", will_flags},
    {"TLS and proxy", tls_flags},
    {"Flags from a file", option_file_flags},
    {"Reports", report_flags},
};

constexpr std::string_view reply_usage[] = {
    "[URL] FILTER PAYLOAD [flags]",
    "FILTER --echo [flags]",
    "FILTER --command 'date +%s' [flags]",
};

constexpr FlagTable reply_table{"reply",      "answer requests",    reply_usage,
                                reply_groups, Positionals::allowed, format_notes};

}  // namespace

const FlagTable* request_flags() { return &request_table; }
const FlagTable* mosquitto_rr_flags() { return &rr_table; }
const FlagTable* reply_flags() { return &reply_table; }

}  // namespace sluice::cli
