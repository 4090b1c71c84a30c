// SPDX-License-Identifier: Apache-2.0
#include "cli/admin_client.h"
#include "cli/commands.h"
#include "cli/commands/admin_flags.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "cli/output/terminal_text.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

namespace sluice::cli {
namespace {

// Escaped, so that a client's name cannot command the terminal.
constexpr Flag clients_own_flags[] = {
    admin_flag,
    {"connected", '\0', FlagKind::toggle, "", "leave out sessions whose client is away"},
    {"json", '\0', FlagKind::toggle, "", "one JSON object a line"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup clients_groups[] = {{"Flags", clients_own_flags}};
constexpr std::string_view clients_usage[] = {"[--connected] [--json] [--admin HOST:PORT]"};
constexpr FlagTable clients_table{"clients", "list clients and their sessions", clients_usage,
                                  clients_groups, Positionals::refused};

constexpr Flag kick_own_flags[] = {
    admin_flag,
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup kick_groups[] = {{"Flags", kick_own_flags}};
constexpr std::string_view kick_usage[] = {"CLIENT-ID [--admin HOST:PORT]"};
constexpr FlagTable kick_table{"kick", "disconnect a client; its session stays", kick_usage,
                               kick_groups, Positionals::allowed};

std::string text_of(const nlohmann::json& value) {
  if (value.is_string()) return printable(value.get<std::string>());
  if (value.is_null()) return "-";
  return value.dump();
}

constexpr const char* columns[] = {"client",        "connected",     "address",
                                   "protocol",      "subscriptions", "inflight_messages",
                                   "queue_messages"};

// In columns as wide as their widest value.
void print_table(const std::vector<nlohmann::json>& clients) {
  std::vector<std::vector<std::string>> rows{
      {"CLIENT", "CONNECTED", "ADDRESS", "MQTT", "SUBS", "INFLIGHT", "QUEUED"}};
  for (const auto& client : clients) {
    std::vector<std::string> row;
    for (const char* column : columns)
      row.push_back(client.contains(column) ? text_of(client[column]) : "-");
    rows.push_back(std::move(row));
  }
  std::vector<std::size_t> widths(rows.front().size());
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i)
      line += row[i] + std::string(widths[i] + 2 - row[i].size(), ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    std::printf("%s\n", line.c_str());
  }
}

}  // namespace

const FlagTable* clients_flags() { return &clients_table; }
const FlagTable* kick_flags() { return &kick_table; }

int run_clients(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, clients_table);
  if (!flags) return flags.error();
  std::vector<nlohmann::json> all;
  std::string after;
  while (true) {
    std::string target = "/api/v1/clients?limit=1000";
    if (flags->has("connected")) target += "&connected=true";
    if (!after.empty()) target += "&after=" + encoded_segment(after);
    const auto answer = ask_admin(flags->text("admin", default_admin_address), "GET", target);
    if (!answer) return complain(arguments, answer.error(), exit_unreachable);
    const auto page = nlohmann::json::parse(answer->body, nullptr, false);
    if (answer->status != 200 || page.is_discarded())
      return complain(arguments,
                      "the broker answered " + std::to_string(answer->status) + ": " + answer->body,
                      exit_failure);
    for (const auto& client : page["clients"]) all.push_back(client);
    if (!page["next_after"].is_string()) break;
    after = page["next_after"].get<std::string>();
  }
  if (flags->has("json"))
    for (const auto& client : all) std::printf("%s\n", client.dump().c_str());
  else
    print_table(all);
  return exit_success;
}

int run_kick(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, kick_table);
  if (!flags) return flags.error();
  if (flags->words().size() != 1)
    return complain(arguments, "give one client identifier; `sluice clients` lists them",
                    exit_usage);
  const std::string& client = flags->words().front();
  const auto answer = ask_admin(flags->text("admin", default_admin_address), "DELETE",
                                "/api/v1/clients/" + encoded_segment(client));
  if (!answer) return complain(arguments, answer.error(), exit_unreachable);
  if (answer->status == 404)
    return complain(arguments, "no client '" + printable(client) + "' is connected", exit_failure);
  if (answer->status >= 300)
    return complain(arguments,
                    "the broker answered " + std::to_string(answer->status) + ": " + answer->body,
                    exit_failure);
  std::printf("disconnected %s\n", printable(client).c_str());
  return exit_success;
}

}  // namespace sluice::cli
