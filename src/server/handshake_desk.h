// SPDX-License-Identifier: Apache-2.0
//
// HandshakeDesk computes handshakes of TLS for all shards in threads of its own, each step in its
// order of arrival. A step takes as long as a thousand messages: in a shard, whoever talks there
// would wait for whoever comes. The threads yield to those of the shards, and are made when there
// is something to do.
//
// Owner:   Server.      Thread: submit() any.
// Limits:  server.handshake_threads; what waits is bounded by server.handshakes_max of each shard.
#pragma once

#include "os/mutex.h"
#include "os/thread.h"
#include "server/turn/turn.h"

#include <condition_variable>
#include <deque>
#include <functional>
#include <vector>

namespace sluice::server {

class HandshakeDesk {
 public:
  using Deliver = std::function<void(core::ShardIndex, HandshakeLetter)>;

  /// `deliver` is called from any thread, with `done` filled in. REQUIRES: threads_max > 0.
  HandshakeDesk(unsigned threads_max, Deliver deliver);
  /// What still waits goes unanswered.
  ~HandshakeDesk();

  /// Takes the letter; false, and it stays, if no thread can be had.
  bool submit(core::ShardIndex from, HandshakeLetter& letter);

 private:
  struct Job {
    core::ShardIndex from{};
    HandshakeLetter letter;
  };

  bool has_thread() SLUICE_THREAD_ATTRIBUTE(requires_capability(mutex_));
  void work();
  bool take(Job& job);

  const unsigned threads_max_;
  const Deliver deliver_;
  os::Mutex mutex_;
  std::condition_variable_any wakeup_;
  std::deque<Job> jobs_ SLUICE_GUARDED_BY(mutex_);
  std::size_t idle_ SLUICE_GUARDED_BY(mutex_) = 0;  // threads that wait for a job
  bool is_stopping_ SLUICE_GUARDED_BY(mutex_) = false;
  std::vector<os::Thread> threads_ SLUICE_GUARDED_BY(mutex_);
};

}  // namespace sluice::server
