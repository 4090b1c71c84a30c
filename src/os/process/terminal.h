// SPDX-License-Identifier: Apache-2.0
//
// The terminal that a person sits at: its size, a secret asked for, single keys.
//
// Thread:  one at a time.
#pragma once

#include "base/result.h"

#include <termios.h>

#include <cstdint>
#include <memory>
#include <string>

namespace sluice::os {

struct TerminalSize {
  std::uint16_t columns = 80;
  std::uint16_t rows = 24;
};

/// Of standard output; 80 by 24 if it does not say.
TerminalSize terminal_size();
/// Shows `prompt` on the terminal of this process and reads a line without showing it; not_found if
/// there is no terminal. Waits.
Result<std::string> read_secret(const std::string& prompt);

/// Standard input gives each key at once and unseen, as long as this object lives.
class KeyInput {
 public:
  /// not_found if standard input is no terminal.
  static Result<std::unique_ptr<KeyInput>> create();
  explicit KeyInput(const termios& before) : before_(before) {}
  KeyInput(const KeyInput&) = delete;
  KeyInput& operator=(const KeyInput&) = delete;
  ~KeyInput();

 private:
  termios before_;
};

}  // namespace sluice::os
