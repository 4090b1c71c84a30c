// SPDX-License-Identifier: Apache-2.0
#include "os/reactor/wakeup.h"

#include "base/assert.h"
#include "os/system_error.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

namespace sluice::os {

Result<std::unique_ptr<Wakeup>> Wakeup::create() {
  FileDescriptor event(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event.is_open()) return system_failure("eventfd failed");
  return std::make_unique<Wakeup>(std::move(event));
}

void Wakeup::signal() {
  if (is_pending_.exchange(true, std::memory_order_acq_rel)) return;
  const std::uint64_t one = 1;
  ssize_t written = 0;
  do {
    written = ::write(event_.get(), &one, sizeof one);
  } while (written < 0 && errno == EINTR);
  SLUICE_ASSERT(written == sizeof one);
}

}  // namespace sluice::os
