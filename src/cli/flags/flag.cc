// SPDX-License-Identifier: Apache-2.0
#include "cli/flags/flag.h"

namespace sluice::cli {

const Flag* find_flag(const FlagTable& table, std::string_view name) {
  for (const FlagGroup& group : table.groups) {
    for (const Flag& flag : group.flags) {
      if (flag.name == name) return &flag;
    }
  }
  return nullptr;
}

const Flag* find_flag(const FlagTable& table, char letter) {
  if (letter == '\0') return nullptr;
  for (const FlagGroup& group : table.groups) {
    for (const Flag& flag : group.flags) {
      if (flag.letter == letter) return &flag;
    }
  }
  return nullptr;
}

}  // namespace sluice::cli
