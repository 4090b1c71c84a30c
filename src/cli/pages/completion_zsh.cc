// SPDX-License-Identifier: Apache-2.0
#include "cli/pages/completion.h"
#include "cli/pages/flag_text.h"

namespace sluice::cli {
namespace {

/// Inside single quotes.
std::string zsh_quoted(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out;
}

std::string_view action(const Flag& flag) {
  if (flag.name == "context") return "($(sluice context list --names 2>/dev/null))";
  switch (value_kind(flag)) {
    case ValueKind::file:
      return "_files";
    case ValueKind::folder:
      return "_files -/";
    default:
      return " ";
  }
}

/// One line of _arguments: '(-t --topic)'{-t,--topic}'[sentence]:FILTER: '.
std::string argument(const Flag& flag) {
  const std::string name = "--" + std::string(flag.name);
  std::string meaning = "[" + escaped(flag.sentence, "[]:\\", '\\') + "]";
  if (takes_value(flag)) {
    meaning += ":" + escaped(flag.value, ":\\", '\\') + ":" + std::string(action(flag));
  }
  meaning = zsh_quoted(meaning);
  const bool is_list = flag.kind == FlagKind::list || flag.kind == FlagKind::property;
  if (flag.letter == '\0') {
    const std::string mark = is_list ? "*" : "";
    return "        '" + mark + name + meaning + "' \\\n";
  }
  const std::string both = std::string("-") + flag.letter + " " + name;
  const std::string mark = is_list ? "'*'" : "'(" + both + ")'";
  return "        " + mark + "{-" + flag.letter + "," + name + "}'" + meaning + "' \\\n";
}

std::string words_of(const FlagTable& table) {
  if (table.verbs.empty()) return "        '*:word:_files'\n";
  std::string verbs;
  for (const Verb& verb : table.verbs) {
    verbs += " " + std::string(verb.name) +
             "\\:" + escaped(zsh_quoted(verb.sentence), " ()[]:\\;&|<>\"`$", '\\');
  }
  return "        '1:what:((" + verbs + "))' '*:word:_files'\n";
}

}  // namespace

std::string zsh_completion(std::span<const Command> commands) {
  std::string out =
      "#compdef sluice\n"
      "# zsh completion for sluice: put it into a folder of $fpath as _sluice, or load it with\n"
      "#   source <(sluice completion zsh)\n"
      "_sluice() {\n"
      "  local -a commands=(\n";
  for (const Command& command : commands) {
    out += "    '" + std::string(command.name) + ":" + zsh_quoted(command.sentence) + "'\n";
  }
  out +=
      "  )\n"
      "  if (( CURRENT == 2 )); then\n"
      "    _describe command commands\n"
      "    return\n"
      "  fi\n"
      "  local command=${words[2]}\n"
      "  shift words\n"
      "  (( CURRENT-- ))\n"
      "  case $command in\n"
      "    help) _describe command commands ;;\n";
  for (const Command& command : commands) {
    if (command.flags == nullptr) continue;
    out += "    " + std::string(command.name) + ")\n      _arguments -s \\\n";
    for (const FlagGroup& group : command.flags()->groups) {
      for (const Flag& flag : group.flags) out += argument(flag);
    }
    out += words_of(*command.flags()) + "      ;;\n";
  }
  return out +
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _sluice ]; then _sluice \"$@\"; else compdef _sluice sluice; "
         "fi\n";
}

}  // namespace sluice::cli
