// SPDX-License-Identifier: Apache-2.0
//
// OptionValue is the value of one option, outside any struct: parsed from text, checked against its
// row, compared, printed, read from and stored into the field.
//
// Thread: any (pure).
#pragma once

#include "base/option_row.h"
#include "config/quantity.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace sluice::config {

/// Which of the spellings of an OptionType::words, from 0.
struct WordIndex {
  std::uint8_t index = 0;
  bool operator==(const WordIndex&) const = default;
};

/// integer and bytes are std::uint64_t.
using OptionValue = std::variant<bool, std::uint64_t, double, Duration, std::string,
                                 std::vector<std::string>, WordIndex>;

/// "mqtt.receive_maximum".
std::string option_path(const OptionRow& row);

/// From the text of a command line, an environment variable or a quoted value; a list is parted by
/// commas. The error says what the type or the range allows.
Parsed<OptionValue> parse_option(const OptionRow& row, std::string_view text);

/// The value itself if the row's range allows it, else a sentence with the range and its unit.
Parsed<OptionValue> check_option(const OptionRow& row, OptionValue value);

/// As it is written in a configuration file: 1000, true, "64KiB", ["a", "b"].
std::string format_option(const OptionRow& row, const OptionValue& value);

/// What is allowed: "1 to 65535 messages", "true or false", "fsync, os or memory".
std::string allowed_values(const OptionRow& row);

/// REQUIRES: `options` is the struct that the row's table belongs to.
OptionValue read_option(const OptionRow& row, void* options);
/// REQUIRES: the same, and a value of the row's type.
void store_option(const OptionRow& row, void* options, const OptionValue& value);

}  // namespace sluice::config
