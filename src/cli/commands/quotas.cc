// SPDX-License-Identifier: Apache-2.0
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/commands/admin_flags.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <string>

namespace sluice::cli {
namespace {

constexpr Flag own_flags[] = {
    admin_flag,
    {"json", '\0', FlagKind::toggle, "", "one JSON object a line"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup groups[] = {{"Flags", own_flags}};
constexpr std::string_view usage[] = {"[--json] [--admin HOST:PORT]"};
constexpr FlagTable table{"quotas", "show what each user has of its quotas", usage, groups,
                          Positionals::refused};

void print(const nlohmann::json& one, bool is_json) {
  if (is_json)
    std::printf("%s\n", one.dump().c_str());
  else
    std::printf("%s  %s connections  %s subscriptions  %s B queued  %s retained\n",
                one["user"].get<std::string>().c_str(), one["connections"].dump().c_str(),
                one["subscriptions"].dump().c_str(), one["queue_bytes"].dump().c_str(),
                one["retained_messages"].dump().c_str());
}

}  // namespace

const FlagTable* quotas_flags() { return &table; }

int run_quotas(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return flags.error();
  const auto answer =
      ask_admin(flags->text("admin", default_admin_address), "GET", "/api/v1/quotas");
  if (!answer) return complain(arguments, answer.error(), exit_unreachable);
  const auto json = nlohmann::json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !json.is_object())
    return complain(arguments, "the broker answered " + std::to_string(answer->status),
                    exit_failure);
  for (const auto& one : json["quotas"]) print(one, flags->has("json"));
  return exit_success;
}

}  // namespace sluice::cli
