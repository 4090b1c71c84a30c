// SPDX-License-Identifier: Apache-2.0
//
// Whole small files, read or replaced in one call. Blocks: for start-up, reload and /proc, never
// for a shard's turn.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <string>
#include <string_view>

namespace sluice::os {

/// The file's bytes; limit_exceeded if there are more than `bytes_max`.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

}  // namespace sluice::os
