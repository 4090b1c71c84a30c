// SPDX-License-Identifier: Apache-2.0
//
// The program `sluice`: picks the command by its first word, or by the name it was called by.
#include "cli/commands.h"
#include "cli/commands/passwd_flags.h"
#include "cli/exit_code.h"
#include "os/process/standard_streams.h"

#include <cstdio>
#include <string_view>

namespace sluice::cli {
namespace {

std::string_view base_name(std::string_view path) {
  const auto slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

int unknown(std::string_view word) {
  std::fprintf(stderr, "sluice: %s\n", unknown_command_text(word).c_str());
  return exit_usage;
}

/// The command that a first word asks for; some say it as a flag.
std::string_view command_name(std::string_view word) {
  if (word == "--help" || word == "-h") return "help";
  if (word == "--version" || word == "-V") return "version";
  return word;
}

/// Names that the program may be called by, and what it is then.
struct DropIn {
  std::string_view name;
  int (*run)(const Arguments& arguments);
  std::string_view default_version{};
};

constexpr DropIn drop_ins[] = {
    {"mosquitto_pub", run_pub},
    {"mosquitto_sub", run_sub},
    {"mosquitto_passwd", run_passwd},
    {"mosquitto_rr", run_request, "5"},
};

int run(std::vector<std::string> words) {
  const std::string name(words.empty() ? "sluice" : base_name(words.front()));
  if (!words.empty()) words.erase(words.begin());
  for (const DropIn& drop_in : drop_ins) {
    if (drop_in.name != name) continue;
    return drop_in.run({name, Personality::mosquitto, std::move(words), drop_in.default_version});
  }
  if (words.empty()) return run_help({"sluice", Personality::native, {}}), exit_usage;
  const std::string word = words.front();
  words.erase(words.begin());
  const Command* command = find_command(command_name(word));
  if (command == nullptr) return unknown(word);
  return command->run({"sluice " + word, Personality::native, std::move(words)});
}

}  // namespace
}  // namespace sluice::cli

int main(int count, char** words) {
  sluice::os::ignore_broken_pipes();
  return sluice::cli::run(std::vector<std::string>(words, words + count));
}
