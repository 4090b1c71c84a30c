// SPDX-License-Identifier: Apache-2.0
#include "os/process/standard_streams.h"

#include "os/system_error.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

namespace sluice::os {
namespace {

void wait_for(int fd, short events) {
  pollfd state{.fd = fd, .events = events, .revents = 0};
  static_cast<void>(::poll(&state, 1, -1));
}

}  // namespace

bool is_terminal(StandardStream stream) { return ::isatty(descriptor_of(stream)) == 1; }

bool takes_bytes(StandardStream stream) {
  pollfd state{.fd = descriptor_of(stream), .events = POLLOUT, .revents = 0};
  // A stream that cannot be asked, or is broken, does not make a writer wait.
  return ::poll(&state, 1, 0) != 0;
}

Result<std::size_t> read_input(MutableByteView into) {
  for (;;) {
    const ssize_t got = ::read(descriptor_of(StandardStream::input), into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN)
      wait_for(descriptor_of(StandardStream::input), POLLIN);
    else if (errno != EINTR)
      return system_failure("standard input cannot be read");
  }
}

Result<void> write_output(ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(descriptor_of(StandardStream::output), bytes.data(), bytes.size());
    if (sent >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      wait_for(descriptor_of(StandardStream::output), POLLOUT);
    } else if (errno == EPIPE) {
      return fail(ErrorCode::closed, "nobody reads standard output any more");
    } else if (errno != EINTR) {
      return system_failure("standard output cannot be written");
    }
  }
  return {};
}

void ignore_broken_pipes() { static_cast<void>(std::signal(SIGPIPE, SIG_IGN)); }

std::uint32_t process_id() { return static_cast<std::uint32_t>(::getpid()); }

std::vector<std::string> environment() {
  std::vector<std::string> all;
  for (char** entry = ::environ; entry != nullptr && *entry != nullptr; ++entry)
    all.emplace_back(*entry);
  return all;
}

}  // namespace sluice::os
