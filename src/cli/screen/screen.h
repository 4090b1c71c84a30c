// SPDX-License-Identifier: Apache-2.0
//
// A Screen is the whole terminal for as long as it lives: lines are drawn, single keys are read.
// What was on the terminal before comes back at the end.
//
// Owner:   LiveSession.
// Never:   lets bytes of a peer through: lines are made with append_printable().
#pragma once

#include "os/process/terminal.h"

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace sluice::cli {

enum class Key : std::uint8_t {
  none,
  up,
  down,
  left,
  right,
  page_up,
  page_down,
  home,
  end,
  enter,
  text,  ///< a character
};

struct KeyPress {
  Key key = Key::none;
  char character = '\0';  ///< with Key::text
};

/// The keys in bytes that a terminal sent.
std::vector<KeyPress> keys_of(std::string_view bytes);
/// The text in exactly that many columns: cut with …, or filled up. Each character counts as one.
std::string fitted(std::string_view text, std::size_t columns);
/// Bars for the values, the lowest to the highest, one character each.
std::string bars(const std::vector<double>& values);

class Screen {
 public:
  /// not_found if this is no terminal.
  static Result<std::unique_ptr<Screen>> create();
  explicit Screen(std::unique_ptr<os::KeyInput> keys);
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  /// Each line is already fitted; colours do not count as columns.
  void draw(const std::vector<std::string>& lines);

 private:
  std::unique_ptr<os::KeyInput> keys_;
};

}  // namespace sluice::cli
