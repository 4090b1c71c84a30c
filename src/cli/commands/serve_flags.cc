// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/serve_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag listen_flags[] = {
    {"bind", 'b', FlagKind::list, "ADDRESS",
     "listen there; may be given several times (127.0.0.1 and ::1)"},
    {"port", 'p', FlagKind::integer, "PORT", "TCP port for MQTT; 0 takes a free one (1883)", 0,
     65535},
    {"listen", '\0', FlagKind::list, "URL",
     "listen there too, such as mqtts://0.0.0.0:8883?cert=FILE&key=FILE or "
     "unix:///run/sluice.sock; "
     "what may stand behind the ? are the options of a [[listener]]"},
    {"allow-anonymous", '\0', FlagKind::toggle, "",
     "take clients without a user name on every address"},
};

constexpr Flag access_flags[] = {
    {"profile", '\0', FlagKind::text, "NAME",
     "a set of options under one name: public is a broker for anybody, with quotas, on ports 1883, "
     "8080 (WebSocket) and, with a certificate, 8883, 8081 and 8884"},
    {"certificate", '\0', FlagKind::text, "FILE", "of the profile's TLS listeners, in PEM"},
    {"key", '\0', FlagKind::text, "FILE", "its key, where that is another file"},
    {"client-ca", '\0', FlagKind::text, "FILE",
     "the authorities of the client certificates that port 8884 asks for"},
    {"password-file", '\0', FlagKind::text, "FILE",
     "users and hashes, as `sluice passwd` or mosquitto_passwd writes them"},
    {"acl-file", '\0', FlagKind::text, "FILE", "access rules as mosquitto has them"},
    {"rules", '\0', FlagKind::text, "FILE", "access rules of our own format"},
};

constexpr Flag work_flags[] = {
    {"threads", '\0', FlagKind::integer, "N",
     "threads that serve clients; 0 means one a processor (0)", 0, 64},
    {"data", '\0', FlagKind::text, "DIR", "where sessions and messages are kept (./sluice-data)"},
    {"durability", '\0', FlagKind::text, "MODE",
     "what an acknowledgement promises: fsync, os or memory (fsync)"},
};

constexpr Flag config_flags[] = {
    {"config", 'c', FlagKind::text, "FILE", "read options from a TOML file"},
    {"set", '\0', FlagKind::list, "KEY=VALUE", "set one option, such as mqtt.receive_maximum=500"},
    {"check", '\0', FlagKind::toggle, "", "check the configuration, say what is wrong, and end"},
    {"print-config", '\0', FlagKind::toggle, "",
     "print the effective configuration, and where each value came from"},
    {"print-defaults", '\0', FlagKind::toggle, "",
     "print a commented configuration file of all defaults"},
    {"print-reference", '\0', FlagKind::toggle, "", "print the reference page of all options"},
    {"print-metrics", '\0', FlagKind::toggle, "", "print the reference page of all metrics"},
};

constexpr Flag log_flags[] = {
    {"verbose", 'v', FlagKind::toggle, "", "log more: what single clients do"},
    {"log-format", '\0', FlagKind::text, "FORMAT", "text or json (text)"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};

constexpr FlagGroup groups[] = {{"Listening", listen_flags},
                                {"Access", access_flags},
                                {"Work", work_flags},
                                {"Configuration", config_flags},
                                {"Reports", log_flags}};

constexpr std::string_view usage[] = {
    "[--bind ADDRESS]… [--port N] [--listen URL]… [--data DIR] [flags]",
    "--config FILE --check",
};

constexpr FlagTable table{"serve", "run the broker", usage, groups, Positionals::refused};

}  // namespace

const FlagTable* serve_flags() { return &table; }

}  // namespace sluice::cli
