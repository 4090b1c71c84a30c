// SPDX-License-Identifier: Apache-2.0
//
// The table of commands: `sluice NAME …` runs the row of that name. A new command is a file in
// commands/ and a row in commands.cc.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

struct FlagTable;

/// Whose manners the program has: called by mosquitto's names it answers with their defaults,
/// formats and exit codes.
enum class Personality : std::uint8_t { native, mosquitto };

struct Arguments {
  std::string program;  ///< as the user called it, for messages: "sluice pub", "mosquitto_pub"
  Personality personality = Personality::native;
  std::vector<std::string> words;  ///< behind the command's name
  /// What -V is if nobody says; empty: the personality's own.
  std::string_view default_version{};
};

struct Command {
  std::string_view name;
  std::string_view sentence;
  int (*run)(const Arguments& arguments);
  /// The flags, for completion and manual pages; null for a command without any.
  const FlagTable* (*flags)() = nullptr;
};

std::span<const Command> all_commands();
/// Null if there is no such command.
const Command* find_command(std::string_view name);
/// "there is no command 'pbu'; did you mean 'pub'?"
std::string unknown_command_text(std::string_view name);

int run_pub(const Arguments& arguments);
int run_sub(const Arguments& arguments);
int run_request(const Arguments& arguments);
int run_reply(const Arguments& arguments);
int run_serve(const Arguments& arguments);
int run_clients(const Arguments& arguments);
int run_kick(const Arguments& arguments);
int run_bans(const Arguments& arguments);
int run_quotas(const Arguments& arguments);
int run_bench(const Arguments& arguments);
int run_store(const Arguments& arguments);
int run_retained(const Arguments& arguments);
int run_record(const Arguments& arguments);
int run_replay(const Arguments& arguments);
int run_simulate(const Arguments& arguments);
int run_compare(const Arguments& arguments);
int run_test(const Arguments& arguments);
int run_doctor(const Arguments& arguments);
int run_explore(const Arguments& arguments);
int run_top(const Arguments& arguments);
int run_context(const Arguments& arguments);
int run_completion(const Arguments& arguments);
int run_man(const Arguments& arguments);
int run_version(const Arguments& arguments);
int run_help(const Arguments& arguments);

}  // namespace sluice::cli
