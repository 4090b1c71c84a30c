// SPDX-License-Identifier: Apache-2.0
//
// ChunkKeeper is a thread that writes and reads what all shards keep of their queues outside
// memory, so that neither a shard nor a log waits for it. Before a log may begin at a checkpoint,
// what that names is synced here.
//
// Owner:   ShardLogs.     Thread: submit() to begin_replay_at() any; metrics any; the rest its
//          owner's.
// Limits:  what shards ask for is bounded by Spilling, and by one read for each client.
#pragma once

#include "core/shard/chunk_requests.h"
#include "os/event.h"
#include "os/mailbox.h"
#include "os/thread.h"
#include "store/chunks/chunk_files.h"
#include "store/wal/log_writer.h"

#include <atomic>
#include <limits>
#include <variant>
#include <vector>

namespace sluice::server {

/// A log, as the keeper sees it: called in the keeper's thread.
class ChunkClient {
 public:
  virtual ~ChunkClient() = default;
  virtual void on_chunk(core::ChunkAnswer answer) = 0;
  /// What was asked to be cleared may be: all chunks are on the disk.
  virtual void on_chunks_synced(store::Clearance clearance) = 0;
  virtual void on_chunks_failed(const Error& error) = 0;
};

class ChunkKeeper {
 public:
  ~ChunkKeeper() { stop(); }

  /// Before start(). Both outlive the keeper's thread.
  std::size_t add(ChunkClient& client, store::ChunkFiles& files);
  Result<void> start();
  /// Once all that was asked for is done.
  void stop();

  /// `next`: the batch of the log that the shard writes next.
  void submit(std::size_t client, core::ChunkRequest request, store::Position next);
  void sync(std::size_t client, store::Clearance clearance);
  /// The log begins there, whatever happens.
  void begin_replay_at(std::size_t client, store::Position start);

  std::uint64_t files() const { return files_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  /// So that what is written between two syncs does not hold up those of the log.
  static constexpr std::uint64_t unsynced_bytes_max = std::uint64_t{8} << 20;

  struct Request {
    core::ChunkRequest request;
    store::Position next{};
  };
  struct Job {
    std::size_t client = 0;
    std::variant<Request, store::Clearance, store::Position> what;
  };
  struct Entry {
    ChunkClient* client = nullptr;
    store::ChunkFiles* files = nullptr;
  };

  void send(Job job);
  void run();
  static bool is_read(const Job& job);
  Result<void> carry_out(Entry& entry, Job& job);
  static Result<void> carry_out(Entry& entry, Request& asked);
  void count();

  std::vector<Entry> entries_;
  os::Mailbox<Job> mailbox_{std::numeric_limits<std::size_t>::max()};
  os::Event event_;
  std::atomic<bool> is_stopping_{false};
  std::atomic<std::uint64_t> files_{0};
  std::atomic<std::uint64_t> bytes_{0};
  os::Thread thread_;
};

}  // namespace sluice::server
