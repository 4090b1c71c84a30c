// SPDX-License-Identifier: Apache-2.0
#include "os/socket/socket_io.h"

#include "base/assert.h"
#include "os/system_error.h"

#include <sys/socket.h>
#include <sys/uio.h>

#include <algorithm>
#include <cerrno>

namespace sluice::os {
namespace {

constexpr std::size_t slices_max = 1024;  // the kernel's UIO_MAXIOV

static_assert(sizeof(IoSlice) == sizeof(iovec));
static_assert(offsetof(IoSlice, data) == offsetof(iovec, iov_base));
static_assert(offsetof(IoSlice, size) == offsetof(iovec, iov_len));

}  // namespace

Result<std::size_t> read_socket(int fd, MutableByteView into) {
  SLUICE_ASSERT(!into.empty());
  for (;;) {
    const auto got = ::recv(fd, into.data(), into.size(), 0);
    if (got > 0) return static_cast<std::size_t>(got);
    if (got == 0) return fail(ErrorCode::closed, "the peer closed the connection");
    if (errno != EINTR) return system_failure("reading from the connection failed");
  }
}

Result<std::size_t> write_socket(int fd, ByteView bytes) {
  SLUICE_ASSERT(!bytes.empty());
  for (;;) {
    const auto sent = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return system_failure("writing to the connection failed");
  }
}

Result<std::size_t> write_socket(int fd, std::span<const IoSlice> slices) {
  SLUICE_ASSERT(!slices.empty());
  if (slices.size() == 1) return write_socket(fd, ByteView{slices[0].data, slices[0].size});
  msghdr message{};
  message.msg_iov = reinterpret_cast<iovec*>(const_cast<IoSlice*>(slices.data()));
  message.msg_iovlen = std::min(slices.size(), slices_max);
  for (;;) {
    const auto sent = ::sendmsg(fd, &message, MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EINTR) return system_failure("writing to the connection failed");
  }
}

void shutdown_socket_write(int fd) {
  // Fails only if the connection is gone, which the next read tells.
  static_cast<void>(::shutdown(fd, SHUT_WR));
}

}  // namespace sluice::os
