// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing TOML text. toml++ stays in the .cc.
//
// Limits:  file_bytes_max, file_depth_max.    Thread: any (pure).
#pragma once

#include "config/quantity.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::config {

inline constexpr std::size_t file_bytes_max = 16U << 20U;
inline constexpr std::size_t file_depth_max = 16;

/// What a key may hold that no option takes: "a table", "a date".
struct OtherKind {
  std::string_view name;
};

using TomlValue =
    std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, OtherKind>;

struct TomlEntry {
  std::string path;  ///< keys joined by dots
  std::uint32_t line = 0;
  TomlValue value;
};

struct TomlError {
  std::uint32_t line = 0;
  std::string text;
};

/// Every key that holds a value, in the order of the lines.
std::expected<std::vector<TomlEntry>, TomlError> read_toml(std::string_view text);

/// A TOML string, with what needs it escaped.
std::string quoted(std::string_view text);
std::string quoted_list(const std::vector<std::string>& texts);

}  // namespace sluice::config
