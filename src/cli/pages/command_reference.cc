// SPDX-License-Identifier: Apache-2.0
#include "cli/pages/command_reference.h"

#include "cli/pages/flag_text.h"

#include <algorithm>
#include <string_view>
#include <vector>

namespace sluice::cli {
namespace {

std::string cell(std::string_view text) { return escaped(text, "|*_<>", '\\'); }

void append_flags(const FlagGroup& group, std::string& out) {
  out += "| Flag | |\n|---|---|\n";
  for (const Flag& flag : group.flags) {
    out += "| `" + flag_spellings(flag) + "` | " + cell(flag.sentence) + " |\n";
  }
  out += '\n';
}

/// Parts that several commands have are written once, at the end.
using SharedGroups = std::vector<const FlagGroup*>;

bool is_same(const FlagGroup& a, const FlagGroup& b) { return a.flags.data() == b.flags.data(); }

SharedGroups shared_groups(std::span<const Command> commands) {
  SharedGroups seen;
  SharedGroups shared;
  for (const Command& command : commands) {
    if (command.flags == nullptr) continue;
    for (const FlagGroup& group : command.flags()->groups) {
      const auto same = [&group](const FlagGroup* other) { return is_same(group, *other); };
      if (std::ranges::none_of(seen, same))
        seen.push_back(&group);
      else if (std::ranges::none_of(shared, same))
        shared.push_back(&group);
    }
  }
  return shared;
}

void append_command(const Command& command, const SharedGroups& shared, std::string& out) {
  const std::string name(command.name);
  out += "## sluice " + name + "\n\n" + std::string(command.sentence) + "\n\n";
  if (command.flags == nullptr) return;
  const FlagTable& table = *command.flags();
  out += "```\n";
  for (const std::string_view usage : table.usage) {
    out += "sluice " + name + " " + std::string(usage) + "\n";
  }
  out += "```\n\n";
  for (const Verb& verb : table.verbs) {
    out += "- `" + std::string(verb.name) + "`: " + std::string(verb.sentence) + "\n";
  }
  if (!table.verbs.empty()) out += '\n';
  std::string elsewhere;
  for (const FlagGroup& group : table.groups) {
    const auto same = [&group](const FlagGroup* other) { return is_same(group, *other); };
    if (std::ranges::any_of(shared, same)) {
      elsewhere += (elsewhere.empty() ? "" : ", ") + std::string(group.title);
      continue;
    }
    if (table.groups.size() > 1) out += "**" + std::string(group.title) + "**\n\n";
    append_flags(group, out);
  }
  if (!elsewhere.empty()) out += "And, as below: " + elsewhere + ".\n\n";
  if (!table.notes.empty()) out += "```\n" + std::string(table.notes) + "```\n\n";
}

}  // namespace

std::string command_reference(std::span<const Command> commands) {
  std::string out =
      "# Commands\n\n"
      "Written from the tables of the commands by `ninja reference`; `sluice COMMAND --help` and "
      "the "
      "manual pages\nsay the same.\n\n";
  const SharedGroups shared = shared_groups(commands);
  for (const Command& command : commands) append_command(command, shared, out);
  out += "## Flags of several commands\n\n";
  for (const FlagGroup* group : shared) {
    out += "**" + std::string(group->title) + "**\n\n";
    append_flags(*group, out);
  }
  while (out.ends_with("\n\n")) out.pop_back();
  return out;
}

}  // namespace sluice::cli
