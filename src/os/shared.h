// SPDX-License-Identifier: Apache-2.0
//
// A Shared object counts the Refs that hold it and goes with the last one, on whatever thread that
// is. For the few objects of the client library that its users hold on several threads.
//
// Owner:   the Refs.      Thread: Refs any; the object as its own type says.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

namespace sluice::os {

class Shared {
 public:
  Shared() = default;
  Shared(const Shared&) = delete;
  Shared& operator=(const Shared&) = delete;
  virtual ~Shared() = default;

  void retain() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
  void release() noexcept {
    if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) std::unique_ptr<Shared>(this).reset();
  }
  /// Takes a share unless the object is already going.
  bool try_retain() const noexcept {
    std::uint32_t seen = count_.load(std::memory_order_relaxed);
    while (seen != 0) {
      if (count_.compare_exchange_weak(seen, seen + 1, std::memory_order_acquire)) return true;
    }
    return false;
  }
  /// True if nobody else holds it: then nobody else can begin to.
  bool is_unshared() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

 private:
  mutable std::atomic<std::uint32_t> count_{1};
};

template <class T>
class Ref {
 public:
  Ref() = default;
  /// Takes over the share that the pointer stands for.
  static Ref adopt(T* object) {
    Ref ref;
    ref.object_ = object;
    return ref;
  }
  /// Takes a share of its own.
  static Ref share(T& object) {
    object.retain();
    return adopt(&object);
  }
  Ref(const Ref& other) noexcept : object_(other.object_) {
    if (object_ != nullptr) object_->retain();
  }
  Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Ref& operator=(Ref other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~Ref() {
    if (object_ != nullptr) object_->release();
  }

  T* get() const { return object_; }
  T& operator*() const { return *object_; }
  T* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }
  /// The share as a pointer: adopt() it again.
  T* leak() { return std::exchange(object_, nullptr); }

 private:
  T* object_ = nullptr;
};

template <class T, class... Arguments>
Ref<T> make_shared_object(Arguments&&... arguments) {
  return Ref<T>::adopt(std::make_unique<T>(std::forward<Arguments>(arguments)...).release());
}

}  // namespace sluice::os
