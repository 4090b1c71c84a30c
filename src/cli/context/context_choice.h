// SPDX-License-Identifier: Apache-2.0
//
// Which saved context a command line uses, if any.
#pragma once

#include "cli/flags/flag_parser.h"

#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

/// What decides beside the command line.
struct ContextChoice {
  std::string file;  ///< ContextStore::path()
  std::string url;   ///< SLUICE_URL
  std::string name;  ///< SLUICE_CONTEXT
};

/// The words of the context to put in front. --context decides; without it a broker that is named
/// by flag, word or SLUICE_URL leaves contexts out; then SLUICE_CONTEXT, then the one in use.
Parsed<std::vector<std::string>> context_words(const ParsedFlags& flags,
                                               const ContextChoice& choice);

}  // namespace sluice::cli
