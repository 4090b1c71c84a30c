// SPDX-License-Identifier: Apache-2.0
//
// parse_flags() turns the words of a command line into ParsedFlags by a FlagTable. Properties
// (-D COMMAND NAME VALUE) and words that belong to no flag are taken out first; the rest goes
// through CLI11, which no other file includes. Flags that this build cannot serve are refused.
#pragma once

#include "cli/flags/flag.h"
#include "cli/flags/parsed_flags.h"

#include <expected>
#include <string>
#include <vector>

namespace sluice::cli {

/// What was wrong with the command line, in a sentence for the user.
struct UsageError {
  std::string text;
};

template <class T>
using Parsed = std::expected<T, UsageError>;

/// What a function that returns Parsed ends with; the text says what is wrong and what is allowed.
inline std::unexpected<UsageError> refuse(std::string text) {
  return std::unexpected(UsageError{std::move(text)});
}

/// `words` without the program's and the command's name.
Parsed<ParsedFlags> parse_flags(const FlagTable& table, const std::vector<std::string>& words);

}  // namespace sluice::cli
