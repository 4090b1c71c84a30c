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
  sigset_t before;
  SLUICE_ASSERT(::pthread_sigmask(SIG_BLOCK, &handled, &before) == 0);
  std::unique_ptr<SignalQueue> queue(new SignalQueue(before));
  queue->fd_ = FileDescriptor(::signalfd(-1, &handled, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!queue->fd_.is_open()) return system_failure("signalfd failed");
  return queue;
}

SignalQueue::SignalQueue(const sigset_t& mask_before) : mask_before_(mask_before) {
  struct sigaction ignore{};
  ignore.sa_handler = SIG_IGN;
  SLUICE_ASSERT(::sigaction(SIGPIPE, &ignore, &pipe_before_) == 0);
}

SignalQueue::~SignalQueue() {
  ::sigaction(SIGPIPE, &pipe_before_, nullptr);
  ::pthread_sigmask(SIG_SETMASK, &mask_before_, nullptr);
}

std::optional<Signal> SignalQueue::next() {
  signalfd_siginfo info{};
  ssize_t got = 0;
  do {
    got = ::read(fd_.get(), &info, sizeof info);
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
