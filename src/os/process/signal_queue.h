// SPDX-License-Identifier: Apache-2.0
//
// A SignalQueue turns SIGTERM, SIGINT and SIGHUP into events of a descriptor (Watch::level_read),
// and has SIGPIPE ignored. Build it in main before any thread starts: threads inherit the mask. The
// destructor puts mask and SIGPIPE back.
//
// Owner:   main (one for each process).     Thread: its owner's.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"

#include <csignal>
#include <memory>
#include <optional>

namespace sluice::os {

enum class Signal : std::uint8_t { terminate, interrupt, hang_up };

class SignalQueue {
 public:
  static Result<std::unique_ptr<SignalQueue>> create();
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;
  ~SignalQueue();

  int fd() const { return fd_.get(); }
  /// The next signal that has come; nothing if none waits.
  std::optional<Signal> next();

 private:
  explicit SignalQueue(const sigset_t& mask_before);

  FileDescriptor fd_;
  sigset_t mask_before_;
  struct sigaction pipe_before_{};
};

}  // namespace sluice::os
