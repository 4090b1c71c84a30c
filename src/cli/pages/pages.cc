// SPDX-License-Identifier: Apache-2.0
//
// `sluice completion` and `sluice man`: print what the tables of the commands are turned into.
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/flags/command_line.h"
#include "cli/pages/completion.h"
#include "cli/pages/man_page.h"
#include "cli/pages/pages_flags.h"
#include "os/file.h"
#include "os/system_error.h"

#include <cstdio>

namespace sluice::cli {
namespace {

constexpr Flag own_flags[] = {
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup completion_groups[] = {{"Flags", own_flags}};
constexpr std::string_view completion_usage[] = {"bash", "zsh", "fish"};
constexpr Verb shells[] = {{"bash", "source <(sluice completion bash)"},
                           {"zsh", "source <(sluice completion zsh)"},
                           {"fish", "sluice completion fish | source"}};
constexpr FlagTable completion_table{"completion",
                                     "print the completion script of a shell",
                                     completion_usage,
                                     completion_groups,
                                     Positionals::allowed,
                                     {},
                                     shells};

constexpr Flag man_own_flags[] = {
    {"directory", '\0', FlagKind::text, "DIR",
     "write all manual pages and completion scripts below DIR, as they stand in /usr/share"},
    {"help", '\0', FlagKind::toggle, "", "show this and end"},
};
constexpr FlagGroup man_groups[] = {{"Flags", man_own_flags}};
constexpr std::string_view man_usage[] = {"[COMMAND]", "--directory DIR"};
constexpr FlagTable man_table{"man", "print a manual page, for man -l -", man_usage, man_groups,
                              Positionals::allowed};

struct Page {
  std::string path;
  std::string text;
};

std::vector<Page> all_pages() {
  const auto commands = all_commands();
  std::vector<Page> pages{{"man/man1/sluice.1", overview_man_page(commands)},
                          {"bash-completion/completions/sluice", bash_completion(commands)},
                          {"zsh/site-functions/_sluice", zsh_completion(commands)},
                          {"fish/vendor_completions.d/sluice.fish", fish_completion(commands)}};
  for (const Command& command : commands) {
    if (command.flags == nullptr) continue;
    pages.push_back({"man/man1/sluice-" + std::string(command.name) + ".1", man_page(command)});
  }
  return pages;
}

int write_pages(const Arguments& arguments, const std::string& folder) {
  for (const Page& page : all_pages()) {
    const std::string path = folder + "/" + page.path;
    auto done = os::make_folders(path.substr(0, path.rfind('/')), os::FileAccess::everybody);
    if (done) done = os::replace_file(path, page.text, os::FileAccess::everybody);
    if (!done) return complain(arguments, path + ": " + os::describe(done.error()), exit_failure);
  }
  return exit_success;
}

}  // namespace

const FlagTable* completion_flags() { return &completion_table; }
const FlagTable* man_flags() { return &man_table; }

int run_completion(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, completion_table);
  if (!flags) return flags.error();
  const std::string shell = flags->words().size() == 1 ? flags->words().front() : std::string();
  std::string text;
  if (shell == "bash") text = bash_completion(all_commands());
  if (shell == "zsh") text = zsh_completion(all_commands());
  if (shell == "fish") text = fish_completion(all_commands());
  if (text.empty()) return complain(arguments, "name a shell: bash, zsh or fish", exit_usage);
  std::fputs(text.c_str(), stdout);
  return exit_success;
}

int run_man(const Arguments& arguments) {
  const auto flags = parse_command_line(arguments, man_table);
  if (!flags) return flags.error();
  if (flags->has("directory")) return write_pages(arguments, std::string(flags->text("directory")));
  std::string text = overview_man_page(all_commands());
  if (!flags->words().empty()) {
    const Command* command = find_command(flags->words().front());
    if (command == nullptr || command->flags == nullptr) {
      return complain(arguments, "there is no page about '" + flags->words().front() + "'",
                      exit_usage);
    }
    text = man_page(*command);
  }
  std::fputs(text.c_str(), stdout);
  return exit_success;
}

}  // namespace sluice::cli
