// SPDX-License-Identifier: Apache-2.0
#include "os/process/secret_prompt.h"

#include "os/system_error.h"

#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace sluice::os {
namespace {

constexpr std::size_t line_bytes_max = 65536;

// Turns the echo off until it goes.
class SilentTerminal {
 public:
  explicit SilentTerminal(std::string_view prompt) : is_one_(::isatty(STDIN_FILENO) == 1) {
    if (!is_one_ || ::tcgetattr(STDIN_FILENO, &before_) != 0) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    is_changed_ = ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent) == 0;
    show(prompt);
  }
  ~SilentTerminal() {
    if (!is_changed_) return;
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    show("\n");
  }
  SilentTerminal(const SilentTerminal&) = delete;
  SilentTerminal& operator=(const SilentTerminal&) = delete;

 private:
  static void show(std::string_view text) {
    // A terminal that takes no prompt still takes the answer.
    if (::write(STDERR_FILENO, text.data(), text.size()) < 0) return;
  }

  bool is_one_;
  bool is_changed_ = false;
  termios before_{};
};

}  // namespace

Result<Secret> read_secret_line(std::string_view prompt) {
  const SilentTerminal silent(prompt);
  std::string line;
  line.reserve(line_bytes_max);  // so that no copy is left behind by growth
  while (line.size() < line_bytes_max) {
    char c = 0;
    const auto got = ::read(STDIN_FILENO, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_failure("the password cannot be read");
    if (got == 0 && line.empty()) return fail(ErrorCode::closed, "no password was given");
    if (got == 0 || c == '\n') break;
    line += c;
  }
  if (line.ends_with('\r')) line.pop_back();
  Secret secret{std::string_view(line)};
  volatile char* at = line.data();
  for (std::size_t i = 0; i < line.size(); ++i) at[i] = 0;
  return secret;
}

}  // namespace sluice::os
