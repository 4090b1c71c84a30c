// SPDX-License-Identifier: Apache-2.0
#include "cli/pages/command_reference.h"

#include "cli/flags/flag.h"

#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

namespace sluice::cli {
namespace {

TEST(CommandReference, CheckedInPageIsThatOfTheTables) {
  std::ifstream file(std::string(SLUICE_SOURCE_DIR) + "/docs/reference/commands.md");
  std::stringstream text;
  text << file.rdbuf();
  EXPECT_EQ(text.str(), command_reference(all_commands())) << "run: ninja reference";
}

TEST(CommandReference, NoCommandHasTwoFlagsOfOneSpelling) {
  for (const Command& command : all_commands()) {
    if (command.flags == nullptr) continue;
    std::set<std::string> seen;
    for (const FlagGroup& group : command.flags()->groups) {
      for (const Flag& flag : group.flags) {
        EXPECT_TRUE(seen.insert("--" + std::string(flag.name)).second)
            << command.name << " " << flag.name;
        if (flag.letter == '\0') continue;
        EXPECT_TRUE(seen.insert(std::string(1, flag.letter)).second)
            << command.name << " " << flag.letter;
      }
    }
  }
}

TEST(CommandReference, TableHasTheNameOfItsCommand) {
  for (const Command& command : all_commands()) {
    if (command.flags == nullptr) continue;
    EXPECT_EQ(command.flags()->command, command.name);
  }
}

}  // namespace
}  // namespace sluice::cli
