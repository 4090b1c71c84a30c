// SPDX-License-Identifier: Apache-2.0
#include "os/thread.h"

#include "base/assert.h"
#include "os/system_error.h"

#include <pthread.h>

#include <csignal>
#include <system_error>

namespace sluice::os {
namespace {

void run_named(std::string name, const std::function<void()>& body) {
  name.resize(std::min<std::size_t>(name.size(), 15));
  ::pthread_setname_np(::pthread_self(), name.c_str());
  body();
}

}  // namespace

Result<Thread> Thread::start(std::string name, std::function<void()> body) {
  // The new thread inherits the mask, so signals never reach it, not even in its first moments.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  SLUICE_ASSERT(::pthread_sigmask(SIG_SETMASK, &all, &before) == 0);
  int error = 0;
  std::thread thread;
  try {
    thread = std::thread(run_named, std::move(name), std::move(body));
  } catch (const std::system_error& failed) {
    error = failed.code().value();
  }
  SLUICE_ASSERT(::pthread_sigmask(SIG_SETMASK, &before, nullptr) == 0);
  if (error != 0) return system_failure(error, "a thread cannot be started");
  return Thread(std::move(thread));
}

Thread& Thread::operator=(Thread&& other) noexcept {
  join();
  thread_ = std::move(other.thread_);
  return *this;
}

void Thread::join() {
  if (thread_.joinable()) thread_.join();
}

void Thread::detach() {
  if (thread_.joinable()) thread_.detach();
}

ThreadId this_thread() { return std::this_thread::get_id(); }

}  // namespace sluice::os
