// SPDX-License-Identifier: Apache-2.0
#include "os/process/terminal.h"

#include "os/file_descriptor.h"
#include "os/system_error.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::os {

TerminalSize terminal_size() {
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0 || size.ws_row == 0)
    return {};
  return {.columns = size.ws_col, .rows = size.ws_row};
}

Result<std::string> read_secret(const std::string& prompt) {
  const FileDescriptor terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  termios before{};
  if (!terminal.is_open() || ::tcgetattr(terminal.get(), &before) < 0)
    return fail(ErrorCode::not_found, "there is no terminal to ask on");
  termios silent = before;
  silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
  ::tcsetattr(terminal.get(), TCSAFLUSH, &silent);
  static_cast<void>(!::write(terminal.get(), prompt.data(), prompt.size()));
  std::string secret;
  char byte = '\0';
  for (;;) {
    const ssize_t got = ::read(terminal.get(), &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0 || byte == '\n') break;
    secret += byte;
  }
  ::tcsetattr(terminal.get(), TCSAFLUSH, &before);
  static_cast<void>(!::write(terminal.get(), "\n", 1));
  return secret;
}

Result<std::unique_ptr<KeyInput>> KeyInput::create() {
  termios before{};
  if (::tcgetattr(STDIN_FILENO, &before) < 0)
    return fail(ErrorCode::not_found, "standard input is no terminal");
  termios keys = before;
  keys.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON);
  keys.c_iflag &= ~static_cast<tcflag_t>(ICRNL | IXON);
  keys.c_cc[VMIN] = 1;
  keys.c_cc[VTIME] = 0;
  if (::tcsetattr(STDIN_FILENO, TCSAFLUSH, &keys) < 0)
    return system_failure("the terminal cannot be set");
  return std::make_unique<KeyInput>(before);
}

KeyInput::~KeyInput() { ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_); }

}  // namespace sluice::os
