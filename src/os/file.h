// SPDX-License-Identifier: Apache-2.0
//
// Whole small files, read or replaced in one call. Blocks: for start-up, reload and /proc, never
// for a shard's turn.
#pragma once

#include "base/result.h"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::os {

/// The file's bytes; limit_exceeded if there are more than `bytes_max`.
Result<std::string> read_file(const std::string& path, std::size_t bytes_max);
/// Who may read what is written; only its owner writes.
enum class FileAccess : std::uint8_t { owner, everybody };
/// Puts `bytes` in the place of the file, whole or not at all.
Result<void> replace_file(const std::string& path, std::string_view bytes, FileAccess access);
/// The folder and those above it that are missing; nothing if it is there.
Result<void> make_folders(const std::string& path, FileAccess access);
/// permission_denied if others than the owner may read the file; nothing if it does not exist.
Result<void> check_is_private(const std::string& path);

}  // namespace sluice::os
