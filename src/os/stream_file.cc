// SPDX-License-Identifier: Apache-2.0
#include "os/stream_file.h"

#include "os/system_error.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::os {
namespace {

void wait_for(int fd, short events) {
  pollfd state{.fd = fd, .events = events, .revents = 0};
  static_cast<void>(::poll(&state, 1, -1));
}

}  // namespace

Result<StreamFile> StreamFile::open(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) return system_failure("the file cannot be opened");
  return StreamFile(std::move(file));
}

Result<StreamFile> StreamFile::create(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.is_open()) return system_failure("the file cannot be written");
  return StreamFile(std::move(file));
}

Result<StreamFile> StreamFile::append(const std::string& path) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (!file.is_open()) return system_failure("the file cannot be written");
  return StreamFile(std::move(file));
}

StreamFile StreamFile::standard_input() { return StreamFile(STDIN_FILENO); }
StreamFile StreamFile::standard_output() { return StreamFile(STDOUT_FILENO); }

Result<std::size_t> StreamFile::read(MutableByteView into) const {
  for (;;) {
    const ssize_t got = ::read(fd(), into.data(), into.size());
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN)
      wait_for(fd(), POLLIN);
    else if (errno != EINTR)
      return system_failure("the file cannot be read");
  }
}

Result<void> StreamFile::write(ByteView bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::write(fd(), bytes.data(), bytes.size());
    if (sent >= 0)
      bytes = bytes.subspan(static_cast<std::size_t>(sent));
    else if (errno == EAGAIN)
      wait_for(fd(), POLLOUT);
    else if (errno == EPIPE)
      return fail(ErrorCode::closed, "nobody reads any more");
    else if (errno != EINTR)
      return system_failure("the file cannot be written");
  }
  return {};
}

}  // namespace sluice::os
