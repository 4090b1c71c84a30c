// SPDX-License-Identifier: Apache-2.0
#include "os/socket/reserve_descriptor.h"

#include "os/socket/listening_socket.h"

#include <fcntl.h>

namespace sluice::os {

Result<void> ReserveDescriptor::drop_one(int listening_fd) {
  spare_.close();
  auto accepted = accept_from(listening_fd);
  if (accepted) accepted->socket.close();
  refill();
  if (!accepted) return fail(accepted.error());
  return {};
}

void ReserveDescriptor::refill() {
  spare_ = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace sluice::os
