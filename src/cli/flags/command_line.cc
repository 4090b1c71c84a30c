// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/command_line.h"

#include "cli/exit_code.h"
#include "cli/flags/help.h"

#include <cstdio>

namespace sluice::cli {

std::expected<ParsedFlags, int> parse_command_line(const Arguments& arguments,
                                                   const FlagTable& table) {
  auto flags = parse_flags(table, arguments.words);
  if (!flags) {
    complain(arguments, flags.error().text, exit_usage);
    std::fprintf(stderr, "Use '%s --help' to see all flags.\n", arguments.program.c_str());
    return std::unexpected(exit_usage);
  }
  if (!flags->has("help")) return std::move(*flags);
  std::fputs(help_text(table, arguments.program).c_str(), stdout);
  return std::unexpected(exit_success);
}

int complain(const Arguments& arguments, std::string_view text, int code) {
  std::fprintf(stderr, "%s: %.*s\n", arguments.program.c_str(), static_cast<int>(text.size()),
               text.data());
  return code;
}

}  // namespace sluice::cli
