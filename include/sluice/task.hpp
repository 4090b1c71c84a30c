// SPDX-License-Identifier: Apache-2.0
//
// A task is a coroutine of the user's: it begins when it is awaited, run or spawned.
//
//   sluice::task<> app(sluice::client& mq) { co_await mq.publish("a", "x"); }
//   int main() { sluice::client mq{"mqtt://localhost"}; return sluice::run(app(mq)); }
//
// Thread safety: one thread at a time; behind a co_await of an operation that was not done yet a
// task goes on, on the loop of that operation. Lifetime: parameters by reference must live until
// the task is done.
#pragma once

#include <sluice/operation.hpp>

#include <coroutine>
#include <exception>
#include <optional>
#include <stop_token>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
template <class T>
class task;

/// @cond
namespace detail {

/// What promises have in common: who goes on next, and the token that ends their operations.
struct promise_base {
  std::coroutine_handle<> next;
  std::stop_token stop;
  std::exception_ptr failure;

  struct final_awaiter {
    bool await_ready() const noexcept { return false; }
    template <class P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> done) noexcept {
      const std::coroutine_handle<> caller = done.promise().next;
      return caller ? caller : std::noop_coroutine();
    }
    void await_resume() const noexcept {}
  };

  std::suspend_always initial_suspend() const noexcept { return {}; }
  final_awaiter final_suspend() const noexcept { return {}; }
  void unhandled_exception() noexcept { failure = std::current_exception(); }

  template <class T>
  operation<T> await_transform(operation<T>&& awaited) {
    if (!stop.stop_possible()) return std::move(awaited);
    return std::move(awaited).with(stop);
  }
  template <class T>
  task<T> await_transform(task<T>&& awaited) {
    awaited.inherit(stop);
    return std::move(awaited);
  }
  template <class A>
  A&& await_transform(A&& awaited) const noexcept {
    return std::forward<A>(awaited);
  }
};

template <class T>
struct task_promise : promise_base {
  std::optional<T> value;
  task<T> get_return_object() noexcept;
  template <class U>
  void return_value(U&& result) {
    value.emplace(std::forward<U>(result));
  }
  T take() {
    if (failure) std::rethrow_exception(failure);
    return *std::move(value);
  }
};

template <>
struct task_promise<void> : promise_base {
  task<void> get_return_object() noexcept;
  void return_void() const noexcept {}
  void take() const {
    if (failure) std::rethrow_exception(failure);
  }
};

}  // namespace detail
/// @endcond

/// A coroutine that yields a T.
template <class T = void>
class [[nodiscard]] task {
 public:
  /// @cond
  using promise_type = detail::task_promise<T>;
  using handle = std::coroutine_handle<promise_type>;
  explicit task(handle coroutine) noexcept : coroutine_(coroutine) {}
  void inherit(std::stop_token stop) { coroutine_.promise().stop = std::move(stop); }
  bool await_ready() const noexcept { return false; }
  handle await_suspend(std::coroutine_handle<> next) noexcept {
    coroutine_.promise().next = next;
    return coroutine_;
  }
  T await_resume() { return coroutine_.promise().take(); }
  /// @endcond

  /// Takes over another's coroutine.
  task(task&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  /// Takes over another's coroutine.
  task& operator=(task&& other) noexcept {
    std::swap(coroutine_, other.coroutine_);
    return *this;
  }
  /// Ends a coroutine that is not running.
  ~task() {
    if (coroutine_) coroutine_.destroy();
  }

 private:
  handle coroutine_;
};

/// @cond
namespace detail {

template <class T>
task<T> task_promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<task_promise>::from_promise(*this));
}
inline task<void> task_promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<task_promise>::from_promise(*this));
}

/// A coroutine that owns itself; an exception out of it terminates.
struct free_coroutine {
  struct promise_type {
    free_coroutine get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

/// What run() waits with; the library's own.
class SLUICE_PUBLIC runner {
 public:
  runner() : body_(make().value()) {}
  runner(const runner&) = delete;
  runner& operator=(const runner&) = delete;
  ~runner();
  std::stop_token stop() const;
  void finish() noexcept;
  /// Until finish(); SIGINT and SIGTERM ask for a stop. The number of the signal, or 0.
  int wait();

 private:
  class body;
  static result<body*> make();
  body* body_;
};

template <class T>
free_coroutine run_to_end(task<T> work, runner& waiting, std::optional<T>& value,
                          std::exception_ptr& failure) {
  try {
    value.emplace(co_await work);
  } catch (...) {
    failure = std::current_exception();
  }
  waiting.finish();
}
inline free_coroutine run_to_end(task<void> work, runner& waiting, std::exception_ptr& failure) {
  try {
    co_await work;
  } catch (...) {
    failure = std::current_exception();
  }
  waiting.finish();
}
inline free_coroutine spawn_task(task<void> work) { co_await work; }

/// The exit status of a program that a signal stopped, or the failure again.
SLUICE_PUBLIC int exit_status(int signal, std::exception_ptr failure);

}  // namespace detail
/// @endcond

/// Runs a task to its end and waits for it. SIGINT and SIGTERM ask its operations to stop; if it
/// ends by that, the result is 128 and the signal's number, as shells count. Otherwise an
/// exception of the task is thrown on. Call it from main() before other threads are started: they
/// must not take the signals.
inline int run(task<void> work) {
  detail::runner waiting;
  std::exception_ptr failure;
  work.inherit(waiting.stop());
  detail::run_to_end(std::move(work), waiting, failure);
  const int signal = waiting.wait();
  return detail::exit_status(signal, std::move(failure));
}

/// The same for a task that yields the exit status.
inline int run(task<int> work) {
  detail::runner waiting;
  std::exception_ptr failure;
  std::optional<int> value;
  work.inherit(waiting.stop());
  detail::run_to_end(std::move(work), waiting, value, failure);
  const int signal = waiting.wait();
  return value ? *value : detail::exit_status(signal, std::move(failure));
}

/// Begins a task that nobody waits for. An exception out of it terminates the program.
inline void spawn(task<void> work) { detail::spawn_task(std::move(work)); }

}  // namespace v1
}  // namespace sluice
