// SPDX-License-Identifier: Apache-2.0
#include "os/socket/listening_socket.h"

#include "os/socket/connecting_socket.h"
#include "os/socket/socket_options.h"
#include "os/system_error.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace sluice::os {
namespace {

Result<void> set_flag(const FileDescriptor& socket, int level, int option, bool on) {
  const int value = on ? 1 : 0;
  if (::setsockopt(socket.get(), level, option, &value, sizeof value) == 0) return {};
  return system_failure("the listening socket refuses an option");
}

Result<void> prepare(const FileDescriptor& socket, const SocketAddress& address,
                     const ListenOptions& options) {
  if (address.is_unix()) return {};
  SLUICE_CHECK(set_flag(socket, SOL_SOCKET, SO_REUSEADDR, true));
  if (options.reuse_port) SLUICE_CHECK(set_flag(socket, SOL_SOCKET, SO_REUSEPORT, true));
  if (address.is_ipv6()) return set_flag(socket, IPPROTO_IPV6, IPV6_V6ONLY, options.v6_only);
  return {};
}

/// Removes a socket's file that a dead process left behind; anything else stays, for bind to
/// refuse.
void remove_stale_file(const SocketAddress& address) {
  const std::string path = address.unix_path();
  struct stat status{};
  if (path.empty() || path.front() == '@' || ::stat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode)) return;
  auto attempt = start_connect(address);
  if (!attempt && attempt.error().system == ECONNREFUSED) ::unlink(path.c_str());
}

Result<void> bind_unix(const FileDescriptor& socket, const SocketAddress& address,
                       std::uint32_t mode) {
  remove_stale_file(address);
  // The mode of the socket itself is what the file is made with, so nobody gets in before chmod.
  static_cast<void>(::fchmod(socket.get(), mode));
  if (::bind(socket.get(), address.data(), static_cast<socklen_t>(address.size())) != 0)
    return system_failure("the Unix socket cannot be made");
  const std::string path = address.unix_path();
  if (path.front() != '@' && ::chmod(path.c_str(), mode) != 0)
    return system_failure("the Unix socket's permissions cannot be set");
  return {};
}

Result<void> bind_to(const FileDescriptor& socket, const SocketAddress& address,
                     const ListenOptions& options) {
  if (address.is_unix()) return bind_unix(socket, address, options.mode);
  if (::bind(socket.get(), address.data(), static_cast<socklen_t>(address.size())) == 0) return {};
  return system_failure("the address cannot be listened on");
}

SocketAddress bound_address(const FileDescriptor& socket) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (::getsockname(socket.get(), address, &size) != 0) return {};
  return {address, size};
}

}  // namespace

Result<ListeningSocket> listen_on(const SocketAddress& address, const ListenOptions& options) {
  FileDescriptor socket(::socket(address.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return system_failure("a listening socket cannot be opened");
  SLUICE_CHECK(prepare(socket, address, options));
  SLUICE_CHECK(bind_to(socket, address, options));
  if (::listen(socket.get(), options.backlog) != 0)
    return system_failure("the address cannot be listened on");
  const SocketAddress bound = bound_address(socket);
  return ListeningSocket{std::move(socket), bound};
}

Result<AcceptedSocket> accept_from(int listening_fd) {
  sockaddr_storage storage{};
  for (;;) {
    socklen_t size = sizeof storage;
    auto* address = reinterpret_cast<sockaddr*>(&storage);
    FileDescriptor socket(::accept4(listening_fd, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (socket.is_open()) {
      const bool is_unix = storage.ss_family == AF_UNIX;
      const Peer peer = is_unix ? remote_end(socket.get()) : SocketAddress(address, size).peer();
      return AcceptedSocket{std::move(socket), peer};
    }
    if (errno != EINTR) return system_failure("a connection cannot be accepted");
  }
}

}  // namespace sluice::os
