// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "os/stream_file.h"

#include <string>

namespace sluice::cli {

/// The file of that name; "-" is standard input.
Result<os::StreamFile> open_recording(const std::string& name);

}  // namespace sluice::cli
