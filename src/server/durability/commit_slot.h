// SPDX-License-Identifier: Apache-2.0
//
// CommitSlot is where a shard leaves the batches of its turns for the thread of its log, without a
// lock: while the log thread is busy with the disk, the shard takes its commit back and adds to it,
// so that everything that came during one sync goes with the next.
//
// Owner:   a DurableLog.    Thread: fill() and put() the shard's; take() and give_back() the log's.
// Limits:  three commits exist at most; their bytes are bounded by store.pending_bytes_max.
#pragma once

#include "store/wal/commit.h"

#include <atomic>
#include <memory>

namespace sluice::server {

class CommitSlot {
 public:
  CommitSlot() = default;
  CommitSlot(const CommitSlot&) = delete;
  CommitSlot& operator=(const CommitSlot&) = delete;
  ~CommitSlot() {
    take();
    std::unique_ptr<store::Commit>(free_.exchange(nullptr));
  }

  /// The commit that waits, or an empty one; put() follows.
  std::unique_ptr<store::Commit> fill() {
    for (std::atomic<store::Commit*>* from : {&waiting_, &free_})
      if (store::Commit* commit = from->exchange(nullptr, std::memory_order_acq_rel))
        return std::unique_ptr<store::Commit>(commit);
    return std::make_unique<store::Commit>();
  }
  void put(std::unique_ptr<store::Commit> commit) {
    waiting_.store(commit.release(), std::memory_order_release);
  }

  /// What waits; null if nothing does.
  std::unique_ptr<store::Commit> take() {
    return std::unique_ptr<store::Commit>(waiting_.exchange(nullptr, std::memory_order_acq_rel));
  }
  /// Its memory is used again.
  void give_back(std::unique_ptr<store::Commit> commit) {
    commit->clear();
    std::unique_ptr<store::Commit>(free_.exchange(commit.release(), std::memory_order_acq_rel));
  }

 private:
  std::atomic<store::Commit*> waiting_{nullptr};
  std::atomic<store::Commit*> free_{nullptr};
};

}  // namespace sluice::server
