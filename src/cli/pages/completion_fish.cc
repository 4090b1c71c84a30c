// SPDX-License-Identifier: Apache-2.0
#include "cli/pages/completion.h"
#include "cli/pages/flag_text.h"

namespace sluice::cli {
namespace {

/// In single quotes.
std::string fish_quoted(std::string_view text) { return "'" + escaped(text, "'\\", '\\') + "'"; }

std::string flag_line(const Flag& flag, const std::string& begin) {
  std::string line = begin;
  if (flag.letter != '\0') line += std::string(" -s ") + flag.letter;
  line += " -l " + std::string(flag.name) + " -d " + fish_quoted(flag.sentence);
  if (flag.name == "context")
    line += " -x -a '(sluice context list --names 2>/dev/null)'";
  else if (value_kind(flag) == ValueKind::anything)
    line += " -x";
  else if (value_kind(flag) == ValueKind::file)
    line += " -r -F";
  else if (value_kind(flag) == ValueKind::folder)
    line += " -x -a '(__fish_complete_directories)'";
  return line + "\n";
}

}  // namespace

std::string fish_completion(std::span<const Command> commands) {
  std::string out =
      "# fish completion for sluice; load it with: sluice completion fish | source\n"
      "complete -c sluice -f\n"
      "complete -c sluice -n __fish_use_subcommand -l help -d 'list the commands'\n"
      "complete -c sluice -n __fish_use_subcommand -l version -d 'the version'\n";
  for (const Command& command : commands) {
    const std::string name(command.name);
    out += "complete -c sluice -n __fish_use_subcommand -a " + name + " -d " +
           fish_quoted(command.sentence) + "\n";
    out += "complete -c sluice -n '__fish_seen_subcommand_from help' -a " + name + "\n";
    if (command.flags == nullptr) continue;
    const std::string begin = "complete -c sluice -n '__fish_seen_subcommand_from " + name + "'";
    for (const Verb& verb : command.flags()->verbs) {
      out += begin + " -a " + std::string(verb.name) + " -d " + fish_quoted(verb.sentence) + "\n";
    }
    for (const FlagGroup& group : command.flags()->groups) {
      for (const Flag& flag : group.flags) out += flag_line(flag, begin);
    }
  }
  return out;
}

}  // namespace sluice::cli
