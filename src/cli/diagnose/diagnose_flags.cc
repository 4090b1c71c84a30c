// SPDX-License-Identifier: Apache-2.0
#include "cli/diagnose/diagnose_flags.h"

#include "cli/mqtt/connection_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag test_own_flags[] = {
    {"patience", '\0', FlagKind::decimal, "SECONDS", "how long an answer may take (2)", 0, 3'600},
    {"json", '\0', FlagKind::toggle, "", "one JSON object a line"},
};
constexpr FlagGroup test_groups[] = {
    {"Test", test_own_flags},     {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags}, {"Reports", report_flags},
};
constexpr std::string_view test_usage[] = {"[URL] [flags]"};
constexpr std::string_view test_notes =
    R"(A row is a feature, with the statements of MQTT 3.1.1 and 5.0 that it stands for:
  yes  the broker does what the statement says
  NO   it does not; the exit code is 1
  -    it says that it does not offer this, or the version lacks it
)";
constexpr FlagTable test_table{"test",
                               "try what any broker can, feature by feature",
                               test_usage,
                               test_groups,
                               Positionals::allowed,
                               test_notes};

constexpr Flag doctor_own_flags[] = {
    {"patience", '\0', FlagKind::decimal, "SECONDS", "how long an answer may take (5)", 0, 3'600},
    {"topic", 't', FlagKind::text, "TOPIC",
     "where to publish and subscribe for a try (sluice/doctor/ and a random word)"},
};
constexpr FlagGroup doctor_groups[] = {
    {"Doctor", doctor_own_flags}, {"Broker", broker_flags},  {"Session", session_flags},
    {"TLS and proxy", tls_flags}, {"Reports", report_flags},
};
constexpr std::string_view doctor_usage[] = {"[URL] [flags]"};
constexpr FlagTable doctor_table{"doctor", "what is wrong between here and a broker", doctor_usage,
                                 doctor_groups, Positionals::allowed};

}  // namespace

const FlagTable* test_flags() { return &test_table; }
const FlagTable* doctor_flags() { return &doctor_table; }

}  // namespace sluice::cli
