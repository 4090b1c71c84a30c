// SPDX-License-Identifier: Apache-2.0
#include "os/socket/connecting_socket.h"

#include "os/system_error.h"

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>

namespace sluice::os {

Result<FileDescriptor> start_connect(const SocketAddress& address, const SocketAddress* local,
                                     Paths paths) {
  const int protocol = paths == Paths::several ? IPPROTO_MPTCP : 0;
  FileDescriptor socket(
      ::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol));
  if (!socket.is_open())
    return system_failure(protocol == 0 ? "a socket cannot be opened"
                                        : "a socket for MPTCP cannot be opened");
  if (local != nullptr &&
      ::bind(socket.get(), local->data(), static_cast<socklen_t>(local->size())) != 0)
    return system_failure("the local address cannot be used");
  const auto size = static_cast<socklen_t>(address.size());
  const bool is_started =
      ::connect(socket.get(), address.data(), size) == 0 || errno == EINPROGRESS || errno == EINTR;
  if (!is_started) return system_failure("the connection cannot be made");
  return socket;
}

Result<void> connect_outcome(int fd) {
  pollfd state{.fd = fd, .events = POLLOUT, .revents = 0};
  if (::poll(&state, 1, 0) <= 0)
    return fail(ErrorCode::would_block, "the connection is still being made");
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
  if (error != 0) return system_failure(error, "the connection cannot be made");
  return {};
}

}  // namespace sluice::os
