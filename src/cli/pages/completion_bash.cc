// SPDX-License-Identifier: Apache-2.0
#include "cli/pages/completion.h"
#include "cli/pages/flag_text.h"

namespace sluice::cli {
namespace {

struct Lists {
  std::string words;    ///< verbs and flags
  std::string values;   ///< flags whose value is anything
  std::string files;    ///< flags whose value is a file
  std::string folders;  ///< flags whose value is a folder
};

void add(std::string& list, const Flag& flag) {
  list += " --" + std::string(flag.name);
  if (flag.letter != '\0') list += std::string(" -") + flag.letter;
}

Lists lists_of(const FlagTable& table) {
  Lists lists;
  for (const Verb& verb : table.verbs) lists.words += " " + std::string(verb.name);
  for (const FlagGroup& group : table.groups) {
    for (const Flag& flag : group.flags) {
      add(lists.words, flag);
      switch (value_kind(flag)) {
        case ValueKind::none:
          break;
        case ValueKind::anything:
          add(lists.values, flag);
          break;
        case ValueKind::file:
          add(lists.files, flag);
          break;
        case ValueKind::folder:
          add(lists.folders, flag);
          break;
      }
    }
  }
  return lists;
}

}  // namespace

std::string bash_completion(std::span<const Command> commands) {
  std::string names;
  std::string cases;
  for (const Command& command : commands) {
    names += " " + std::string(command.name);
    if (command.flags == nullptr) continue;
    const Lists lists = lists_of(*command.flags());
    cases += "    " + std::string(command.name) + ")\n      words='" + lists.words +
             "'\n      values='" + lists.values + " '\n      files='" + lists.files +
             " '\n      folders='" + lists.folders + " ' ;;\n";
  }
  return "# bash completion for sluice; load it with: source <(sluice completion bash)\n"
         "_sluice() {\n"
         "  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}\n"
         "  local names='" +
         names +
         "' words='' values='' files='' folders=''\n"
         "  COMPREPLY=()\n"
         "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
         "    COMPREPLY=($(compgen -W \"$names --help --version\" -- \"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case ${COMP_WORDS[1]} in\n" +
         cases +
         "    help) words=$names ;;\n"
         "  esac\n"
         "  if [ \"$before\" = --context ]; then\n"
         "    COMPREPLY=($(compgen -W \"$(sluice context list --names 2>/dev/null)\" -- "
         "\"$word\"))\n"
         "    return\n"
         "  fi\n"
         "  case $files in *\" $before \"*) COMPREPLY=($(compgen -f -- \"$word\")); return ;; "
         "esac\n"
         "  case $folders in *\" $before \"*) COMPREPLY=($(compgen -d -- \"$word\")); return ;; "
         "esac\n"
         "  case $values in *\" $before \"*) return ;; esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
         "}\n"
         "complete -o default -F _sluice sluice\n";
}

}  // namespace sluice::cli
