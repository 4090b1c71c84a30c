// SPDX-License-Identifier: Apache-2.0
//
// An Operation is the library's side of a v1::operation: it is begun by a user, settled once by the
// loop, and then resumes a coroutine, wakes a thread or calls back. OperationState<T> adds the
// result.
//
// Owner:   Refs of the user, and of whoever will settle it.      Thread: any.
// Never:   runs a user's code under its lock.
#pragma once

#include "client/library/event_loop.h"
#include "os/condition.h"
#include "os/counter.h"
#include "os/mutex.h"
#include "os/shared.h"

#include <sluice/operation.hpp>

#include <coroutine>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace sluice::client {

/// Runs users' handlers: an exception goes to on_error, else it terminates. Shared by a client and
/// its operations.
class HandlerGuard final : public os::Shared {
 public:
  HandlerGuard(os::Ref<EventLoop> loop, std::function<void(std::exception_ptr)> on_error)
      : loop_(std::move(loop)), on_error_(std::move(on_error)) {}

  EventLoop& loop() const { return *loop_; }
  template <class F>
  void run(F&& handler) noexcept {
    try {
      std::forward<F>(handler)();
    } catch (...) {
      if (!on_error_) std::terminate();
      on_error_(std::current_exception());
    }
  }

 private:
  os::Ref<EventLoop> loop_;
  std::function<void(std::exception_ptr)> on_error_;
};

class Operation : public Expiring {
 public:
  explicit Operation(os::Ref<HandlerGuard> guard);

  /// Settles it with an error, unless it is settled.
  virtual void fail(const v1::error& why) = 0;
  bool is_settled() const final { return is_done_.is_up(); }
  void on_expired() final;
  /// True if the user has let go of it: nobody wants the result. REQUIRES: the caller holds a Ref.
  bool is_abandoned() const { return is_unshared(); }

 protected:
  ~Operation() override;
  /// True for the one caller that may now store the result and call settle().
  bool claim() { return is_claimed_.raise(); }
  void settle();
  bool wait_for_settled(std::chrono::nanoseconds at_most);
  /// Waits for one who has claimed and is about to settle.
  void wait_for_claimer();
  bool set_waiter(std::coroutine_handle<> waiter);
  void set_callback(std::function<void()> callback);
  void set_limit(std::chrono::nanoseconds at_most);
  void set_stop(std::stop_token token);
  void give_up_waiting();

 private:
  class StopWatch;
  bool drive_until(Instant deadline);

  os::Ref<HandlerGuard> guard_;
  os::Flag is_claimed_;
  os::Flag is_done_;
  os::Mutex mutex_;
  os::Condition* thread_waiting_ SLUICE_GUARDED_BY(mutex_) = nullptr;
  std::coroutine_handle<> waiter_ SLUICE_GUARDED_BY(mutex_);
  std::function<void()> callback_ SLUICE_GUARDED_BY(mutex_);
  std::unique_ptr<StopWatch> stop_;
};

template <class T>
class OperationState final : public Operation, public v1::detail::operation_value<T> {
 public:
  using Operation::Operation;

  /// Settles it; false, and `value` untouched, if it is settled already.
  bool complete(v1::result<T>&& value) {
    if (!claim()) return false;
    result_ = std::move(value);
    settle();
    return true;
  }
  void fail(const v1::error& why) override { static_cast<void>(complete(why)); }

  void let_go() noexcept override { release(); }
  bool is_over() const noexcept override { return is_settled(); }
  bool wait(std::chrono::nanoseconds at_most) override { return wait_for_settled(at_most); }
  void give_up() override { give_up_waiting(); }
  bool resume_later(std::coroutine_handle<> waiter) override { return set_waiter(waiter); }
  void call_later(std::function<void()> callback) override { set_callback(std::move(callback)); }
  void limit(std::chrono::nanoseconds at_most) override { set_limit(at_most); }
  void stop_with(std::stop_token token) override { set_stop(std::move(token)); }
  v1::result<T> take() override {
    wait_for_claimer();
    return std::move(*result_);
  }

 private:
  std::optional<v1::result<T>> result_;
};

template <class T>
using OperationRef = os::Ref<OperationState<T>>;

template <class T>
OperationRef<T> begin_operation(const os::Ref<HandlerGuard>& guard) {
  return os::make_shared_object<OperationState<T>>(guard);
}
/// The user's end of it.
template <class T>
v1::operation<T> hand_out(OperationRef<T> state) {
  return v1::operation<T>(state.leak());
}
/// One that is over already.
template <class T>
v1::operation<T> settled(const os::Ref<HandlerGuard>& guard, v1::result<T> value) {
  auto state = begin_operation<T>(guard);
  state->complete(std::move(value));
  return hand_out(std::move(state));
}

}  // namespace sluice::client
