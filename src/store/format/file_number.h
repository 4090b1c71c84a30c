// SPDX-License-Identifier: Apache-2.0
//
// Names of the numbered files of a log: twelve digits, so that they stand in order, and what kind
// of file it is.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::store {

/// "<directory>/000000000007.segment" for 7 and ".segment".
std::string numbered_path(const std::string& directory, std::uint64_t number,
                          std::string_view suffix);
/// The number of such a file, from 1; nothing for other names.
std::optional<std::uint64_t> file_number(std::string_view file_name, std::string_view suffix);

}  // namespace sluice::store
