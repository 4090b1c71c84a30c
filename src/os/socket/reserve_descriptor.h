// SPDX-License-Identifier: Apache-2.0
//
// A ReserveDescriptor keeps one descriptor back for the moment when no other is left: it is spent
// on accepting a connection only to close it, so that the client learns of it at once and the
// listening socket does not stay readable for ever.
//
// Owner:   one listener.                    Thread: its owner's.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"

namespace sluice::os {

class ReserveDescriptor {
 public:
  ReserveDescriptor() { refill(); }

  /// Accepts one waiting connection and closes it; would_block if nobody waits, else as
  /// accept_from(): without descriptors the kernel cannot say which.
  Result<void> drop_one(int listening_fd);

 private:
  void refill();
  FileDescriptor spare_;
};

}  // namespace sluice::os
