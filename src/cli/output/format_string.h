// SPDX-License-Identifier: Apache-2.0
//
// A FormatString prints messages as -F asks: %t topic, %p payload …, @H and other letters of
// strftime, \n and other escapes. Parsed once, then rendered for each message.
//
// Thread:  its owner's.
// Limits:  field widths up to 100,000.
#pragma once

#include "cli/flags/flag_parser.h"
#include "cli/output/shown_message.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

class FormatString {
 public:
  static Parsed<FormatString> parse(std::string_view text);

  /// Appends the message to `out`. False if %J met a payload that is not JSON: nothing is appended.
  bool render(const ShownMessage& message, JsonLayout layout, std::string& out) const;

 private:
  enum class Align : std::uint8_t { right, left };
  struct Piece {
    char code = '\0';  ///< '\0': literal text; '@': strftime with the letter in `literal`
    Align align = Align::right;
    char pad = ' ';
    std::uint32_t width = 0;
    std::uint32_t most = ~std::uint32_t{0};  ///< bytes of the value that are shown
    std::uint32_t group = 0;  ///< hexadecimal digits between two separators, digits behind a point
    char separator = '\0';
    std::string literal;
  };

  class Parser;
  static void render_piece(const Piece& piece, const ShownMessage& message, std::string& out);
  static std::string value_of(const Piece& piece, const ShownMessage& message);

  std::vector<Piece> pieces_;
};

}  // namespace sluice::cli
