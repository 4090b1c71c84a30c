// SPDX-License-Identifier: Apache-2.0
//
// A StateFeed tells users how the connection stands: a snapshot, a stream of changes, a handler.
//
// Owner:   ClientBody.      Thread: state() and next() any; change() and set_handler() the loop's.
// Limits:  16 changes wait; an older one gives way.
#pragma once

#include "client/library/operation.h"

#include <sluice/state.hpp>

#include <deque>
#include <functional>

namespace sluice::client {

class StateFeed {
 public:
  explicit StateFeed(os::Ref<HandlerGuard> guard) : guard_(std::move(guard)) {}

  v1::connection_state state() const;
  v1::operation<v1::connection_state> next();
  void change(const v1::connection_state& state);
  void set_handler(std::function<void(const v1::connection_state&)> handler);

 private:
  static bool is_final(const v1::connection_state& state);

  const os::Ref<HandlerGuard> guard_;
  std::function<void(const v1::connection_state&)> handler_;
  mutable os::Mutex mutex_;
  v1::connection_state state_ SLUICE_GUARDED_BY(mutex_);
  std::deque<v1::connection_state> unseen_ SLUICE_GUARDED_BY(mutex_);
  std::deque<OperationRef<v1::connection_state>> waiters_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::client
