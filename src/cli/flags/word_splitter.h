// SPDX-License-Identifier: Apache-2.0
//
// split_words() separates a command line into what CLI11 can parse (flags with at most one value)
// and what it cannot: properties of three or four words, and words that belong to no flag, even
// where they look like a flag (a payload of -5).
#pragma once

#include "cli/flags/flag_parser.h"

namespace sluice::cli {

struct SplitWords {
  std::vector<std::string> flags;
  std::vector<std::string> words;
  std::vector<PropertyWords> properties;
};

Parsed<SplitWords> split_words(const FlagTable& table, const std::vector<std::string>& words);

}  // namespace sluice::cli
