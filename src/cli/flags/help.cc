// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/help.h"

#include <algorithm>

namespace sluice::cli {
namespace {

constexpr std::size_t sentence_column = 32;
constexpr std::size_t line_columns = 100;

std::string help_spelling(const Flag& flag) {
  std::string out = "  ";
  if (flag.letter != '\0')
    out += std::string("-") + flag.letter + ", ";
  else
    out += "    ";
  out += "--" + std::string(flag.name);
  if (!flag.value.empty()) out += " " + std::string(flag.value);
  return out;
}

/// Appends words, breaking lines at the column of the sentences.
void append_wrapped(std::string& out, std::string_view sentence) {
  std::size_t column = sentence_column;
  while (!sentence.empty()) {
    const auto word = sentence.substr(0, sentence.find(' '));
    sentence.remove_prefix(std::min(word.size() + 1, sentence.size()));
    if (column > sentence_column && column + word.size() + 1 > line_columns) {
      out += "\n" + std::string(sentence_column, ' ');
      column = sentence_column;
    } else if (column > sentence_column) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  out += '\n';
}

void append_flag(std::string& out, const Flag& flag) {
  std::string left = help_spelling(flag);
  if (left.size() + 2 > sentence_column)
    left += "\n" + std::string(sentence_column, ' ');
  else
    left.resize(sentence_column, ' ');
  out += left;
  append_wrapped(out, flag.sentence);
}

}  // namespace

std::string help_text(const FlagTable& table, std::string_view program) {
  std::string out = std::string(program) + ": " + std::string(table.sentence) + "\n\nUsage:\n";
  for (const std::string_view usage : table.usage) {
    out += "  " + std::string(program) + " " + std::string(usage) + "\n";
  }
  if (!table.verbs.empty()) out += "\nCommands:\n";
  for (const Verb& verb : table.verbs) {
    std::string left = "  " + std::string(verb.name);
    left.resize(std::max(left.size() + 1, sentence_column), ' ');
    out += left;
    append_wrapped(out, verb.sentence);
  }
  for (const FlagGroup& group : table.groups) {
    out += "\n" + std::string(group.title) + ":\n";
    for (const Flag& flag : group.flags) append_flag(out, flag);
  }
  if (!table.notes.empty()) out += "\n" + std::string(table.notes);
  return out;
}

}  // namespace sluice::cli
