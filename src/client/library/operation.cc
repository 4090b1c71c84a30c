// SPDX-License-Identifier: Apache-2.0
#include "client/library/operation.h"

#include "os/clock.h"

#include <stop_token>

namespace sluice::client {

/// Asks the loop to end the operation when a token is stopped.
class Operation::StopWatch {
 public:
  StopWatch(std::stop_token token, Operation& operation)
      : callback_(std::move(token), Cancel{operation}) {}

 private:
  struct Cancel {
    Operation& operation;
    void operator()() const {
      if (!operation.try_retain()) return;
      auto ref = os::Ref<Operation>::adopt(&operation);
      operation.guard_->loop().post([ref = std::move(ref)](Instant) {
        ref->fail({.code = v1::errc::cancelled, .text = "it was asked to stop"});
      });
    }
  };
  std::stop_callback<Cancel> callback_;
};

Operation::Operation(os::Ref<HandlerGuard> guard) : guard_(std::move(guard)) {}
Operation::~Operation() = default;

void Operation::on_expired() {
  fail({.code = v1::errc::timed_out, .text = "the time allowed is over"});
}

void Operation::settle() {
  std::coroutine_handle<> waiter;
  std::function<void()> callback;
  {
    const os::MutexLock lock(mutex_);
    is_done_.raise();
    waiter = std::exchange(waiter_, nullptr);
    callback.swap(callback_);
    if (thread_waiting_ != nullptr) thread_waiting_->notify_all();
  }
  if (waiter) waiter.resume();
  if (callback) guard_->run(callback);
}

bool Operation::wait_for_settled(std::chrono::nanoseconds at_most) {
  if (is_settled()) return true;
  const Instant deadline =
      at_most.count() < 0 ? Instant::never() : os::monotonic_now() + Duration(at_most);
  EventLoop& loop = guard_->loop();
  if (loop.is_this_thread()) return false;
  if (loop.is_driven_by_caller() && !loop.is_running()) return drive_until(deadline);
  os::Condition settled;
  os::MutexLock lock(mutex_);
  thread_waiting_ = &settled;
  while (!is_settled()) {
    if (deadline.is_never()) {
      settled.wait(mutex_);
    } else if (os::monotonic_now() >= deadline) {
      break;
    } else {
      settled.wait_until(mutex_, deadline);
    }
  }
  thread_waiting_ = nullptr;
  return is_settled();
}

bool Operation::drive_until(Instant deadline) {
  EventLoop& loop = guard_->loop();
  while (!is_settled()) {
    const Instant now = os::monotonic_now();
    if (now >= deadline) return false;
    loop.turn(deadline.is_never() ? Duration(-1) : deadline - now);
  }
  return true;
}

void Operation::wait_for_claimer() {
  if (is_settled()) return;
  os::Condition settled;
  const os::MutexLock lock(mutex_);
  thread_waiting_ = &settled;
  while (!is_settled()) settled.wait(mutex_);
  thread_waiting_ = nullptr;
}

void Operation::give_up_waiting() {
  if (guard_->loop().is_this_thread()) {
    return fail({.code = v1::errc::would_deadlock,
                 .text = "waiting on the thread of the loop would never end: co_await it"});
  }
  on_expired();
}

bool Operation::set_waiter(std::coroutine_handle<> waiter) {
  const os::MutexLock lock(mutex_);
  if (is_settled()) return false;
  waiter_ = waiter;
  return true;
}

void Operation::set_callback(std::function<void()> callback) {
  {
    const os::MutexLock lock(mutex_);
    if (!is_settled()) {
      callback_ = std::move(callback);
      return;
    }
  }
  guard_->run(callback);
}

void Operation::set_limit(std::chrono::nanoseconds at_most) {
  if (is_settled()) return;
  guard_->loop().expire_at(os::monotonic_now() + Duration(at_most),
                           os::Ref<Expiring>::share(*this));
}

void Operation::set_stop(std::stop_token token) {
  if (is_settled() || !token.stop_possible()) return;
  stop_ = std::make_unique<StopWatch>(std::move(token), *this);
}

}  // namespace sluice::client
