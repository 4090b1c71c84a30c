// SPDX-License-Identifier: Apache-2.0
#include "os/process/signal_queue.h"

#include "base/assert.h"
#include "os/system_error.h"

#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace sluice::os {
namespace {

sigset_t handled_signals() {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

Result<std::unique_ptr<SignalQueue>> SignalQueue::create() {
  const sigset_t handled = handled_signals();
  FileDescriptor signals(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!signals.is_open()) return system_failure("signalfd failed");
  sigset_t before;
  SLUICE_ASSERT(::pthread_sigmask(SIG_BLOCK, &handled, &before) == 0);
  SLUICE_ASSERT(std::signal(SIGPIPE, SIG_IGN) != SIG_ERR);
  return std::make_unique<SignalQueue>(std::move(signals), before);
}

SignalQueue::SignalQueue(FileDescriptor signals, const sigset_t& mask_before)
    : signals_(std::move(signals)), mask_before_(mask_before) {}

SignalQueue::~SignalQueue() { ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr); }

std::optional<Signal> SignalQueue::next() {
  signalfd_siginfo info{};
  ssize_t got = 0;
  do {
    got = ::read(signals_.get(), &info, sizeof info);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof info) return std::nullopt;
  switch (info.ssi_signo) {
    case SIGTERM:
      return Signal::terminate;
    case SIGINT:
      return Signal::interrupt;
    default:
      return Signal::hang_up;
  }
}

}  // namespace sluice::os
