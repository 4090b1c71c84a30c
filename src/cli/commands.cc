// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

#include "cli/commands/acl_flags.h"
#include "cli/commands/admin_flags.h"
#include "cli/commands/bench_flags.h"
#include "cli/commands/passwd_flags.h"
#include "cli/commands/pub_flags.h"
#include "cli/commands/serve_flags.h"
#include "cli/commands/sub_flags.h"
#include "cli/compare/compare_flags.h"
#include "cli/context/context_flags.h"
#include "cli/diagnose/diagnose_flags.h"
#include "cli/pages/pages_flags.h"
#include "cli/recording/recording_flags.h"
#include "cli/request/request_flags.h"
#include "cli/retained/retained_flags.h"
#include "cli/screen/screen_flags.h"
#include "cli/simulate/simulate_flags.h"
#include "cli/store/store_flags.h"
#include "config/near_name.h"

namespace sluice::cli {
namespace {

constexpr Command commands[] = {
    {"serve", "run the broker", run_serve, serve_flags},
    {"pub", "publish messages", run_pub, pub_flags},
    {"sub", "subscribe to topics and print what comes", run_sub, sub_flags},
    {"request", "publish a request and print its answer", run_request, request_flags},
    {"reply", "answer requests", run_reply, reply_flags},
    {"passwd", "add, change and delete users of a password file", run_passwd, passwd_flags},
    {"acl", "explain what access rules allow", run_acl, acl_flags},
    {"clients", "list clients and their sessions", run_clients, clients_flags},
    {"kick", "disconnect a client; its session stays", run_kick, kick_flags},
    {"quotas", "show what each user has of its quotas", run_quotas, quotas_flags},
    {"bans", "list, add and end bans of addresses", run_bans, bans_flags},
    {"bench", "measure a broker", run_bench, bench_flags},
    {"retained", "list, remove, export and import retained messages", run_retained, retained_flags},
    {"store", "check, mend and copy what is on disk", run_store, store_flags},
    {"record", "write messages to a file, with their times", run_record, record_flags},
    {"replay", "publish the messages of a recording again", run_replay, replay_flags},
    {"simulate", "publish the telemetry of devices that there are not", run_simulate,
     simulate_flags},
    {"explore", "a tree of topics with values, rates and plots", run_explore, explore_flags},
    {"top", "what a broker does: rates, busiest topics, clients", run_top, top_flags},
    {"doctor", "what is wrong between here and a broker", run_doctor, doctor_flags},
    {"test", "try what any broker can, feature by feature", run_test, test_flags},
    {"compare", "measure MQTT beside HTTP", run_compare, compare_flags},
    {"context", "named connections", run_context, context_flags},
    {"completion", "print the completion script of a shell", run_completion, completion_flags},
    {"man", "print a manual page", run_man, man_flags},
    {"version", "print the version", run_version, nullptr},
    {"help", "explain the commands", run_help, nullptr},
};

}  // namespace

std::span<const Command> all_commands() { return commands; }

const Command* find_command(std::string_view name) {
  for (const Command& command : commands) {
    if (command.name == name) return &command;
  }
  return nullptr;
}

std::string unknown_command_text(std::string_view name) {
  std::vector<std::string> names;
  for (const Command& command : commands) names.emplace_back(command.name);
  const std::string meant = config::nearest_name(name, names);
  return "there is no command '" + std::string(name) + "'; " +
         (meant.empty() ? "'sluice help' lists them all" : "did you mean '" + meant + "'?");
}

}  // namespace sluice::cli
