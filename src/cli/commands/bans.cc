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
    {"seconds", '\0', FlagKind::integer, "N", "add: for how long (3600)", 1, 4'294'967'295},
    admin_flag,
    {"json", '\0', FlagKind::toggle, "", "one JSON object a line"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup groups[] = {{"Flags", own_flags}};
constexpr std::string_view usage[] = {"[--json] [--admin HOST:PORT]",
                                      "add ADDRESS [--seconds N] [--admin HOST:PORT]",
                                      "remove ADDRESS [--admin HOST:PORT]"};
constexpr FlagTable table{"bans", "list, add and end bans of addresses", usage, groups,
                          Positionals::allowed};

void print(const nlohmann::json& ban, bool is_json) {
  if (is_json)
    std::printf("%s\n", ban.dump().c_str());
  else
    std::printf("%s  %s s left  %s\n", ban["address"].get<std::string>().c_str(),
                ban["seconds_left"].dump().c_str(), ban["cause"].get<std::string>().c_str());
}

}  // namespace

const FlagTable* bans_flags() { return &table; }

int run_bans(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, table);
  if (!flags) return flags.error();
  const auto& words = flags->words();
  const bool is_add = words.size() == 2 && words[0] == "add";
  const bool is_remove = words.size() == 2 && words[0] == "remove";
  if (!words.empty() && !is_add && !is_remove)
    return complain(arguments, "allowed is nothing, add ADDRESS or remove ADDRESS", exit_usage);
  std::string target = "/api/v1/bans";
  if (!words.empty()) target += "/" + encoded_segment(words[1]);
  if (is_add && flags->has("seconds")) target += "?seconds=" + std::string(flags->text("seconds"));
  const auto answer = ask_admin(flags->text("admin", default_admin_address),
                                is_add      ? "PUT"
                                : is_remove ? "DELETE"
                                            : "GET",
                                target);
  if (!answer) return complain(arguments, answer.error(), exit_unreachable);
  const auto json = nlohmann::json::parse(answer->body, nullptr, false);
  if (answer->status != 200 || !json.is_object())
    return complain(arguments,
                    json.is_object() && json.contains("error")
                        ? json["error"].get<std::string>()
                        : "the broker answered " + std::to_string(answer->status),
                    exit_failure);
  if (words.empty())
    for (const auto& ban : json["bans"]) print(ban, flags->has("json"));
  return exit_success;
}

}  // namespace sluice::cli
