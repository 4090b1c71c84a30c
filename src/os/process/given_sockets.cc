// SPDX-License-Identifier: Apache-2.0
#include "os/process/given_sockets.h"

#include "os/process/environment.h"
#include "os/system_error.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <string_view>

namespace sluice::os {
namespace {

constexpr int first_fd = 3;
constexpr int sockets_max = 1000;

int number_of(std::string_view text) {
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc() && read.ptr == text.data() + text.size() ? number : 0;
}

bool has_value(int fd, int option, int wanted) {
  int value = 0;
  socklen_t size = sizeof value;
  return ::getsockopt(fd, SOL_SOCKET, option, &value, &size) == 0 && value == wanted;
}

Result<ListeningSocket> take(int fd) {
  if (!has_value(fd, SO_TYPE, SOCK_STREAM) || !has_value(fd, SO_ACCEPTCONN, 1))
    return fail(ErrorCode::invalid_argument, "not a stream socket that listens");
  ListeningSocket taken{.socket = FileDescriptor(fd), .address = {}};
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(fd, address, &size) != 0 || size > sizeof storage)
    return system_failure("the socket does not say where it listens");
  taken.address = SocketAddress(address, size);
  const int flags = ::fcntl(fd, F_GETFL);
  if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(fd, F_SETFD, FD_CLOEXEC) != 0)
    return system_failure("the socket refuses to be non-blocking");
  return taken;
}

}  // namespace

Result<std::vector<GivenSocket>> take_given_sockets() {
  std::vector<GivenSocket> sockets;
  if (number_of(environment("LISTEN_PID")) != ::getpid()) return sockets;
  const int count = std::min(number_of(environment("LISTEN_FDS")), sockets_max);
  std::string_view names = environment("LISTEN_FDNAMES");
  for (int i = 0; i < count; ++i) {
    const std::size_t end = std::min(names.find(':'), names.size());
    GivenSocket& one = sockets.emplace_back();
    one.name = names.substr(0, end);
    names.remove_prefix(std::min(end + 1, names.size()));
    SLUICE_TRY(one.listening, take(first_fd + i));
  }
  return sockets;
}

}  // namespace sluice::os
