// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/help.h"

#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/version.h"

#include <cstdio>

namespace sluice::cli {

int run_version(const Arguments&) {
  std::printf("%s\n", version_line());
  return exit_success;
}

int run_help(const Arguments& arguments) {
  if (!arguments.words.empty()) {
    const std::string& name = arguments.words.front();
    const Command* command = find_command(name);
    if (command == nullptr) {
      std::fprintf(stderr, "sluice help: %s\n", unknown_command_text(name).c_str());
      return exit_usage;
    }
    if (command->flags != nullptr) {
      std::fputs(help_text(*command->flags(), "sluice " + name).c_str(), stdout);
      return exit_success;
    }
  }
  std::printf("%s: an MQTT broker and the tools around it\n\nCommands:\n", version_line());
  for (const Command& command : all_commands()) {
    std::printf("  sluice %-10s %s\n", std::string(command.name).c_str(),
                std::string(command.sentence).c_str());
  }
  std::printf(
      "\n'sluice COMMAND --help' explains one of them. Try:\n"
      "  sluice serve\n"
      "  sluice sub 'sensors/#'\n"
      "  sluice pub sensors/1/temperature 21.5\n");
  return exit_success;
}

}  // namespace sluice::cli
