// SPDX-License-Identifier: Apache-2.0
//
// A SignalQueue turns SIGTERM, SIGINT and SIGHUP into events of a descriptor (Watch::level_read),
// and has SIGPIPE ignored. Build it in main before any thread starts: threads inherit the mask. The
// destructor puts the mask back; SIGPIPE stays ignored.
//
// Owner:   main (one for each process).     Thread: its owner's.
#pragma once

#include "base/result.h"
#include "os/file_descriptor.h"

#include <csignal>
#include <cstdint>
#include <memory>
#include <optional>

namespace sluice::os {

enum class Signal : std::uint8_t { terminate, interrupt, hang_up };

class SignalQueue {
 public:
  static Result<std::unique_ptr<SignalQueue>> create();
  /// Takes a non-blocking signalfd, and the mask to put back; create() opens one.
  SignalQueue(FileDescriptor signals, const sigset_t& mask_before);
  SignalQueue(const SignalQueue&) = delete;
  SignalQueue& operator=(const SignalQueue&) = delete;
  ~SignalQueue();

  int fd() const { return signals_.get(); }
  /// The next signal that has come; nothing if none waits.
  std::optional<Signal> next();

 private:
  FileDescriptor signals_;
  sigset_t mask_before_;
};

}  // namespace sluice::os
