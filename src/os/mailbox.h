// SPDX-License-Identifier: Apache-2.0
//
// A Mailbox<T> hands values to another thread by move, in order for each sender. For what is rare:
// connections handed over, control. Publishes cross by SpscRing. A sender signals the receiver's
// Wakeup when send() says that the box was empty.
//
// Owner:   the receiver.                    Thread: send() any; take_all() the receiver's.
// Never:   runs T's code under the lock, except its move.
// Limits:  letters_max, at which send() refuses and leaves the value with the sender.
#pragma once

#include "os/mutex.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace sluice::os {

enum class Sent : std::uint8_t { first, behind_others, refused };

template <class T>
class Mailbox {
 public:
  explicit Mailbox(std::size_t letters_max) : letters_max_(letters_max) {}
  Mailbox(const Mailbox&) = delete;
  Mailbox& operator=(const Mailbox&) = delete;

  /// `letter` is moved from unless the answer is `refused`.
  Sent send(T& letter) {
    const MutexLock lock(mutex_);
    if (letters_.size() >= letters_max_) return Sent::refused;
    letters_.push_back(std::move(letter));
    is_filled_.store(true, std::memory_order_release);
    return letters_.size() == 1 ? Sent::first : Sent::behind_others;
  }
  Sent send(T&& letter) { return send(letter); }

  /// Moves all letters to the end of `into`. Takes no lock if there are none: a receiver looks here
  /// whenever it is woken, and is mostly woken for something else.
  void take_all(std::vector<T>& into) {
    if (!is_filled_.load(std::memory_order_acquire)) return;
    std::vector<T> taken;
    {
      const MutexLock lock(mutex_);
      taken.swap(letters_);
      is_filled_.store(false, std::memory_order_relaxed);
    }
    into.reserve(into.size() + taken.size());
    for (T& letter : taken) into.push_back(std::move(letter));
  }

 private:
  const std::size_t letters_max_;
  Mutex mutex_;
  std::atomic<bool> is_filled_ = false;  ///< what letters_ says, for those without the lock
  std::vector<T> letters_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::os
