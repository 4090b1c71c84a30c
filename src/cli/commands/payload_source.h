// SPDX-License-Identifier: Apache-2.0
//
// The payload that a command line gives: a word behind the topic, or -m, -f, -s, -n, -l.
//
// Limits:  a payload as long as a packet can be.
#pragma once

#include "cli/flags/flag_parser.h"

#include <string>
#include <vector>

namespace sluice::cli {

/// Exactly one source must be given; `words` are those behind the topic. Reads the file, or all of
/// standard input; empty for -n and for -l, whose lines are read later. Blocks.
Parsed<std::string> given_payload(const ParsedFlags& flags, const std::vector<std::string>& words);

}  // namespace sluice::cli
