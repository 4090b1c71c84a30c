// SPDX-License-Identifier: Apache-2.0
#include "cli/commands/bench_flags.h"

namespace sluice::cli {
namespace {

constexpr Flag load_flags[] = {
    {"clients", 'n', FlagKind::integer, "N",
     "pairs, or how many are on the side of many (pairs and queue 1, shared 10, acks 64, "
     "connections and storm 1,000, others 100)",
     1, 60'000},
    {"count", 'c', FlagKind::integer, "N",
     "subscriptions or retained messages (100,000), or messages queued for each client (10,000)", 1,
     100'000'000},
    {"size", 's', FlagKind::integer, "BYTES",
     "bytes of a payload (256, where a broker remembers things 64)", 16, 67'108'864},
    {"qos", 'q', FlagKind::integer, "QOS", "quality of service, both ways: 0, 1 or 2 (0)", 0, 2},
    {"window", 'w', FlagKind::integer, "N",
     "closed loop: messages of one publisher under way (1,000 for one pair, acks 16, else 100)", 1,
     16'384},
    {"rate", 'r', FlagKind::decimal, "N",
     "open loop: messages a second, all publishers together; latency counts from the time when a "
     "message was due",
     1, 100'000'000},
};

constexpr Flag run_flags[] = {
    {"time", 't', FlagKind::decimal, "SECONDS", "how long is measured (5)", 0, 86'400},
    {"warm-up", '\0', FlagKind::decimal, "SECONDS", "how long is run before that (1)", 0, 3'600},
    {"server-pid", '\0', FlagKind::integer, "PID",
     "the broker's process on this machine: report its CPU time and memory", 1, 4'194'304},
    {"commit-dir", '\0', FlagKind::text, "DIR",
     "acks: tell also what a write and a sync cost in that directory, the broker's data or another "
     "on its disk"},
};

constexpr Flag broker_flags[] = {
    {"host", 'h', FlagKind::text, "HOST", "broker to connect to (localhost)"},
    {"port", 'p', FlagKind::integer, "PORT", "port to connect to (1883)", 1, 65'535},
    {"url", 'L', FlagKind::text, "URL", "mqtt://[user[:password]@]host[:port]"},
    {"unix", '\0', FlagKind::text, "PATH", "connect through a Unix socket"},
    {"protocol-version", 'V', FlagKind::text, "VERSION", "5 or 311 (311)"},
    {"username", 'u', FlagKind::text, "NAME", "user name"},
    {"pw", 'P', FlagKind::text, "PASSWORD", "password"},
};

constexpr Flag report_flags[] = {
    {"json", '\0', FlagKind::text, "FILE", "write the report there too; - is standard output"},
    {"compare", '\0', FlagKind::text, "FILE", "show the figures beside those of an older --json"},
    {"quiet", '\0', FlagKind::toggle, "",
     "no progress and no report, only --json and the exit code"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};

constexpr FlagGroup groups[] = {
    {"Load", load_flags}, {"Run", run_flags}, {"Broker", broker_flags}, {"Report", report_flags}};

constexpr std::string_view usage[] = {
    "[pairs] [-n PAIRS] [flags]",
    "fan-out | fan-in | shared [-n CLIENTS] [flags]",
    "connections | churn | storm | acks [-n CLIENTS] [flags]",
    "subscriptions | retained | queue [-c COUNT] [flags]",
};

constexpr std::string_view notes =
    R"(What is run:
  pairs    each of N publishers has a subscriber of its own
  fan-out  one publisher, N subscribers of its topic
  fan-in   N publishers, one subscriber of all their topics
  shared   N publishers, N members of one shared subscription
  connections    N silent clients, then a subscription of each
  subscriptions  COUNT filters, fifty in a packet; then messages with three matches each
  retained       COUNT retained messages stored, delivered to a new subscriber, cleared
  queue          COUNT messages for N clients that are away, and what they get when they are back
  acks           N publishers to a client that is away: how soon what must be kept is acknowledged,
                 and whether all of it is there when the client is back
  churn          N clients connect, subscribe, publish, receive, disconnect, over and over
  storm          N clients lose their connections at once and come back; ten pairs talk meanwhile
Costs are told for each thing: what the broker spent, and how much its memory grew. Start the broker
anew for each of these: memory that it had before is not counted again.
Every message is numbered; what is lost, doubled or out of order is counted, and fails the run where
the quality of service forbids it (exit code 1).
)";

constexpr FlagTable table{"bench", "measure a broker", usage, groups, Positionals::allowed, notes};

}  // namespace

const FlagTable* bench_flags() { return &table; }

}  // namespace sluice::cli
