// SPDX-License-Identifier: Apache-2.0
#include "os/socket/reserve_descriptor.h"

#include "os/socket/listening_socket.h"

#include <fcntl.h>

namespace sluice::os {

bool ReserveDescriptor::drop_one(int listening_fd) {
  spare_.close();
  const bool is_dropped = accept_from(listening_fd).has_value();
  refill();
  return is_dropped;
}

void ReserveDescriptor::refill() {
  spare_ = FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace sluice::os
