// SPDX-License-Identifier: Apache-2.0
//
// An operation is something that a client does meanwhile: it has begun when it is returned, and
// goes on even if it is dropped. Its result can be awaited, waited for, or called back with.
//
//   auto acknowledged = co_await mq.publish("a", "x", {.qos = qos::at_least_once}).within(2s);
//   auto acknowledged = mq.publish("a", "x", {.qos = qos::at_least_once}).get_for(2s);
//   mq.publish("a", "x").detach();
//
// Thread safety: one thread at a time. A coroutine goes on, and callbacks run, on the client's
// loop, and never under a lock. Lifetime: it may outlive its client, whose end it then reports.
#pragma once

#include <sluice/result.hpp>

#include <chrono>
#include <coroutine>
#include <functional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
/// @cond
namespace detail {

class operation_core {
 public:
  virtual void let_go() noexcept = 0;
  virtual bool is_over() const noexcept = 0;
  /// False when the time is over; negative: waits for ever.
  virtual bool wait(std::chrono::nanoseconds at_most) = 0;
  /// Ends it with errc::timed_out, or errc::would_deadlock on the loop's own thread.
  virtual void give_up() = 0;
  /// False if it is over already.
  virtual bool resume_later(std::coroutine_handle<> waiter) = 0;
  virtual void call_later(std::function<void()> callback) = 0;
  virtual void limit(std::chrono::nanoseconds at_most) = 0;
  virtual void stop_with(std::stop_token token) = 0;

 protected:
  ~operation_core() = default;
};

template <class T>
class operation_value : public operation_core {
 public:
  virtual result<T> take() = 0;

 protected:
  ~operation_value() = default;
};

}  // namespace detail
/// @endcond

/// Something that a client does meanwhile.
template <class T>
class [[nodiscard]] operation {
 public:
  /// What it yields if all is well.
  using value_type = T;

  /// Takes over what another one stood for.
  operation(operation&& other) noexcept : value_(std::exchange(other.value_, nullptr)) {}
  /// Takes over what another one stood for.
  operation& operator=(operation&& other) noexcept {
    std::swap(value_, other.value_);
    return *this;
  }
  /// What was begun goes on.
  ~operation() { detach(); }

  /// Ends it with errc::timed_out after that time. A message that is not sent by then is not sent
  /// any more; one that is under way may arrive.
  operation within(std::chrono::nanoseconds at_most) && {
    if (value_ != nullptr) value_->limit(at_most);
    return std::move(*this);
  }
  /// Ends it with errc::cancelled when that is asked for; as within().
  operation with(std::stop_token token) && {
    if (value_ != nullptr) value_->stop_with(std::move(token));
    return std::move(*this);
  }

  /// True if the result is there.
  bool is_done() const noexcept { return value_ == nullptr || value_->is_over(); }
  /// Waits for the result. On the loop's own thread errc::would_deadlock, unless it is there.
  result<T> get() { return get_for(std::chrono::nanoseconds(-1)); }
  /// Waits for the result at most that long; errc::timed_out then, and the operation is
  /// cancelled.
  result<T> get_for(std::chrono::nanoseconds at_most) {
    if (value_ != nullptr && !value_->wait(at_most)) value_->give_up();
    return await_resume();
  }
  /// Waits until it is done, at most that long; true if it is. The result stays to be taken.
  bool wait_for(std::chrono::nanoseconds at_most) {
    return value_ == nullptr || value_->is_over() || value_->wait(at_most);
  }
  /// Calls back with the result, on the loop; at once if it is there.
  void on_done(std::function<void(result<T>)> callback) && {
    auto* const value = std::exchange(value_, nullptr);
    if (value == nullptr) return callback(immediate());
    value->call_later([value, callback = std::move(callback)] {
      callback(value->take());
      value->let_go();
    });
  }
  /// The result is not wanted.
  void detach() noexcept {
    if (auto* const value = std::exchange(value_, nullptr)) value->let_go();
  }

  /// @cond
  bool await_ready() const noexcept { return is_done(); }
  bool await_suspend(std::coroutine_handle<> waiter) { return value_->resume_later(waiter); }
  result<T> await_resume() { return value_ == nullptr ? immediate() : value_->take(); }
  /// Null stands for a success that needs no memory.
  explicit operation(detail::operation_value<T>* value) noexcept : value_(value) {}
  /// @endcond

 private:
  static result<T> immediate() {
    if constexpr (std::is_void_v<T>)
      return {};
    else
      return T{};
  }

  detail::operation_value<T>* value_ = nullptr;
};

}  // namespace v1
}  // namespace sluice
