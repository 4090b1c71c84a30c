// SPDX-License-Identifier: Apache-2.0
//
// A Flag is one row of a command's table: its spellings, what value it takes, and the sentence that
// explains it. Parser, --help, completion and man page are all made from these rows.
//
// Owner:   constexpr tables beside the commands.
// Never:   meaning. What a flag does stands in the command that reads it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::cli {

enum class FlagKind : std::uint8_t {
  toggle,    ///< takes no value
  text,      ///< one value; given twice, the last one counts
  list,      ///< one value each time it is given; all count, in order
  integer,   ///< a whole number from `least` to `most`
  decimal,   ///< a number from `least` to `most`, with a fraction allowed
  property,  ///< COMMAND NAME VALUE, or COMMAND user-property NAME VALUE
};

/// What a flag needs that a build may not have.
enum class FlagNeed : std::uint8_t { nothing, tls };

struct Flag {
  std::string_view name;  ///< the long spelling without dashes; every flag has one
  char letter = '\0';     ///< the short spelling, '\0' if there is none
  FlagKind kind = FlagKind::toggle;
  std::string_view value;     ///< the value's name in the help, empty for a toggle
  std::string_view sentence;  ///< what it does, one sentence without a full stop
  std::int64_t least = 0;
  std::int64_t most = 0;
  FlagNeed need = FlagNeed::nothing;
};

/// A headed part of a command's table; commands share the parts about the connection.
struct FlagGroup {
  std::string_view title;
  std::span<const Flag> flags;
};

/// What a command with several things to do is told by its first word.
struct Verb {
  std::string_view name;
  std::string_view sentence;
};

enum class Positionals : std::uint8_t { refused, allowed };

/// All that parser, help, completion and manual page know of one command.
struct FlagTable {
  std::string_view command;
  std::string_view sentence;
  std::span<const std::string_view> usage;
  std::span<const FlagGroup> groups;
  Positionals positionals = Positionals::refused;
  std::string_view notes{};  ///< stands behind the flags in the help
  std::span<const Verb> verbs{};
};

/// The row with this long name, or null.
const Flag* find_flag(const FlagTable& table, std::string_view name);
/// The row with this letter, or null.
const Flag* find_flag(const FlagTable& table, char letter);

constexpr bool takes_value(const Flag& flag) { return flag.kind != FlagKind::toggle; }

}  // namespace sluice::cli
