// SPDX-License-Identifier: Apache-2.0
//
// What the pages about commands have in common: how a flag is written, and what its value is.
#pragma once

#include "cli/flags/flag.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace sluice::cli {

/// What a shell can offer for a flag's value.
enum class ValueKind : std::uint8_t { none, anything, file, folder };

constexpr ValueKind value_kind(const Flag& flag) {
  if (!takes_value(flag)) return ValueKind::none;
  if (flag.value == "FILE" || flag.value == "PATH") return ValueKind::file;
  return flag.value == "DIR" ? ValueKind::folder : ValueKind::anything;
}

/// "-t, --topic FILTER".
inline std::string flag_spellings(const Flag& flag) {
  std::string out;
  if (flag.letter != '\0') out = std::string("-") + flag.letter + ", ";
  out += "--" + std::string(flag.name);
  if (!flag.value.empty()) out += " " + std::string(flag.value);
  return out;
}

/// The text with each character of `special` behind `escape`.
inline std::string escaped(std::string_view text, std::string_view special, char escape) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += escape;
    out += c;
  }
  return out;
}

}  // namespace sluice::cli
