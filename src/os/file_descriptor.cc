// SPDX-License-Identifier: Apache-2.0
#include "os/file_descriptor.h"

#include <unistd.h>

namespace sluice::os {

void FileDescriptor::close() {
  // Not repeated after EINTR: Linux has freed the number by then.
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
}

}  // namespace sluice::os
