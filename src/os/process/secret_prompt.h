// SPDX-License-Identifier: Apache-2.0
//
// Asks a person for a secret: a line of standard input, without an echo where that is a terminal.
//
// Thread: that of a command, not of a server.
#pragma once

#include "base/result.h"
#include "base/secret.h"

#include <string_view>

namespace sluice::os {

/// The line without its end; closed if there is none. The prompt is for terminals only.
Result<Secret> read_secret_line(std::string_view prompt);

}  // namespace sluice::os
