// SPDX-License-Identifier: Apache-2.0
//
// From errno to an Error: one mapping for all system calls of this folder.
#pragma once

#include "base/result.h"

#include <string>

namespace sluice::os {

/// The code that fits `number` (io_error if none does), `number` itself, and `detail`: what was
/// tried.
Failure system_failure(int number, const char* detail);
/// As above with the calling thread's errno.
Failure system_failure(const char* detail);
/// "listen: Address already in use", for a line to an operator.
std::string describe(const Error& error);

}  // namespace sluice::os
