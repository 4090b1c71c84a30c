// SPDX-License-Identifier: Apache-2.0
#include "server/handshake_desk.h"

#include "os/clock.h"
#include "os/process/thread_priority.h"

#include <string>
#include <utility>

namespace sluice::server {

HandshakeDesk::HandshakeDesk(unsigned threads_max, Deliver deliver)
    : threads_max_(threads_max), deliver_(std::move(deliver)) {}

HandshakeDesk::~HandshakeDesk() {
  std::vector<os::Thread> threads;
  {
    const os::MutexLock lock(mutex_);
    is_stopping_ = true;
    threads.swap(threads_);
  }
  wakeup_.notify_all();
}

bool HandshakeDesk::submit(core::ShardIndex from, HandshakeLetter& letter) {
  {
    const os::MutexLock lock(mutex_);
    if (!has_thread()) return false;
    jobs_.push_back({from, std::move(letter)});
  }
  wakeup_.notify_one();
  return true;
}

bool HandshakeDesk::has_thread() {
  if (jobs_.size() < idle_ || threads_.size() == threads_max_) return true;
  auto thread =
      os::Thread::start("handshake-" + std::to_string(threads_.size()), [this] { work(); });
  if (!thread) return !threads_.empty();
  threads_.push_back(std::move(*thread));
  return true;
}

void HandshakeDesk::work() {
  os::lower_thread_priority();
  Job job;
  while (take(job)) {
    HandshakeLetter& letter = job.letter;
    letter.done = os::monotonic_now() < letter.late
                      ? letter.transport->handshake()
                      : fail(ErrorCode::timed_out, "it took too long");
    deliver_(job.from, std::move(letter));
  }
}

bool HandshakeDesk::take(Job& job) {
  os::MutexLock lock(mutex_);
  ++idle_;
  while (jobs_.empty() && !is_stopping_) wakeup_.wait(mutex_);
  --idle_;
  if (is_stopping_) return false;
  job = std::move(jobs_.front());
  jobs_.pop_front();
  return true;
}

}  // namespace sluice::server
