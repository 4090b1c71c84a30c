// SPDX-License-Identifier: Apache-2.0
#include "os/socket/socket_options.h"

#include "os/socket/socket_address.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace sluice::os {
namespace {

void set_option(int fd, int level, int option, int value) {
  static_cast<void>(::setsockopt(fd, level, option, &value, sizeof value));
}

void set_if_given(int fd, int option, std::int64_t value) {
  if (value > 0) set_option(fd, IPPROTO_TCP, option, static_cast<int>(value));
}

using NameOf = int (*)(int, sockaddr*, socklen_t*);

Peer end_of(int fd, NameOf name_of) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* address = reinterpret_cast<sockaddr*>(&storage);
  if (name_of(fd, address, &size) != 0) return {};
  return SocketAddress(address, size).peer();
}

}  // namespace

void set_no_delay(int fd, bool on) { set_option(fd, IPPROTO_TCP, TCP_NODELAY, on ? 1 : 0); }

void set_keep_alive(int fd, const TcpKeepAlive& keep_alive) {
  set_option(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
  set_if_given(fd, TCP_KEEPIDLE, keep_alive.idle.count());
  set_if_given(fd, TCP_KEEPINTVL, keep_alive.interval.count());
  set_if_given(fd, TCP_KEEPCNT, keep_alive.probes);
  set_if_given(fd, TCP_USER_TIMEOUT, keep_alive.unacknowledged.count());
}

void set_reset_on_close(int fd) {
  const linger now{.l_onoff = 1, .l_linger = 0};
  static_cast<void>(::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now));
}

void set_buffer_bytes(int fd, std::size_t receive_bytes, std::size_t send_bytes) {
  if (receive_bytes > 0) set_option(fd, SOL_SOCKET, SO_RCVBUF, static_cast<int>(receive_bytes));
  if (send_bytes > 0) set_option(fd, SOL_SOCKET, SO_SNDBUF, static_cast<int>(send_bytes));
}

Peer local_end(int fd) { return end_of(fd, ::getsockname); }

Peer remote_end(int fd) {
  Peer peer = end_of(fd, ::getpeername);
  if (peer.kind != PeerKind::unix_socket) return peer;
  ucred credentials{};
  socklen_t size = sizeof credentials;
  if (::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0)
    peer.id = static_cast<std::uint32_t>(credentials.pid);
  return peer;
}

}  // namespace sluice::os
