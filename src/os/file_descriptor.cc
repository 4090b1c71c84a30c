// SPDX-License-Identifier: Apache-2.0
#include "os/file_descriptor.h"

#include "os/system_error.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::os {

void FileDescriptor::close() {
  // Not repeated after EINTR: Linux has freed the number by then.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

Result<FileDescriptor> FileDescriptor::duplicate() const {
  const int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
  if (copy < 0) return system_failure(errno, "cannot duplicate a descriptor");
  return FileDescriptor(copy);
}

}  // namespace sluice::os
