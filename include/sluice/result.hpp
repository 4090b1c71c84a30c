// SPDX-License-Identifier: Apache-2.0
//
// A result<T> holds a T or an error; it is spelled like std::expected, which C++20 does not have.
//
//   sluice::result<sluice::puback> acknowledged = mq.publish("a", "x").get();
//   if (acknowledged) use(*acknowledged);
//   else complain(acknowledged.error().text);
//
// Thread safety: a value. Lifetime: what is behind * and -> lives as long as the result.
#pragma once

#include <sluice/error.hpp>

#include <optional>
#include <utility>

namespace sluice {
SLUICE_NAMESPACE {
/// A T or an error.
template <class T>
class result {
 public:
  /// What it holds if all is well.
  using value_type = T;

  /// Holds a value.
  result(T value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  /// Holds an error.
  result(v1::error why) : error_(std::move(why)) {}  // NOLINT(google-explicit-constructor)

  /// True if there is a value.
  bool has_value() const noexcept { return value_.has_value(); }
  /// True if there is a value.
  explicit operator bool() const noexcept { return value_.has_value(); }

  /// The value, or mqtt_error is thrown.
  T& value() & { return check(), *value_; }
  /// The value, or mqtt_error is thrown.
  const T& value() const& { return check(), *value_; }
  /// The value, or mqtt_error is thrown.
  T&& value() && { return check(), *std::move(value_); }
  /// The value, or another one.
  template <class U>
  T value_or(U&& other) && {
    return value_ ? *std::move(value_) : static_cast<T>(std::forward<U>(other));
  }
  /// What went wrong; errc::ok if nothing did.
  const v1::error& error() const noexcept { return error_; }

  T& operator*() & noexcept { return *value_; }               ///< the value there is
  const T& operator*() const& noexcept { return *value_; }    ///< the value there is
  T&& operator*() && noexcept { return *std::move(value_); }  ///< the value there is
  T* operator->() noexcept { return &*value_; }               ///< the value there is
  const T* operator->() const noexcept { return &*value_; }   ///< the value there is

 private:
  void check() const {
    if (!value_) throw mqtt_error(error_);
  }

  std::optional<T> value_;
  v1::error error_;
};

/// Nothing, or an error.
template <>
class result<void> {
 public:
  /// What it holds if all is well.
  using value_type = void;

  /// All is well.
  result() = default;
  /// Holds an error.
  result(v1::error why)  // NOLINT(google-explicit-constructor)
      : has_error_(true), error_(std::move(why)) {}

  /// True if all is well.
  bool has_value() const noexcept { return !has_error_; }
  /// True if all is well.
  explicit operator bool() const noexcept { return !has_error_; }
  /// Nothing, or mqtt_error is thrown.
  void value() const {
    if (has_error_) throw mqtt_error(error_);
  }
  /// What went wrong; errc::ok if nothing did.
  const v1::error& error() const noexcept { return error_; }

 private:
  bool has_error_ = false;
  v1::error error_;
};

}  // namespace v1
}  // namespace sluice
